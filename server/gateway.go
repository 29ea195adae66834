package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/poolhouse/poolhouse/internal/ratelimit"
	"github.com/poolhouse/poolhouse/sts/gatewayapi"
)

// maxGatewayListeners are a socket and an address.
const maxGatewayListeners = 2

// gateway serves S3 gateways on listeners of its own: a socket, and an address
// where both sides show certificates. Nil where there are none.
type gateway struct {
	http      *http.Server
	listeners []net.Listener
}

// openGateway opens what the configuration asks for.
func (s *Server) openGateway(ctx context.Context, st *stores, now func() time.Time) error {
	if s.cfg.GatewaySocket == "" && s.cfg.GatewayAddr == "" {
		return nil
	}
	handler, err := s.gatewayAPI(ctx, st, now)
	if err != nil {
		return err
	}
	g := &gateway{http: &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       5 * time.Minute, // gateways keep their connections
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}}
	s.gateway = g
	s.closers = append(s.closers, g.close)
	if s.cfg.GatewaySocket != "" {
		l, err := listenSocket(ctx, s.cfg.GatewaySocket)
		if err != nil {
			return fmt.Errorf("gateway-socket: %w", err)
		}
		g.listeners = append(g.listeners, l)
	}
	if s.cfg.GatewayAddr != "" {
		l, err := s.cfg.listenGateway(ctx)
		if err != nil {
			return err
		}
		g.listeners = append(g.listeners, l)
	}
	return nil
}

// serve serves each listener until it is closed. An error of one is the server's.
func (g *gateway) serve(failed chan<- error) {
	if g == nil {
		return
	}
	for _, l := range g.listeners {
		go func() {
			if err := g.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				failed <- fmt.Errorf("gateway: %w", err)
			}
		}()
	}
}

func (g *gateway) shutdown(ctx context.Context) error {
	if g == nil {
		return nil
	}
	return g.http.Shutdown(ctx)
}

func (g *gateway) close() error {
	var errs []error
	for _, l := range g.listeners {
		if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// listenGateway listens for gateways that show a certificate of gateway-client-ca.
func (c *Config) listenGateway(ctx context.Context) (net.Listener, error) {
	cert, err := tls.LoadX509KeyPair(c.GatewayTLSCert, c.GatewayTLSKey)
	if err != nil {
		return nil, fmt.Errorf("gateway-tls-cert, gateway-tls-key: %w", err)
	}
	pem, err := os.ReadFile(c.GatewayClientCA)
	if err != nil {
		return nil, fmt.Errorf("gateway-client-ca: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("gateway-client-ca %s: no certificate in it", c.GatewayClientCA)
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", c.GatewayAddr)
	if err != nil {
		return nil, fmt.Errorf("gateway-addr: %w", err)
	}
	return tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12, CipherSuites: suites,
		ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: roots}), nil
}

// gatewayAPI is what gateways call.
func (s *Server) gatewayAPI(ctx context.Context, st *stores, now func() time.Time) (*gatewayapi.Handler, error) {
	keys, err := s.cfg.gatewayKeys()
	if err != nil {
		return nil, err
	}
	h := &gatewayapi.Handler{STS: s.STS, Version: Version(), Now: now, Log: s.log,
		Keys: func(context.Context) ([]gatewayapi.Key, error) { return keys, nil }}
	if len(keys) == 0 {
		h.Keys = func(ctx context.Context) ([]gatewayapi.Key, error) { return gatewayapi.RingKeys(ctx, st.keys) }
		if _, err := gatewayapi.MakeKey(ctx, st.keys); err != nil {
			return nil, err
		}
	}
	if s.cfg.RateLimits != "off" {
		h.Limit = gatewayapi.NewLimit(ratelimit.New(st.ephemeral(), now, s.log))
	}
	return h, nil
}
