package userpool

import (
	"context"
	"errors"
	"slices"
	"time"
)

// A RefreshRequest is what a client sends to the token endpoint with a refresh token.
type RefreshRequest struct {
	Token    string
	Scopes   []string      // some of those that were granted; all of them where empty
	Resource string        // one of those that were granted; the first where empty
	Held     *Confirmation // keys that the client has just shown to hold; nil where none

	device   string // that asks, where one is named
	endpoint bool   // the client was authenticated by its own method
}

// Refresh returns new access and ID tokens for a refresh token. Where the client
// rotates its refresh tokens the set has the successor too, which keeps the expiry
// of its predecessor. The predecessor dies at once or after the client's grace
// period, in which it still yields fresh sets; a later use is ErrTokenReuse and
// kills the family. auth_time and origin_jti stay those of the sign-in.
//
// The new tokens are bound to the keys that the client holds. What was bound needs
// one: of a public client the very key, as nothing else tells it from a thief
// (RFC 9449 section 5); ErrKeyNotHeld without. A scope or resource that was not
// granted is ErrScopeNotGranted or ErrResourceNotGranted.
func (t *Tokens) Refresh(ctx context.Context, c *Client, r RefreshRequest) (*TokenSet, error) {
	r.endpoint = true
	return t.refresh(ctx, c, r)
}

// RefreshFrom is Refresh for the API, where a client names its device: where the pool
// tracks devices, a refresh token is good for the device that it was issued to,
// once that is known and until it is forgotten. The API knows neither keys nor
// certificates, so clients and tokens that need one are refused.
func (t *Tokens) RefreshFrom(ctx context.Context, c *Client, token, device string) (*TokenSet, error) {
	return t.refresh(ctx, c, RefreshRequest{Token: token, device: device})
}

func (t *Tokens) refresh(ctx context.Context, c *Client, r RefreshRequest) (*TokenSet, error) {
	st, f, u, err := t.readRefresh(ctx, c, r.Token)
	if err != nil {
		return nil, err
	}
	pool, err := t.Store.Pool(ctx, c.Pool)
	if err != nil {
		return nil, err
	}
	if err := t.fromDevice(ctx, pool, f, r.device); err != nil {
		return nil, err // before the token is judged: it may be in its owner's hands
	}
	g := &Grant{Pool: pool, Client: c, User: u, Native: st.Native, AuthTime: f.AuthTime,
		Nonce: f.Nonce, Resource: f.Resource, Particulars: f.Particulars, Source: TokensRefresh}
	if err := g.narrow(f, r); err != nil {
		return nil, err // likewise
	}
	if st.judge(f, c, t.Now()) == used {
		return nil, t.reused(ctx, f)
	}
	if len(g.Scopes) == 0 || pool.Strict && u.PasswordChanged.After(f.Created) { // RFC 9700 section 4.14.2
		return nil, errRefreshRevoked
	}
	set, err := t.mint(ctx, g, f)
	if err != nil || !f.rotates(c) {
		return set, err
	}
	// The turn is last: a failure before it leaves the client's token usable, and
	// tokens that were signed for a loser never leave the server.
	if set.Family, err = t.rotate(ctx, c, f, st); err != nil {
		return nil, err
	}
	set.RefreshToken, err = t.sealRefresh(set.Family, *st)
	return set, err
}

// rotates reports whether a refresh turns the token into a successor. A token that
// is no good without a key need not be, and FAPI 2.0 section 5.3.2.1 forbids it.
func (f *Family) rotates(c *Client) bool {
	return c.RotateRefresh && !c.OpenID.FAPI && f.Particulars.Confirmation == nil
}

// still returns what the client may have today of the scopes of a grant. A native
// sign-in has scopes that no client asks for.
func (c *Client) still(granted []string, native bool) []string {
	if native {
		return granted
	}
	if !c.OAuthEnabled {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(granted), func(s string) bool { return !slices.Contains(c.OAuthScopes, s) })
}

// A verdict says what a refresh token of some generation is worth.
type verdict int

const (
	current verdict = iota // of the family's present generation
	late                   // of the one before, inside the grace period
	used                   // already turned into a successor
)

func (st *refreshState) judge(f *Family, c *Client, now time.Time) verdict {
	switch {
	case st.Generation == f.Generation:
		return current
	case c.RefreshGrace == 0: // whatever the clocks of two callers, or of two nodes, say
		return used
	case st.Generation == f.Generation-1 && now.Before(f.Rotated.Add(c.RefreshGrace)):
		return late
	}
	return used
}

var errNoTurn = errors.New("userpool: family is not rotated")

// rotate moves the family to its next generation, in one step that one of many
// callers with the same token wins. The others look again.
func (t *Tokens) rotate(ctx context.Context, c *Client, seen *Family, st *refreshState) (*Family, error) {
	now := t.Now().UTC().Truncate(time.Microsecond)
	if st.judge(seen, c, now) == current {
		err := t.Store.TurnFamily(ctx, seen.Pool, seen.ID, seen.Generation, now)
		if err == nil {
			turned := *seen
			turned.Generation, turned.Rotated = seen.Generation+1, now
			return &turned, nil
		}
		if !errors.Is(err, ErrNotFound) {
			return nil, err
		}
	}
	return t.rotateAsIs(ctx, c, seen, st, now)
}

// rotateAsIs is rotate for a family that may have changed since it was seen. Within
// the grace period it returns the generation that the winner made.
func (t *Tokens) rotateAsIs(ctx context.Context, c *Client, seen *Family, st *refreshState, now time.Time) (*Family, error) {
	var found Family
	var v verdict
	f, err := t.Store.UpdateFamily(ctx, seen.Pool, seen.ID, func(f *Family) error {
		if f.Revoked {
			return errRefreshRevoked
		}
		found, v = *f, st.judge(f, c, now)
		if v != current {
			return errNoTurn
		}
		f.Generation++
		f.Rotated = now
		return nil
	})
	switch {
	case errors.Is(err, errNoTurn) && v == late:
		return &found, nil
	case errors.Is(err, errNoTurn):
		return nil, t.reused(ctx, seen)
	case errors.Is(err, ErrNotFound):
		return nil, errRefreshRevoked
	}
	return f, err
}

// reused kills the family of a token that was used before: one of its two
// holders is a thief, and nobody can tell which (RFC 9700 section 4.14.2).
func (t *Tokens) reused(ctx context.Context, f *Family) error {
	if err := t.RevokeFamily(ctx, f.Pool, f.ID); err != nil {
		return err
	}
	return Fail(ErrTokenReuse, "Refresh Token has been used before")
}
