package userpool

import (
	"context"
	"errors"
	"maps"
	"time"

	"github.com/poolhouse/poolhouse/internal/ratelimit"
)

// A Throttled is an ErrTooManyRequests that knows when to try again.
type Throttled struct{ Wait time.Duration }

func (t *Throttled) Error() string { return ErrTooManyRequests.Error() }

// Unwrap returns ErrTooManyRequests.
func (t *Throttled) Unwrap() error { return ErrTooManyRequests }

// throttled gives an error of the limiter the domain's form.
func throttled(err error) error {
	var e *ratelimit.Exceeded
	if errors.As(err, &e) {
		return &Throttled{e.Wait}
	}
	return err
}

// A Provisioned is the ceiling of a category, in calls a second and pool.
type Provisioned struct{ Now, Default int32 }

// Provisioned returns the ceiling of a category; ErrNotFound for one that there is not.
func (s *Service) Provisioned(ctx context.Context, c Category) (*Provisioned, error) {
	standard, ok := ceilings[c]
	if !ok {
		return nil, Fail(ErrNotFound, "Category "+string(c)+" does not exist.")
	}
	set, err := s.Store.Limits(ctx)
	if err != nil {
		return nil, err
	}
	p := &Provisioned{standard.pool, standard.pool}
	if n, ok := set[c]; ok {
		p.Now = n
	}
	return p, nil
}

// Provision changes the ceiling of a category in every pool. This node
// goes by it at once, the others within two seconds. More than a million is ErrQuotaExceeded.
func (s *Service) Provision(ctx context.Context, c Category, perSecond int32) (*Provisioned, error) {
	if _, ok := ceilings[c]; !ok {
		return nil, Fail(ErrNotFound, "Category "+string(c)+" does not exist.")
	}
	if perSecond < 1 {
		return nil, invalid("RequestedLimitValue must be at least 1.")
	}
	if perSecond > maxLimit {
		return nil, Fail(ErrQuotaExceeded, "RequestedLimitValue must be at most 1000000.")
	}
	if err := s.Store.SetLimit(ctx, c, perSecond); err != nil {
		return nil, err
	}
	s.Limits.forget()
	return s.Provisioned(ctx, c)
}

// forget makes the next call read the ceilings anew.
func (l *Limits) forget() {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.read = time.Time{}
}

// current returns the ceilings of all categories. While the store fails they stay
// what they were.
func (l *Limits) current(ctx context.Context) map[Category]int32 {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.Now()
	if l.set != nil && now.Sub(l.read).Abs() < limitsAge {
		return l.set
	}
	l.read = now
	all := map[Category]int32{}
	for c, standard := range ceilings {
		all[c] = standard.pool
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limitsAge)
	defer cancel()
	set, err := l.Store.Limits(ctx)
	if err != nil {
		l.Log.Warn("reading the provisioned limits", "error", err)
		if l.set != nil {
			return l.set
		}
	}
	maps.Copy(all, set)
	l.set = all
	return all
}
