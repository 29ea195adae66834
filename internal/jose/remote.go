package jose

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// How long fetched keys are used, and how often an address may be asked.
const (
	remoteFresh = 10 * time.Minute // then they are read again
	remoteStale = time.Hour        // and while that fails, these are used for so long
	remotePause = 5 * time.Second  // between two requests to one address, whatever kids are asked for
	maxRemotes  = 4096             // addresses that are remembered
)

// A Fetcher reads what stands at an address, at most limit bytes of it;
// outbound.Client is one.
type Fetcher interface {
	Fetch(ctx context.Context, address string, limit int) ([]byte, error)
}

// RemoteKeys reads and remembers the key sets that others publish (jwks_uri).
// Use it by pointer.
type RemoteKeys struct {
	Fetch Fetcher
	Now   func() time.Time

	// Spare is how many more requests a kid that is not known is worth within the
	// pause. Whoever must not refuse a token that was signed right after a
	// roll-over has one.
	Spare int

	mu     sync.Mutex
	known  map[string]remote
	flight singleflight.Group
}

// A remote is what was last heard from an address.
type remote struct {
	keys  Keys
	read  time.Time // when keys was
	asked time.Time
	spent int   // of RemoteKeys.Spare
	err   error // of the last request
}

// At returns the keys that are published at an address.
func (r *RemoteKeys) At(address string) KeySet { return &remoteSet{r, address} }

// Of returns the keys of somebody who registered them, either encoded or with
// their address. Who registered none has none.
func (r *RemoteKeys) Of(encoded, address string) (KeySet, error) {
	if address != "" {
		return r.At(address), nil
	}
	if encoded == "" {
		return Keys(nil), nil
	}
	return ParseKeySet([]byte(encoded))
}

type remoteSet struct {
	remotes *RemoteKeys
	address string
}

// Find implements KeySet. A kid that is not known may be that of a new key, so
// the set is read again for it, but not more often than remotePause allows:
// the kid is the token's, which may be hostile.
func (s *remoteSet) Find(ctx context.Context, kid string) (Keys, error) {
	set, now := s.remotes.last(s.address), s.remotes.Now()
	found, _ := set.keys.Find(ctx, kid) // fixed keys have no errors
	if len(found) > 0 && now.Sub(set.read) < remoteFresh {
		return found, nil
	}
	if set.asked.IsZero() || now.Sub(set.asked) >= remotePause || set.spent < s.remotes.Spare {
		var err error
		if set, err = s.remotes.ask(ctx, s.address); err != nil {
			return nil, err
		}
	}
	if set.read.IsZero() || now.Sub(set.read) >= remoteStale {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, set.err)
	}
	if found, _ = set.keys.Find(ctx, kid); len(found) == 0 && set.err != nil { // it may be new
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, set.err)
	}
	return found, nil
}

func (r *RemoteKeys) last(address string) remote {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.known[address]
}

// ask reads the keys at an address, once for all who wait for them, and keeps
// those that it knew where that fails.
func (r *RemoteKeys) ask(ctx context.Context, address string) (remote, error) {
	done := r.flight.DoChan(address, func() (any, error) {
		keys, err := r.read(context.WithoutCancel(ctx), address)
		return r.keep(address, keys, err), nil
	})
	select {
	case <-ctx.Done():
		return remote{}, ctx.Err()
	case answer := <-done:
		return answer.Val.(remote), nil
	}
}

func (r *RemoteKeys) read(ctx context.Context, address string) (Keys, error) {
	raw, err := r.Fetch.Fetch(ctx, address, maxKeySet)
	if err != nil {
		return nil, err
	}
	return ParseKeySet(raw)
}

func (r *RemoteKeys) keep(address string, keys Keys, err error) remote {
	now := r.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	set := r.known[address]
	if set.asked.IsZero() || now.Sub(set.asked) >= remotePause {
		set.spent = 0
	} else {
		set.spent++
	}
	if set.asked = now; err == nil {
		set.keys, set.read = keys, now
	}
	set.err = err
	if r.known == nil {
		r.known = map[string]remote{}
	}
	if _, ok := r.known[address]; !ok && len(r.known) >= maxRemotes {
		r.forgetOldest()
	}
	r.known[address] = set
	return set
}

func (r *RemoteKeys) forgetOldest() {
	oldest, first := "", true
	for address, set := range r.known {
		if first || set.asked.Before(r.known[oldest].asked) {
			oldest, first = address, false
		}
	}
	delete(r.known, oldest)
}
