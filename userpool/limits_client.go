package userpool

import (
	"context"
	"time"

	"github.com/poolhouse/poolhouse/internal/ratelimit"
)

// maxClientName is more than any client's ID has, in bytes.
const maxClientName = 128

// clientShare is what one app client of several may take of its pool's ceiling, in
// quarters: an app that runs wild leaves the others room to sign in.
const clientShare = 3

// severalAge is how long a node goes by what it knows of the number of a pool's
// clients, and maxPools how many pools it knows that of.
const (
	severalAge = 30 * time.Second
	maxPools   = 1 << 12
)

// several says whether a pool has more clients than one, as of some time.
type several struct {
	yes  bool
	read time.Time
}

// AllowClient counts a call of an app client against its share of the pool's ceiling.
// A pool's only client has all of it, and so has a call that names no client. Shares
// are drawn in blocks: it is the pool's own ceiling that is exact.
func (l *Limits) AllowClient(ctx context.Context, p PoolID, id ClientID, c Category) error {
	if l == nil || id == "" || len(id) > maxClientName || !l.shared(ctx, p) {
		return nil
	}
	most := max(1, int64(l.current(ctx)[c])*int64(limitWindow/time.Second)*clientShare/4)
	r := ratelimit.Rule{Max: most, Window: limitWindow, Block: max(2, most/blocks), Open: true}
	return throttled(l.Limiter.Allow(ctx, string(c)+"/client/"+string(p)+"/"+string(id), r))
}

// shared reports whether the pool has several clients. While nobody can tell it
// counts as one that has: to be strict costs a quarter of a ceiling.
func (l *Limits) shared(ctx context.Context, p PoolID) bool {
	now := l.Now()
	l.mu.Lock()
	known, ok := l.pools[p]
	l.mu.Unlock()
	if ok && now.Sub(known.read) < severalAge {
		return known.yes
	}
	clients, _, err := l.Store.Clients(ctx, p, "", 2)
	if err != nil {
		l.Log.WarnContext(ctx, "rate limit: the clients of a pool cannot be read", "pool", p, "error", err)
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.pools == nil || len(l.pools) >= maxPools {
		l.pools = map[PoolID]several{}
	}
	l.pools[p] = several{len(clients) > 1, now}
	return len(clients) > 1
}
