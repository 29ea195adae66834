package decoupled

import (
	"context"
	"errors"
	"time"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/userpool"
)

// Poll returns the answer to a request of a client, by the secret that it polls with.
// It may be called often; whoever means to act on the answer takes it with Spend.
// Until there is one it returns ErrPending, or ErrSlowDown where it is asked again
// too soon; ErrDenied and ErrExpired are final. What belongs to another client, or
// was spent, is ErrNotFound, and asking for it harms nobody.
func (s *Store) Poll(ctx context.Context, pool userpool.PoolID, client userpool.ClientID, kind, secret string) (*Request, *Answer, error) {
	id, r := idp.HandleOf(secret), new(Request)
	if err := s.get(ctx, nsRequest, pool, id, r); err != nil {
		return nil, nil, err
	}
	if r.Client != client || r.Kind != kind {
		return nil, nil, ErrNotFound
	}
	if !s.Now().Before(r.Expires) {
		return nil, nil, ErrExpired
	}
	a := new(Answer)
	err := s.get(ctx, nsAnswer, pool, id, a)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil, nil, s.pace(ctx, r, id)
	case err != nil:
		return nil, nil, err
	case !a.Approved:
		return nil, nil, ErrDenied
	}
	return r, a, nil
}

// Spend uses up an answer. One of many callers succeeds; the others get ErrNotFound.
func (s *Store) Spend(ctx context.Context, r *Request, secret string) error {
	first, err := s.Ephemeral.Claim(ctx, nsSpent, key(r.Pool, idp.HandleOf(secret)), r.Expires.Add(memory))
	if err == nil && !first {
		err = ErrNotFound
	}
	return err
}

// pace says whether a poll without an answer came too soon.
func (s *Store) pace(ctx context.Context, r *Request, id idp.Handle) error {
	slow, err := s.Ephemeral.Count(ctx, nsSlow, key(r.Pool, id), 0, Life)
	if err != nil {
		return err
	}
	// An app that keeps its time must not be told off for the way that its requests take.
	wait := Interval*time.Duration(slow+1) - time.Second
	due, err := s.Ephemeral.Claim(ctx, nsPoll, key(r.Pool, id), s.Now().Add(wait))
	switch {
	case err != nil:
		return err
	case due:
		return ErrPending
	}
	if _, err := s.Ephemeral.Count(ctx, nsSlow, key(r.Pool, id), 1, Life); err != nil {
		return err
	}
	return ErrSlowDown
}
