package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/poolhouse/poolhouse/internal/profile"
)

// agentCmd serves credentials to the processes beside it.
type agentCmd struct {
	profileFlag

	Addr                 string `help:"Address to listen on: a loopback one, or one of those that SDKs ask without TLS." default:"127.0.0.1:9911"`
	TokenFile            string `help:"File that the token of callers is written into (default: in the profile's directory)."`
	WebIdentityTokenFile string `help:"File to keep a fresh ID token in, for AWS_WEB_IDENTITY_TOKEN_FILE."`
}

// Run serves until it is told to stop, or until the sign-in ends.
func (c *agentCmd) Run(e *env) error {
	s, err := c.session(e)
	if err != nil {
		return err
	}
	if err := profile.CheckAgentAddress(c.Addr); err != nil {
		return fmt.Errorf("%w: --addr: %w", errUsage, err)
	}
	if _, err := s.Dir.Load(c.Profile); err != nil {
		return err
	}
	if c.TokenFile == "" {
		c.TokenFile = filepath.Join(string(s.Dir), c.Profile+".agent-token")
	}
	log := slog.New(slog.NewTextHandler(e.stderr, nil))
	a := &profile.Agent{Source: s.Credentials, Token: rand.Text(), Log: log}
	listener, err := net.Listen("tcp", c.Addr)
	if err != nil {
		return err
	}
	if err := profile.WriteFile(c.TokenFile, []byte(a.Token)); err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "export AWS_CONTAINER_CREDENTIALS_FULL_URI=http://%s%s\nexport AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=%s\n",
		listener.Addr(), profile.AgentPath, c.TokenFile)
	return c.serve(e.ctx, s, listener, a)
}

func (c *agentCmd) serve(ctx context.Context, s *profile.Session, l net.Listener, a *profile.Agent) error {
	server := &http.Server{Handler: a, ReadHeaderTimeout: 5 * time.Second, MaxHeaderBytes: 64 << 10}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		return server.Shutdown(context.WithoutCancel(ctx))
	})
	if c.WebIdentityTokenFile != "" {
		group.Go(func() error { return s.KeepTokenFile(ctx, c.WebIdentityTokenFile, a.Log) })
	}
	return group.Wait()
}
