package identity

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/poolhouse/poolhouse/internal/ratelimit"
)

// A Limiter counts calls; *ratelimit.Limiter does.
type Limiter interface {
	Allow(ctx context.Context, key string, r ratelimit.Rule) error
}

// Ceilings of what needs no signature, for one address and pool.
const (
	callsPerWindow  = 500 // 50 a second
	callWindow      = 10 * time.Second
	guestsPerMinute = 300
)

// A Throttled is the error of a call that came too fast. It is ErrTooManyRequests.
type Throttled struct {
	Wait time.Duration // until it may come
}

func (t *Throttled) Error() string { return "identity: too many requests, wait " + t.Wait.String() }

// PublicText returns the text for the client.
func (t *Throttled) PublicText() string { return "Too many requests from this address." }

// Unwrap returns the kind.
func (t *Throttled) Unwrap() error { return ErrTooManyRequests }

// allow counts an unsigned call. Where the counter cannot be reached it lets the
// call in.
func (s *Service) allow(ctx context.Context, pool PoolID, source string) error {
	return s.count(ctx, "identity/"+string(pool)+"/"+network(source),
		ratelimit.Rule{Max: callsPerWindow, Window: callWindow, Block: callsPerWindow / 10, Open: true})
}

// allowGuest counts a new guest, which is a row that stays.
func (s *Service) allowGuest(ctx context.Context, pool PoolID, source string) error {
	limit := s.GuestsPerMinute
	if limit == 0 {
		limit = guestsPerMinute
	}
	return s.count(ctx, "identity-guests/"+string(pool)+"/"+network(source), ratelimit.Rule{Max: limit, Window: time.Minute, Block: 1})
}

func (s *Service) count(ctx context.Context, key string, r ratelimit.Rule) error {
	if s.Limiter == nil {
		return nil
	}
	err := s.Limiter.Allow(ctx, key, r)
	var over *ratelimit.Exceeded
	if errors.As(err, &over) {
		return &Throttled{Wait: over.Wait}
	}
	return err
}

// network returns what one client can be told by: its address, or the /64 network of
// an IPv6 one, since its users choose the rest of that freely.
func network(source string) string {
	a, err := netip.ParseAddr(source)
	if err != nil || a.Unmap().Is4() {
		return source
	}
	p, err := a.WithZone("").Prefix(64)
	if err != nil {
		return source
	}
	return p.String()
}
