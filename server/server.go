// Package server wires stores, services and handlers into one http.Handler and
// serves it. It is the only place where a store meets a handler.
package server

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/poolhouse/poolhouse/idp/samlidp"
	"github.com/poolhouse/poolhouse/internal/audit"
	"github.com/poolhouse/poolhouse/internal/audit/ship"
	"github.com/poolhouse/poolhouse/internal/keyring"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/server/demo"
	"github.com/poolhouse/poolhouse/store/redisstore"
	"github.com/poolhouse/poolhouse/sts/authz"
	"github.com/poolhouse/poolhouse/sync/push"
	"github.com/poolhouse/poolhouse/sync/stream"
	"github.com/poolhouse/poolhouse/userpool"
	"github.com/poolhouse/poolhouse/userpool/message"
)

// drainTime is how long requests under way may take after a stop was asked for.
const drainTime = 20 * time.Second

// A Server is an open server: stores opened, keys loaded, address bound.
type Server struct {
	Services // what is wired, for the demo's seed and for tests

	cfg       Config
	log       *slog.Logger
	mail      userpool.Messenger // of the demo; nil elsewhere
	outbox    *message.Outbox    // nil where messages do not wait
	farewells *message.Outbox    // of logout tokens
	pushes    *message.Outbox    // to devices; nil where there is no way to push
	pusher    *push.Pusher       // likewise
	streams   *message.Outbox    // of changes of datasets
	bulk      *stream.Bulk
	sweepers  map[string]sweeper
	keys      *keyring.Keys
	audit     *audit.Log
	shippers  []*ship.Shipper // of the audit log
	demo      *demo.App       // nil elsewhere
	samlIDP   *samlidp.Handler
	pageMux   *web.Mux

	fresh       bool // the store was never used before this start
	madeRootKey bool
	listener    net.Listener
	authz       *authz.Handler // nil where no reverse proxy asks
	decisions   *decisions     // of authz
	gateway     *gateway       // nil where no S3 gateway asks
	http        *http.Server
	ready       atomic.Bool
	closers     []func() error     // run in reverse order
	copier      *redisstore.Copier // nil where no copies of datasets are kept
}

// Open opens everything and binds the address, but serves nothing yet.
func Open(ctx context.Context, cfg Config, log *slog.Logger, now func() time.Time) (*Server, error) {
	return open(ctx, cfg, log, now, nil)
}

func open(ctx context.Context, cfg Config, log *slog.Logger, now func() time.Time, mail userpool.Messenger) (_ *Server, err error) {
	if err := errors.Join(cfg.Validate(), cfg.checkMessageSecrets(), cfg.checkTriggerSecrets(), cfg.checkStreamSecrets()); err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, log: log, mail: mail}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if s.listener, err = s.listen(ctx); err != nil {
		return nil, err
	}
	s.closers = append(s.closers, s.closeListener)
	handler, err := s.wire(ctx, now)
	if err != nil {
		return nil, err
	}
	s.http = &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute,
		WriteTimeout:      2 * time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	s.ready.Store(true)
	return s, nil
}

// URL is the public URL, without a slash at the end.
func (s *Server) URL() string { return s.cfg.publicURL(s.listener.Addr()) }

// Handler is what the server serves, for tests and benchmarks that need no socket.
func (s *Server) Handler() http.Handler { return s.http.Handler }

// Serve serves until ctx ends, then finishes the requests under way.
func (s *Server) Serve(ctx context.Context) error {
	failed := make(chan error, 1+maxGatewayListeners)
	go func() { failed <- s.http.Serve(s.listener) }()
	s.gateway.serve(failed)
	background, stop := context.WithCancel(ctx)
	var chores sync.WaitGroup
	chores.Go(func() { s.sweep(background) })
	chores.Go(func() { s.copyDatasets(background) })
	chores.Go(func() { s.rotate(background) })
	chores.Go(func() { s.tendAudit(background) })
	chores.Go(func() { s.Pools.RunImports(background) })
	chores.Go(func() { s.refreshMetadata(background) })
	chores.Go(func() { s.Datasets.Meter.Run(background) })
	if s.pusher != nil {
		chores.Go(func() { s.pusher.Run(background) })
	}
	chores.Go(func() { s.bulk.Run(background) })
	defer chores.Wait() // before anybody closes the stores under them
	defer stop()
	finish := s.deliver(ctx)
	var err error
	select {
	case err = <-failed:
		stop()
	case <-ctx.Done():
	}
	s.ready.Store(false)
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	err = errors.Join(err, s.live.Stop(drain), s.http.Shutdown(drain), s.gateway.shutdown(drain))
	if s.pusher != nil {
		s.pusher.Drain(drain)
	}
	err = errors.Join(err, s.Datasets.Meter.Flush(drain))
	s.copyLast(drain)
	finish(drain) // last, so that the messages of the last requests go out too
	return err
}

// Close closes what Open opened, in reverse order.
func (s *Server) Close() error {
	var errs []error
	for i := len(s.closers) - 1; i >= 0; i-- {
		errs = append(errs, s.closers[i]())
	}
	s.closers = nil
	return errors.Join(errs...)
}

func (s *Server) closeListener() error {
	if err := s.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

func (s *Server) listen(ctx context.Context) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", s.cfg.Addr)
	if err != nil {
		return nil, err
	}
	if s.cfg.TLSCert == "" {
		return l, nil
	}
	conf, err := s.cfg.tlsConfig()
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return tls.NewListener(l, conf), nil
}
