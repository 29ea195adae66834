package server

import (
	"errors"
	"net"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/store/sqlstore"
	"github.com/poolhouse/poolhouse/sts/authz"
	"github.com/poolhouse/poolhouse/userpool"
)

// edge is what every request passes first: where it comes from is settled, and
// a request to a pool's own domain becomes one to the pool's addresses.
func (s *Server) edge(from origin, next http.Handler) http.Handler {
	https := secure(s.URL())
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer s.recovered(w, r)
		if https {
			w.Header().Set("Strict-Transport-Security", "max-age=31536000")
		}
		address := from.address(r)
		if s.authz != nil && authz.Handles(r) { // before the host: it is that of another site
			s.authz.Serve(w, r, authz.Asker{Trusted: from.trusts(peerAddress(r)), ClientIP: address})
			return
		}
		ctx := awsapi.WithPeer(sqlstore.WithView(r.Context()), awsapi.Peer{IP: address, TLS: from.secure(r), Hop: from.hop(r)})
		r = r.WithContext(web.WithClientChain(ctx, from.clientChain(r)))
		r.RemoteAddr = net.JoinHostPort(address, "0")
		r, err := s.toPool(r)
		if errors.Is(err, userpool.ErrDomainNotFound) {
			plain(w, http.StatusNotFound, "There is no such page.\n")
			return
		}
		if err != nil {
			s.log.Error("finding a pool by its domain", "host", r.Host, "err", err)
			plain(w, http.StatusServiceUnavailable, "Something went wrong on our side. Please try again in a moment.\n")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// recovered ends a request whose handler panicked: the cause goes to the log,
// the connection to nobody.
func (s *Server) recovered(w http.ResponseWriter, r *http.Request) {
	v := recover()
	if v == nil {
		return
	}
	if v == http.ErrAbortHandler {
		panic(v)
	}
	s.log.Error("panic", "method", r.Method, "path", r.URL.Path, "cause", v, "stack", string(debug.Stack()))
	w.Header().Set("Connection", "close")
	plain(w, http.StatusInternalServerError, "Something went wrong on our side. Please try again in a moment.\n")
}

// toPool rewrites a request to {prefix}.auth.{host}, or to a domain that a pool
// has of its own, into one to /{poolId}.
// A path that begins with the pool's ID already is left as it is: pages link
// to it so. A prefix of no pool is userpool.ErrDomainNotFound; a host that is
// nobody's is the server itself, which has more names than it knows.
func (s *Server) toPool(r *http.Request) (*http.Request, error) {
	domain, prefix := s.poolDomain(r.Host)
	if domain == "" || slices.Contains(ofTheProcess, r.URL.Path) {
		return r, nil
	}
	pool, err := s.Pools.Store.PoolByDomain(r.Context(), domain)
	if errors.Is(err, userpool.ErrDomainNotFound) && !prefix {
		return r, nil
	}
	if err != nil {
		return r, err
	}
	if strings.HasPrefix(r.URL.Path, "/"+string(pool.ID)+"/") || strings.HasPrefix(r.URL.Path, "/static/") {
		return r, nil
	}
	out := r.WithContext(r.Context()) // a copy: handlers must not change their request
	u := *r.URL
	u.Path = "/" + string(pool.ID) + u.Path
	if u.RawPath != "" {
		u.RawPath = "/" + string(pool.ID) + u.RawPath
	}
	out.URL = &u
	return out, nil
}

// ofTheProcess are paths that answer under any name, and without a store.
var ofTheProcess = []string{"/livez", "/readyz", "/metrics"}

// poolDomain returns the domain that a host may be of a pool: the first label of
// {prefix}.auth.{host}, or the whole name where it is not the server's own; empty
// where it is no pool's for sure. A port counts only below the server's own name,
// whose port is known.
func (s *Server) poolDomain(host string) (domain string, prefix bool) {
	public, err := url.Parse(s.URL())
	if err != nil {
		return "", false
	}
	host, own := strings.ToLower(host), strings.ToLower(public.Host)
	if label, ok := strings.CutSuffix(dotless(host), ".auth."+own); ok && label != "" {
		if strings.Contains(label, ".") || strings.Trim(label, nameCharacters) != "" {
			return "", false
		}
		return label, true
	}
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = dotless(name)
	switch {
	case name == strings.ToLower(public.Hostname()), len(name) > 63, !strings.Contains(name, "."), net.ParseIP(name) != nil,
		strings.Trim(name, nameCharacters) != "":
		return "", false
	}
	return name, false
}

// nameCharacters are what host names are made of. Nothing else reaches a store.
const nameCharacters = "abcdefghijklmnopqrstuvwxyz0123456789-."

// dotless takes off the dot that ends an absolute name: "id.example.com.", also
// before a port.
func dotless(host string) string {
	name, port, found := strings.Cut(host, ":")
	if name = strings.TrimSuffix(name, "."); found {
		return name + ":" + port
	}
	return name
}
