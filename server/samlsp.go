package server

import (
	"context"
	"net/url"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

// poolAddresses returns the addresses that a pool answers at: below the public one,
// and at its domains.
func poolAddresses(public string) func(*userpool.Pool) []string {
	return func(p *userpool.Pool) []string {
		all := []string{public + "/" + string(p.ID)}
		if u, err := url.Parse(public); err == nil && p.Domain != "" {
			all = append(all, u.Scheme+"://"+p.Domain+".auth."+u.Host)
		}
		if p.CustomDomain != "" {
			all = append(all, "https://"+p.CustomDomain)
		}
		return all
	}
}

// refreshEvery is how often metadata is looked for that is due.
const refreshEvery = time.Minute

// refreshMetadata keeps the metadata of SAML providers and apps fresh until ctx ends.
func (s *Server) refreshMetadata(ctx context.Context) {
	tick := time.NewTicker(refreshEvery)
	defer tick.Stop()
	for {
		s.refreshDue(ctx, s.samlSP.Refresh)
		s.refreshDue(ctx, s.Apps.Refresh)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// refreshDue fetches what is due, one after the other.
func (s *Server) refreshDue(ctx context.Context, refresh func(context.Context) (found bool, err error)) {
	for ctx.Err() == nil {
		found, err := refresh(ctx)
		if err != nil && ctx.Err() == nil {
			s.log.Error("refreshing metadata", "err", err)
		}
		if !found {
			return
		}
	}
}
