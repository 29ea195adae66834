// Package redisrig starts private Redis servers for tests: one alone, a pair under
// three Sentinels, or a Cluster of three masters with a replica each. They listen on
// free loopback ports, keep their files in a directory of the caller's, and end with
// the process that started them.
//
// It needs redis-server 7 in the PATH, which is a Sentinel as well.
package redisrig

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// A Server is a redis-server that can be killed and started again.
type Server struct {
	Port int
	Dir  string // its working directory

	args  []string
	stdin io.Closer // of the shell that kills it once this ends
	done  chan struct{}
}

// Alone starts a server with options as on its command line, in a new directory under
// dir. Unless they say otherwise it keeps nothing on disk.
func Alone(dir string, options ...string) (*Server, error) {
	ports, err := freePorts(1)
	if err != nil {
		return nil, err
	}
	s := newServer(dir, ports[0], options...)
	return s, s.Start()
}

func newServer(dir string, port int, options ...string) *Server {
	s := &Server{Port: port, Dir: filepath.Join(dir, strconv.Itoa(port))}
	s.args = append([]string{"--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--dir", s.Dir, "--save", "",
		"--appendonly", "no", "--logfile", "redis.log", "--repl-diskless-sync-delay", "0"}, options...)
	return s
}

// killer runs a program until its own input ends, and kills it then: nothing outlives
// a test that was itself killed.
const killer = `"$@" </dev/null & pid=$!; read -r _; kill -9 $pid 2>/dev/null; wait $pid 2>/dev/null`

// Start starts a server that does not run and waits until it answers.
func (s *Server) Start() error {
	if err := os.MkdirAll(s.Dir, 0o700); err != nil {
		return err
	}
	cmd := exec.Command("sh", append([]string{"-c", killer, "sh", "redis-server"}, s.args...)...)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	s.stdin, s.done = stdin, make(chan struct{})
	go func() {
		_ = cmd.Wait() // it ends by a signal
		close(s.done)
	}()
	return until("a server at "+s.Addr(), func(ctx context.Context) error { return s.Do(ctx, "PING").Err() })
}

// Kill kills the server as a crash would and waits until it is gone.
func (s *Server) Kill() {
	if s.stdin == nil {
		return
	}
	s.stdin.Close()
	<-s.done
	s.stdin = nil
}

// Addr returns its host and port.
func (s *Server) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Port)) }

// URL returns the address in the form of --redis-url.
func (s *Server) URL() string { return "redis://" + s.Addr() }

// Do runs one command.
func (s *Server) Do(ctx context.Context, args ...any) *redis.Cmd {
	c := redis.NewClient(&redis.Options{Addr: s.Addr(), MaxRetries: -1, DialerRetries: 1})
	defer c.Close()
	return c.Do(ctx, args...)
}

// freePorts returns ports that nobody listens on.
func freePorts(n int) ([]int, error) {
	ports := make([]int, n)
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close()
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports, nil
}

const (
	patience  = 30 * time.Second
	pollEvery = 10 * time.Millisecond
)

// until waits until fn has no error.
func until(what string, fn func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		err := fn(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("redisrig: %s: not within %v: %w", what, patience, err)
		case <-time.After(pollEvery):
		}
	}
}

// Promote makes a master a replica of nobody there and a master again, after which it
// answers as one that was promoted does, with what it holds.
func (s *Server) Promote(ctx context.Context) error {
	if err := s.Do(ctx, "REPLICAOF", "127.0.0.1", "1").Err(); err != nil {
		return err
	}
	return s.Do(ctx, "REPLICAOF", "NO", "ONE").Err()
}

// Follows waits until a replica has all that its master has.
func (s *Server) Follows(master *Server) error {
	return until("all that "+master.Addr()+" has, at "+s.Addr(), func(ctx context.Context) error {
		theirs, err := master.offset(ctx)
		if err != nil {
			return err
		}
		ours, err := s.offset(ctx)
		if err == nil && ours < theirs {
			err = fmt.Errorf("at %d of %d", ours, theirs)
		}
		return err
	})
}

// offset returns how much of the replication stream a server has.
func (s *Server) offset(ctx context.Context) (int64, error) {
	info, err := s.Do(ctx, "INFO", "replication").Text()
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(info, "master_repl_offset:")
	text, _, _ := strings.Cut(rest, "\r\n")
	return strconv.ParseInt(text, 10, 64)
}
