package server

import (
	"context"
	"net/http"
	"time"
)

// readyTimeout bounds what a readiness probe may wait for the stores.
const readyTimeout = 2 * time.Second

// health mounts the probes: /livez answers while the process runs; /readyz
// answers 200 while the server can serve, and names what it misses otherwise.
func (s *Server) health(mux *http.ServeMux, checks map[string]func(context.Context) error) {
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, r *http.Request) { plain(w, http.StatusOK, "ok\n") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if !s.ready.Load() {
			plain(w, http.StatusServiceUnavailable, "not serving\n")
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
		defer cancel()
		for name, check := range checks {
			if err := check(ctx); err != nil {
				s.log.Warn("not ready", "check", name, "err", err)
				plain(w, http.StatusServiceUnavailable, name+" does not answer\n")
				return
			}
		}
		plain(w, http.StatusOK, "ok\n")
	})
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write([]byte(text))
}
