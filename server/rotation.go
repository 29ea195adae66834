package server

import (
	"context"
	"errors"
	"time"

	"github.com/poolhouse/poolhouse/idp/samlidp"
	"github.com/poolhouse/poolhouse/internal/keyring"
	"github.com/poolhouse/poolhouse/sp/samlsp"
	"github.com/poolhouse/poolhouse/sts"
	"github.com/poolhouse/poolhouse/userpool"
)

// renewEvery is how often keys are looked at. Their schedule counts in days.
const renewEvery = time.Hour

// rotate renews the keys that tokens are signed with, at once, for a server that
// never runs for long, and until ctx ends. For the keys of SAML identity providers it
// only completes what an administrator began: apps hold their certificates by hand.
func (s *Server) rotate(ctx context.Context) {
	tick := time.NewTicker(renewEvery)
	defer tick.Stop()
	for {
		if err := s.RenewKeys(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("renewing signing keys", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// RenewKeys takes the step that is due for the keys of each pool, of the tokens of
// identity pools, and of those that STS signs. One scope's failure does not hold up the others.
func (s *Server) RenewKeys(ctx context.Context) error {
	errs := []error{s.renew(ctx, keyring.DefaultSchedule, "identity"), s.renewScopes(ctx, keyring.DefaultSchedule, sts.OutboundScopes())}
	after := ""
	for {
		pools, next, err := s.Pools.Store.Pools(ctx, after, sweepBatch)
		if err != nil {
			return errors.Join(append(errs, err)...)
		}
		for _, p := range pools {
			errs = append(errs, s.renewPool(ctx, p.ID))
		}
		if next == "" {
			return errors.Join(errs...)
		}
		after = next
	}
}

// renewPool renews the keys that a pool has. It looks for them at once, as most kinds
// and algorithms have none.
func (s *Server) renewPool(ctx context.Context, pool userpool.PoolID) error {
	return errors.Join(
		s.renewScopes(ctx, keyring.DefaultSchedule, userpool.KeyScopes(pool)),
		s.renewScopes(ctx, samlsp.KeySchedule, samlsp.KeyScopes(pool)),
		s.renewScopes(ctx, samlidp.KeySchedule, samlidp.KeyScopes(pool)),
		s.Apps.WarnOfCertificates(ctx, pool))
}

func (s *Server) renewScopes(ctx context.Context, schedule keyring.Schedule, scopes []string) error {
	keys, err := s.keys.Recent(ctx, 0, scopes...)
	if err != nil {
		return err
	}
	var errs []error
	for _, k := range keys {
		if k.State == keyring.Active {
			errs = append(errs, s.renew(ctx, schedule, k.Scope))
		}
	}
	return errors.Join(errs...)
}

func (s *Server) renew(ctx context.Context, schedule keyring.Schedule, scope string) error {
	changed, err := s.keys.Renew(ctx, scope, schedule)
	if changed {
		s.log.Info("signing keys renewed", "scope", scope)
	}
	return err
}
