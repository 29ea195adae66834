package server

import (
	"time"

	"github.com/poolhouse/poolhouse/sync/events"
)

// PagePatterns are the addresses of all pages and protocol endpoints.
func (s *Server) PagePatterns() []string { return s.pageMux.Patterns() }

// SyncTrigger is what runs the functions of identity pools.
func SyncTrigger(cfg *Config) (*events.Trigger, error) {
	return new(Server).syncTrigger(cfg, nil, time.Now)
}
