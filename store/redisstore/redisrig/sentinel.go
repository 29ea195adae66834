package redisrig

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// A Sentinel is a master and a replica, watched by three Sentinels that call them "main".
type Sentinel struct {
	Master, Replica *Server // as they began
	Sentinels       []*Server
}

// StartSentinel starts the pair, with further options, and its Sentinels.
func StartSentinel(dir string, options ...string) (*Sentinel, error) {
	ports, err := freePorts(5)
	if err != nil {
		return nil, err
	}
	s := &Sentinel{Master: newServer(dir, ports[0], options...)}
	s.Replica = newServer(dir, ports[1], append([]string{"--replicaof", "127.0.0.1 " + strconv.Itoa(ports[0])}, options...)...)
	for _, port := range ports[2:] {
		watch, err := newSentinel(dir, port, ports[0])
		if err != nil {
			return nil, err
		}
		s.Sentinels = append(s.Sentinels, watch)
	}
	if err := s.start(); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

// newSentinel writes the file that a Sentinel goes on writing.
func newSentinel(dir string, port, master int) (*Server, error) {
	s := &Server{Port: port, Dir: filepath.Join(dir, strconv.Itoa(port))}
	if err := os.MkdirAll(s.Dir, 0o700); err != nil {
		return nil, err
	}
	file := filepath.Join(s.Dir, "sentinel.conf")
	s.args = []string{file, "--sentinel"}
	return s, os.WriteFile(file, fmt.Appendf(nil, `port %d
bind 127.0.0.1
dir %s
logfile sentinel.log
sentinel monitor main 127.0.0.1 %d 2
sentinel down-after-milliseconds main 500
sentinel failover-timeout main 3000
`, port, s.Dir, master), 0o600)
}

func (s *Sentinel) servers() []*Server { return append([]*Server{s.Master, s.Replica}, s.Sentinels...) }

func (s *Sentinel) start() error {
	for _, server := range s.servers() {
		if err := server.Start(); err != nil {
			return err
		}
	}
	for _, watch := range s.Sentinels {
		if err := until("Sentinel at "+watch.Addr(), func(ctx context.Context) error { return watches(ctx, watch) }); err != nil {
			return err
		}
	}
	return nil
}

// watches fails until a Sentinel knows the replica and the other two.
func watches(ctx context.Context, s *Server) error {
	flat, err := s.Do(ctx, "SENTINEL", "MASTER", "main").Result()
	if err != nil {
		return err
	}
	master, ok := flat.(map[any]any)
	if !ok || master["num-slaves"] != "1" || master["num-other-sentinels"] != "2" || master["flags"] != "master" {
		return fmt.Errorf("it knows %v", flat)
	}
	return nil
}

// URL returns the address in the form of --redis-url.
func (s *Sentinel) URL() string {
	return "redis+sentinel://" + s.Sentinels[0].Addr() + "?addr=" + s.Sentinels[1].Addr() + "&addr=" + s.Sentinels[2].Addr() +
		"&master_name=main"
}

// Stop ends all of them. It returns nil, for use beside other errors.
func (s *Sentinel) Stop() error {
	for _, server := range s.servers() {
		server.Kill()
	}
	return nil
}
