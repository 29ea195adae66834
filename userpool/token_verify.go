package userpool

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"
)

// AccessClaims is what a verified access token says.
type AccessClaims struct {
	Pool           PoolID
	Client         ClientID
	Sub            string // the client's ID where it acts for itself
	Username       string
	Groups         []string
	Scopes         []string
	Audience       string // of a token bound to a resource
	JTI, OriginJTI string
	EventID        string
	AuthTime       time.Time
	Issued         time.Time
	Expires        time.Time

	// Confirmation is the key that whoever presents the token must show; nil where
	// none is needed. VerifyAccess cannot look at it.
	Confirmation *Confirmation

	// User is the token's user as stored now; nil where a client acts for itself.
	User *User
	// Particulars are those of the sign-in, for tokens that name it.
	Particulars Particulars
}

// IDClaims is what a verified ID token says.
type IDClaims struct {
	Pool           PoolID
	Client         ClientID // its audience
	Sub            string
	Username       string
	Groups, Roles  []string
	PreferredRole  string
	Nonce          string
	JTI, OriginJTI string
	AuthTime       time.Time
	Issued         time.Time
	Expires        time.Time

	Raw map[string]any // every claim
}

// The answers to an access token that is refused.
var (
	errAccessToken   = Fail(ErrNotAuthorized, "Invalid Access Token")
	errAccessExpired = Fail(ErrNotAuthorized, "Access Token has expired")
	errAccessRevoked = Fail(ErrNotAuthorized, "Access Token has been revoked")
	errAccessBound   = Fail(ErrNotAuthorized, "Access Token is bound to a key")
	errAccessScope   = Fail(ErrNotAuthorized, "Access Token does not have required scopes")
)

// VerifyAccess checks an access token of any pool of this server: signature, issuer,
// use and expiry, and that neither its sign-in was revoked nor its user disabled,
// deleted or signed out everywhere. Refusals carry the text that clients know.
func (t *Tokens) VerifyAccess(ctx context.Context, raw string) (*AccessClaims, error) {
	var c accessJSON
	pool, err := t.verified(ctx, raw, useAccess, &c)
	if errors.Is(err, errJWT) {
		return nil, errAccessToken
	}
	if err != nil {
		return nil, err
	}
	if c.TokenUse != useAccess || c.Issuer != t.Issuer(pool) || c.Sub == "" {
		return nil, errAccessToken
	}
	if t.expired(c.Expires) {
		return nil, errAccessExpired
	}
	out := &AccessClaims{Pool: pool, Client: c.ClientID, Sub: c.Sub, Username: c.Username, Groups: c.Groups,
		Scopes: strings.Fields(c.Scope), Audience: c.Audience, JTI: c.JTI, OriginJTI: c.OriginJTI, EventID: c.EventID,
		AuthTime: seconds(c.AuthTime), Issued: seconds(c.Issued), Expires: seconds(c.Expires), Confirmation: c.Confirmation}
	if c.Username == "" && c.Sub == string(c.ClientID) {
		return out, nil
	}
	var f *Family
	if out.User, f, err = t.alive(ctx, pool, out.Sub, out.OriginJTI, out.Issued); f != nil {
		out.Particulars = f.Particulars
	}
	return out, err
}

// SignedInUser verifies an access token that its user presents to the user pools
// API, which the token's scopes must allow. The API has no way to show a key, so a
// token that is bound to one is refused.
func (t *Tokens) SignedInUser(ctx context.Context, raw string) (*AccessClaims, error) {
	c, err := t.VerifyAccess(ctx, raw)
	if err != nil {
		return nil, err
	}
	if c.Confirmation != nil {
		return nil, errAccessBound
	}
	if c.User == nil || !slices.Contains(c.Scopes, ScopeAdmin) {
		return nil, errAccessScope
	}
	return c, nil
}

// Alive returns the user of a token, unless the token's sign-in was revoked or the
// user is disabled, deleted or signed out everywhere since. Tokens of clients
// without token revocation name no sign-in; they die by their time of issue.
func (t *Tokens) Alive(ctx context.Context, pool PoolID, sub, originJTI string, issued time.Time) (*User, error) {
	u, _, err := t.alive(ctx, pool, sub, originJTI, issued)
	return u, err
}

// alive is Alive with the sign-in, nil where the token names none.
func (t *Tokens) alive(ctx context.Context, pool PoolID, sub, originJTI string, issued time.Time) (*User, *Family, error) {
	u, err := t.liveUser(ctx, pool, sub)
	if err != nil {
		return nil, nil, err
	}
	if originJTI == "" {
		if !u.SignedOut.IsZero() && !issued.After(u.SignedOut) {
			return nil, nil, errAccessRevoked
		}
		return u, nil, nil
	}
	f, err := t.Store.Family(ctx, pool, originJTI)
	if errors.Is(err, ErrNotFound) {
		return nil, nil, errAccessRevoked
	}
	if err != nil {
		return nil, nil, err
	}
	if f.Revoked || f.Sub != sub || !f.Created.After(u.SignedOut) {
		return nil, nil, errAccessRevoked
	}
	return u, f, nil
}

// VerifyID checks an ID token of one pool: signature, issuer, use and expiry. Who
// relies on it compares Client with the audiences it accepts, and asks Alive
// where a sign-out must count.
func (t *Tokens) VerifyID(ctx context.Context, pool PoolID, raw string) (*IDClaims, error) {
	c, err := t.IDHint(ctx, pool, raw)
	if err != nil {
		return nil, err
	}
	if t.expired(c.Expires.Unix()) {
		return nil, Fail(ErrNotAuthorized, "Identity Token has expired")
	}
	return c, nil
}

// IDHint is VerifyID for an ID token that may have expired, as an id_token_hint
// may (OpenID Connect RP-Initiated Logout 1.0 section 2).
func (t *Tokens) IDHint(ctx context.Context, pool PoolID, raw string) (*IDClaims, error) {
	refused := Fail(ErrNotAuthorized, "Invalid Identity Token")
	var c idJSON
	found, err := t.verified(ctx, raw, useID, &c)
	if errors.Is(err, errJWT) {
		return nil, refused
	}
	if err != nil {
		return nil, err
	}
	if found != pool || c.TokenUse != useID || c.Issuer != t.Issuer(pool) || c.Sub == "" || c.Audience == "" {
		return nil, refused
	}
	out := &IDClaims{Pool: pool, Client: c.Audience, Sub: c.Sub, Username: c.Username, Groups: c.Groups, Roles: c.Roles,
		PreferredRole: c.PreferredRole, Nonce: c.Nonce, JTI: c.JTI, OriginJTI: c.OriginJTI,
		AuthTime: seconds(c.AuthTime), Issued: seconds(c.Issued), Expires: seconds(c.Expires)}
	j, err := parseJWT(raw)
	if err != nil {
		return nil, refused
	}
	return out, json.Unmarshal(j.claims, &out.Raw)
}

// verified checks a token's signature by a published key of the pool that issued
// it, and decodes its claims. What is not such a token is errJWT.
func (t *Tokens) verified(ctx context.Context, raw, use string, claims any) (PoolID, error) {
	j, err := parseJWT(raw)
	if err != nil {
		return "", err
	}
	pool, ok := t.issuedBy(j.claims)
	if !ok {
		return "", errJWT
	}
	keys, err := t.Keys.Published(ctx, tokenScope(pool, use))
	if err != nil {
		return "", err
	}
	if err := j.verify(keys); err != nil {
		return "", err
	}
	if json.Unmarshal(j.claims, claims) != nil {
		return "", errJWT
	}
	return pool, nil
}

// PoolOf returns the pool that a token names as its issuer, without a look at the
// signature: good for counting, and nothing else.
func (t *Tokens) PoolOf(raw string) (PoolID, bool) {
	j, err := parseJWT(raw)
	if err != nil {
		return "", false
	}
	return t.issuedBy(j.claims)
}

// issuedBy returns the pool that unverified claims name as their issuer.
func (t *Tokens) issuedBy(claims []byte) (PoolID, bool) {
	var c struct {
		Issuer string `json:"iss"`
	}
	if json.Unmarshal(claims, &c) != nil {
		return "", false
	}
	pool := PoolID(c.Issuer[strings.LastIndexByte(c.Issuer, '/')+1:])
	return pool, pool.plausible() && t.Issuer(pool) == c.Issuer
}

// plausible reports whether id has the shape of a pool's ID, so that nothing
// else becomes part of a key's name.
func (id PoolID) plausible() bool {
	_, rest, ok := strings.Cut(string(id), "_")
	odd := func(r rune) bool {
		return !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '-' || r == '_')
	}
	return ok && rest != "" && len(id) <= 55 && !strings.ContainsFunc(string(id), odd)
}

func (t *Tokens) expired(at int64) bool { return !t.Now().Before(time.Unix(at, 0)) }

func seconds(at int64) time.Time { return time.Unix(at, 0).UTC() }
