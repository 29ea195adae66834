package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/server/demo"
	"github.com/poolhouse/poolhouse/static"
	"github.com/poolhouse/poolhouse/templates"
)

// OpenDemo opens a server with the demo in it: seeded data, two apps, and a
// viewer for mails. It listens on loopback alone, because its keys and
// passwords are known to everybody.
func OpenDemo(ctx context.Context, cfg Config, log *slog.Logger, now func() time.Time) (*Server, error) {
	host, _, err := net.SplitHostPort(cfg.Addr)
	if err != nil {
		return nil, fmt.Errorf("addr %q: want HOST:PORT", cfg.Addr)
	}
	if !isLoopback(host) {
		return nil, fmt.Errorf("addr %q: the demo listens on loopback alone, because its passwords are known to everybody", cfg.Addr)
	}
	cfg.AllowPrivateFetch = true
	mail := &demo.Mailbox{Now: now, Log: log}
	s, err := open(ctx, cfg, log, now, mail)
	if err != nil {
		return nil, err
	}
	if err := s.seedDemo(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("seeding the demo: %w", err), s.Close())
	}
	return s, nil
}

// addDemo adds the demo's pages, where the server is one.
func (s *Server) addDemo(mux *web.Mux, url string) (err error) {
	mail, ok := s.mail.(*demo.Mailbox)
	if !ok {
		return nil
	}
	s.demo, err = demo.New(url, mail, templates.FS, static.Path)
	if err != nil {
		return err
	}
	s.demo.Mount(mux)
	return nil
}
