package server

import (
	"errors"
	"net/http"
	"strings"

	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/userpool"
)

// paced bounds how often a network opens what browsers visit: pages, the authorize
// endpoint, sign-outs. Forms and endpoints of programs have ceilings of their own.
func (s *Server) paced(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := s.allowVisit(r)
		var over *userpool.Throttled
		switch {
		case err == nil:
			next.ServeHTTP(w, r)
		case errors.As(err, &over):
			web.RetryAfter(w.Header(), over.Wait)
			plain(w, http.StatusTooManyRequests, "Too many requests. Please try again in a few seconds.\n")
		default:
			s.log.Error("counting a visit", "path", r.URL.Path, "err", err)
			plain(w, http.StatusServiceUnavailable, "Something went wrong on our side. Please try again in a moment.\n")
		}
	})
}

// allowVisit counts a visit to a pool's address. Documents that are the same for
// everybody are not counted.
func (s *Server) allowVisit(r *http.Request) error {
	pool, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if r.Method != http.MethodGet || !strings.Contains(pool, "_") || strings.HasPrefix(rest, ".well-known/") || strings.HasPrefix(rest, "branding/") {
		return nil
	}
	return s.Limits.AllowAddress(r.Context(), userpool.CategoryVisit, web.RemoteIP(r))
}
