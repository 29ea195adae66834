package samlidp

import (
	"context"
	"crypto/x509"
	"fmt"
	"time"

	"github.com/poolhouse/poolhouse/internal/keyring"
	"github.com/poolhouse/poolhouse/userpool"
)

// A certificate is shown from the start of its roll-over on, and for retiredFor after
// its key stopped signing: apps that read metadata once a week have met both. Some apps
// hold certificates by hand, so none of it begins by itself.
const retiredFor = 30 * 24 * time.Hour

// KeySchedule is for keyring.Ring.Renew: it completes a switch that is due, and begins
// none.
var KeySchedule = keyring.Schedule{Age: 100 * 365 * 24 * time.Hour, Keep: retiredFor}

// KeyScopes are the scopes of a pool's keys, for Renew.
func KeyScopes(pool userpool.PoolID) (scopes []string) {
	for _, kind := range keyKinds {
		scopes = append(scopes, kind.of(pool))
	}
	return scopes
}

// warnBefore is how long before its end a certificate is warned of.
const warnBefore = 90 * 24 * time.Hour

// A Certificate is a key of a pool's identity provider, as apps know it.
type Certificate struct {
	KeyID, Kind    string // of the kind RSA_2048, EC_P256 or EC_P384
	State          keyring.State
	Certificate    *x509.Certificate
	SignsFrom      time.Time // of a next one; zero where that is not settled
	PublishedUntil time.Time // of a retired one
	Warning        string    // may be empty
}

// Certificates returns the certificates of a pool that its metadata shows.
func (s *Service) Certificates(ctx context.Context, pool userpool.PoolID) ([]Certificate, error) {
	if _, err := s.Users.Pool(ctx, pool); err != nil {
		return nil, err
	}
	keys, err := publishedKeys(ctx, s.Keys, pool)
	if err != nil {
		return nil, err
	}
	var all []Certificate
	for _, k := range keys {
		all = append(all, s.certificate(k))
	}
	return all, nil
}

func (s *Service) certificate(k *keyring.Key) Certificate {
	c := Certificate{KeyID: k.ID, State: k.State, Certificate: k.Certificate, SignsFrom: k.SignFrom, PublishedUntil: k.NotAfter}
	for _, kind := range keyKinds {
		if kind.of(userpool.PoolID(k.Certificate.Subject.CommonName)) == k.Scope {
			c.Kind = kind.name
		}
	}
	if left := k.Certificate.NotAfter.Sub(s.Now()); k.State == keyring.Active && left < warnBefore {
		c.Warning = fmt.Sprintf("The certificate ends in %d days: start a roll-over.", int(left.Hours()/24))
	}
	return c
}

// scopeOf returns the scope of a kind of key, RSA where none is named.
func scopeOf(pool userpool.PoolID, kind string) (string, error) {
	for _, k := range keyKinds {
		if kind == "" || k.name == kind {
			return k.of(pool), nil
		}
	}
	return "", userpool.Fail(userpool.ErrInvalidParameter, "There is no such kind of key.")
}

// StartRollover publishes the next certificate of a kind beside the one that signs. It
// begins to sign at a date, or, where that is zero, when AdvanceRollover is called. An
// earlier date than was settled before counts, a later one does not.
func (s *Service) StartRollover(ctx context.Context, pool userpool.PoolID, kind string, at time.Time) (*Certificate, error) {
	scope, _, err := s.rollover(ctx, pool, kind)
	if err != nil {
		return nil, err
	}
	if !at.IsZero() && !at.After(s.Now()) {
		return nil, userpool.Fail(userpool.ErrInvalidParameter, "SwitchDate must be in the future.")
	}
	next, err := s.Keys.Prepare(ctx, scope)
	if err != nil {
		return nil, err
	}
	if next == nil { // another caller switched to it in between
		return nil, errNoRollover
	}
	if !at.IsZero() {
		if next, err = s.Keys.Schedule(ctx, scope, at.Sub(next.Created)); err != nil {
			return nil, err
		}
	}
	c := s.certificate(next)
	return &c, nil
}

var errNoRollover = userpool.Fail(userpool.ErrPrecondition, "No roll-over is under way.")

// AdvanceRollover takes the next step now: it lets the next certificate sign, or,
// where it does already, takes the retired ones out of the metadata.
func (s *Service) AdvanceRollover(ctx context.Context, pool userpool.PoolID, kind string) error {
	scope, keys, err := s.rollover(ctx, pool, kind)
	if err != nil {
		return err
	}
	if next := inState(keys, keyring.Next); len(next) > 0 {
		_, err = s.Keys.Rotate(ctx, scope, retiredFor)
		return err
	}
	retired := inState(keys, keyring.Retired)
	if len(retired) == 0 {
		return errNoRollover
	}
	for _, k := range retired {
		if _, err := s.Keys.Revoke(ctx, scope, k.ID); err != nil {
			return err
		}
	}
	return nil
}

// AbortRollover takes the next certificate back, which never signed anything.
func (s *Service) AbortRollover(ctx context.Context, pool userpool.PoolID, kind string) error {
	scope, keys, err := s.rollover(ctx, pool, kind)
	if err != nil {
		return err
	}
	next := inState(keys, keyring.Next)
	if len(next) == 0 || !next[0].SignFrom.IsZero() && !s.Now().Before(next[0].SignFrom) {
		return errNoRollover
	}
	_, err = s.Keys.Revoke(ctx, scope, next[0].ID)
	return err
}

// rollover returns the scope of a kind of key that the pool has, and its keys.
func (s *Service) rollover(ctx context.Context, pool userpool.PoolID, kind string) (string, []*keyring.Key, error) {
	if _, err := s.Certificates(ctx, pool); err != nil { // the pool is there, and has its RSA key
		return "", nil, err
	}
	scope, err := scopeOf(pool, kind)
	if err != nil {
		return "", nil, err
	}
	keys, err := s.Keys.Recent(ctx, 0, scope)
	if err == nil && len(keys) == 0 {
		err = userpool.Fail(userpool.ErrPrecondition, "The pool has no key of that kind: set an application to an algorithm that needs one.")
	}
	return scope, keys, err
}

func inState(keys []*keyring.Key, state keyring.State) (found []*keyring.Key) {
	for _, k := range keys {
		if k.State == state {
			found = append(found, k)
		}
	}
	return found
}

// WarnOfCertificates writes to the log which certificates of a pool end soon.
func (s *Service) WarnOfCertificates(ctx context.Context, pool userpool.PoolID) error {
	keys, err := s.Keys.Recent(ctx, 0, KeyScopes(pool)...)
	if err != nil {
		return err
	}
	for _, k := range keys {
		if c := s.certificate(k); c.Warning != "" {
			s.Log.WarnContext(ctx, "saml certificate ends soon", "pool", pool, "key", c.KeyID, "end", c.Certificate.NotAfter)
		}
	}
	return nil
}
