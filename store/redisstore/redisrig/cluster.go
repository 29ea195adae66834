package redisrig

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A Cluster is three masters and, in the same order, a replica of each.
type Cluster struct{ Masters, Replicas []*Server }

const slots = 16384

// StartCluster starts a Cluster whose nodes have further options.
func StartCluster(dir string, options ...string) (*Cluster, error) {
	ports, err := freePorts(12)
	if err != nil {
		return nil, err
	}
	c := new(Cluster)
	for i := range 6 {
		bus := strconv.Itoa(ports[6+i])
		s := newServer(dir, ports[i], append([]string{"--cluster-enabled", "yes", "--cluster-port", bus, "--cluster-node-timeout", "1000",
			"--cluster-replica-validity-factor", "0"}, options...)...)
		if err := s.Start(); err != nil {
			return nil, errors.Join(err, c.Stop())
		}
		if i < 3 {
			c.Masters = append(c.Masters, s)
		} else {
			c.Replicas = append(c.Replicas, s)
		}
	}
	if err := c.form(ports[6:]); err != nil {
		return nil, errors.Join(err, c.Stop())
	}
	return c, nil
}

func (c *Cluster) nodes() []*Server {
	return append(c.Masters[:len(c.Masters):len(c.Masters)], c.Replicas...)
}

// form makes the servers one Cluster. bus are the ports on which they speak to each other.
func (c *Cluster) form(bus []int) error {
	ctx := context.Background()
	for i, s := range c.nodes()[1:] {
		if err := c.Masters[0].Do(ctx, "CLUSTER", "MEET", "127.0.0.1", s.Port, bus[i+1]).Err(); err != nil {
			return err
		}
	}
	for i, s := range c.Masters {
		if err := s.Do(ctx, "CLUSTER", "ADDSLOTSRANGE", i*slots/3, (i+1)*slots/3-1).Err(); err != nil {
			return err
		}
	}
	for i, s := range c.Replicas {
		id, err := c.Masters[i].Do(ctx, "CLUSTER", "MYID").Text()
		if err != nil {
			return err
		}
		if err := until("a replica", func(ctx context.Context) error { return s.Do(ctx, "CLUSTER", "REPLICATE", id).Err() }); err != nil {
			return err
		}
	}
	return c.Settle()
}

// Settle waits until all nodes agree that the Cluster is whole and all replicas follow.
func (c *Cluster) Settle() error {
	for _, s := range c.nodes() {
		if err := until("node "+s.Addr(), func(ctx context.Context) error { return settled(ctx, s) }); err != nil {
			return err
		}
	}
	return nil
}

func settled(ctx context.Context, s *Server) error {
	info, err := s.Do(ctx, "CLUSTER", "INFO").Text()
	if err != nil {
		return err
	}
	nodes, err := s.Do(ctx, "CLUSTER", "NODES").Text()
	if err != nil {
		return err
	}
	role, err := s.Do(ctx, "INFO", "replication").Text()
	if err != nil {
		return err
	}
	switch {
	case !strings.Contains(info, "cluster_state:ok"), strings.Count(nodes, "slave") != 3, strings.Contains(nodes, "fail"):
		return fmt.Errorf("%s%s", info, nodes)
	case strings.Contains(role, "role:slave") && !strings.Contains(role, "master_link_status:up"):
		return errors.New(role)
	}
	return nil
}

// URL returns the address in the form of --redis-url.
func (c *Cluster) URL() string {
	url := "redis+cluster://" + c.Masters[0].Addr()
	sep := "?"
	for _, s := range c.nodes()[1:] {
		url += sep + "addr=" + s.Addr()
		sep = "&"
	}
	return url
}

// Stop ends all nodes. It returns nil, for use beside other errors.
func (c *Cluster) Stop() error {
	for _, s := range c.nodes() {
		s.Kill()
	}
	return nil
}
