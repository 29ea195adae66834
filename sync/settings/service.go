package settings

import (
	"context"
	"maps"
	"regexp"
	"sync"
	"time"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

// A Service hands out the settings of pools and changes them. Use it by pointer.
type Service struct {
	Store Store
	Now   func() time.Time
	// Streams reports whether the server knows a stream. Nil knows none.
	Streams func(name string) bool

	mu    sync.Mutex
	known map[dataset.PoolID]known
}

// Freshness is how long a node may act on settings that another one has changed
// since. Every update asks for them, and this spares it the database.
const Freshness = 2 * time.Second

// maxKnown bounds what is remembered, in pools.
const maxKnown = 10_000

type known struct {
	settings *Settings
	until    time.Time
}

// Settings returns the settings of a pool, or dataset.ErrNotFound.
func (s *Service) Settings(ctx context.Context, pool dataset.PoolID) (*Settings, error) {
	return s.Store.Settings(ctx, pool)
}

// Current returns the settings of a pool as they were at most Freshness ago. They
// are shared: the caller must not change them.
func (s *Service) Current(ctx context.Context, pool dataset.PoolID) (*Settings, error) {
	now := s.Now()
	s.mu.Lock()
	k, ok := s.known[pool]
	s.mu.Unlock()
	if ok && now.Before(k.until) {
		return k.settings, nil
	}
	got, err := s.Store.Settings(ctx, pool)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil || len(s.known) >= maxKnown {
		s.known = map[dataset.PoolID]known{} // those in use come back at once
	}
	s.known[pool] = known{got, now.Add(Freshness)}
	return got, nil
}

// update changes the settings of a pool. This node acts on them from now on.
func (s *Service) update(ctx context.Context, pool dataset.PoolID, fn func(*Settings) error) (*Settings, error) {
	got, err := s.Store.UpdateSettings(ctx, pool, fn)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.known, pool)
	return got, err
}

var functionForm = regexp.MustCompile(`^arn:[\w-]+:lambda:[\w-]+:[0-9]{12}:function:[\w-]{1,140}(:[\w$-]{1,128})?$`)

// SetEvents gives events of a pool functions, or takes them away by an empty ARN.
// Events that are not named keep theirs.
func (s *Service) SetEvents(ctx context.Context, pool dataset.PoolID, functions map[string]string) error {
	for name, arn := range functions {
		if name != SyncTrigger {
			return dataset.Fail(dataset.ErrInvalidParameter, "%q is not an event; there is %s.", name, SyncTrigger)
		}
		if arn != "" && !functionForm.MatchString(arn) {
			return dataset.Fail(dataset.ErrInvalidParameter, "The value of %s must be the ARN of a Lambda function, or empty.", name)
		}
	}
	_, err := s.update(ctx, pool, func(v *Settings) error {
		all := maps.Clone(v.Events)
		if all == nil {
			all = map[string]string{}
		}
		maps.Copy(all, functions)
		maps.DeleteFunc(all, func(_, arn string) bool { return arn == "" })
		v.Events = all
		return nil
	})
	return err
}

// Configure replaces what is given of the settings of a pool, and returns them all.
func (s *Service) Configure(ctx context.Context, pool dataset.PoolID, push *Push, streams *Streams) (*Settings, error) {
	if streams != nil && streams.Enabled {
		if err := s.checkStream(streams.Name); err != nil {
			return nil, err
		}
	}
	return s.update(ctx, pool, func(v *Settings) error {
		if push != nil {
			v.Push = push
		}
		if streams != nil {
			v.Streams = streams
		}
		return nil
	})
}

// checkStream refuses to switch on what could not be published to.
func (s *Service) checkStream(name string) error {
	switch {
	case name == "":
		return dataset.Fail(dataset.ErrInvalidParameter, "StreamName is needed to enable streaming.")
	case s.Streams == nil || !s.Streams(name):
		return dataset.Fail(dataset.ErrInvalidParameter, "Stream '%s' is not known to this server.", name)
	}
	return nil
}

// SwitchOff ends the streaming of a pool to a stream, if it still goes there, and
// reports whether it did.
func (s *Service) SwitchOff(ctx context.Context, pool dataset.PoolID, stream string) (bool, error) {
	var was bool
	_, err := s.update(ctx, pool, func(v *Settings) error {
		name, on := v.Stream()
		was = on && name == stream
		if was {
			v.Streams.Enabled = false
		}
		return nil
	})
	return was && err == nil, err
}
