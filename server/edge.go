package server

import (
	"errors"
	"net"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"

	"github.com/poolhouse/poolhouse/internal/awsapi"
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
		r = r.WithContext(awsapi.WithPeer(r.Context(), awsapi.Peer{IP: address, TLS: from.secure(r)}))
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

// toPool rewrites a request to {prefix}.auth.{host} into one to /{poolId}.
// A path that begins with the pool's ID already is left as it is: pages link
// to it so. A domain of no pool is userpool.ErrDomainNotFound.
func (s *Server) toPool(r *http.Request) (*http.Request, error) {
	prefix, ok := s.domainPrefix(r.Host)
	if !ok {
		return r, nil
	}
	pool, err := s.Pools.Store.PoolByDomain(r.Context(), prefix)
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

// domainPrefix returns the first label of a host that is a pool's domain.
func (s *Server) domainPrefix(host string) (string, bool) {
	public, err := url.Parse(s.URL())
	if err != nil {
		return "", false
	}
	name, _, found := strings.Cut(strings.ToLower(host), ".auth."+strings.ToLower(public.Host))
	if !found || strings.Contains(name, ".") || name == "" {
		return "", false
	}
	return name, strings.EqualFold(host, name+".auth."+public.Host)
}
