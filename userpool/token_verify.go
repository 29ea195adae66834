package userpool

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/internal/jose"
)

// AccessClaims is what a verified access token says.
type AccessClaims struct {
	Pool           PoolID
	Client         ClientID
	Sub            string // as the token has it; the client's ID where it acts for itself
	Username       string
	Groups         []string
	Scopes         []string
	Audience       []string // resources that it is for; none in most of Cognito's
	JTI, OriginJTI string
	EventID        string
	AuthTime       time.Time // zero where the token does not say
	Issued         time.Time
	Expires        time.Time

	ACR     string
	Methods []string        // amr
	Actor   json.RawMessage // act
	Details json.RawMessage // authorization_details
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
	Sub            string   // of the user, whatever the token calls it
	Username       string   // none in tokens with pairwise subjects
	Groups, Roles  []string
	PreferredRole  string
	Nonce          string
	JTI, OriginJTI string
	SessionID      string // sid; empty in a token of a native sign-in
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

// VerifyAccess checks an access token of any pool of this server, in Cognito's form
// or in that of RFC 9068: signature, issuer, use and expiry, and that neither its
// sign-in was revoked nor its user disabled, deleted or signed out everywhere.
// Refusals carry the text that clients know.
func (t *Tokens) VerifyAccess(ctx context.Context, raw string) (*AccessClaims, error) {
	var c accessJSON
	pool, h, err := t.verified(ctx, raw, useAccess, &c)
	if errors.Is(err, errJWT) {
		return nil, errAccessToken
	}
	if err != nil {
		return nil, err
	}
	if !c.usedAs(h.Type) || c.Issuer != t.Issuer(pool) || c.Sub == "" {
		return nil, errAccessToken
	}
	if t.expired(c.Expires) {
		return nil, errAccessExpired
	}
	out := c.claims(pool)
	if c.Username == "" && c.Sub == string(c.ClientID) {
		return out, nil
	}
	var f *Family
	if out.User, f, err = t.alive(ctx, out.bearing()); err != nil {
		return nil, err
	}
	if out.Username = out.User.Username; f != nil {
		out.Particulars = f.Particulars
	}
	return out, nil
}

// usedAs reports whether a token with a header's typ is an access token.
func (c *accessJSON) usedAs(typ string) bool {
	if c.TokenUse == "" {
		return typ == typeAccess || typ == "application/"+typeAccess // RFC 9068 section 4
	}
	return c.TokenUse == useAccess
}

func (c *accessJSON) claims(pool PoolID) *AccessClaims {
	out := &AccessClaims{Pool: pool, Client: c.ClientID, Sub: c.Sub, Username: c.Username, Groups: c.Groups,
		Scopes: strings.Fields(c.Scope), Audience: c.Audience, JTI: c.JTI, OriginJTI: c.OriginJTI, EventID: c.EventID,
		Issued: seconds(c.Issued), Expires: seconds(c.Expires),
		ACR: c.ACR, Methods: c.Methods, Confirmation: c.Confirmation, Actor: c.Actor, Details: c.Details}
	if c.AuthTime != 0 {
		out.AuthTime = seconds(c.AuthTime)
	}
	return out
}

func (c *AccessClaims) bearing() bearing {
	return bearing{c.Pool, c.Client, c.Sub, c.OriginJTI, c.Issued}
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

// Alive returns the user of an ID token that was verified, unless the token's sign-in
// was revoked or the user is disabled, deleted or signed out everywhere since.
func (t *Tokens) Alive(ctx context.Context, c *IDClaims) (*User, error) {
	u, _, err := t.alive(ctx, bearing{c.Pool, c.Client, c.Sub, c.OriginJTI, c.Issued})
	return u, err
}

// A bearing is what a token says of whose it is.
type bearing struct {
	pool      PoolID
	client    ClientID
	sub       string
	originJTI string
	issued    time.Time
}

// alive returns the user of a token and its sign-in. Tokens of clients without
// token revocation name no sign-in; they die by their time of issue.
func (t *Tokens) alive(ctx context.Context, c bearing) (*User, *Family, error) {
	if c.originJTI == "" {
		u, err := t.liveUser(ctx, c.pool, c.sub)
		if err == nil && !u.SignedOut.IsZero() && !c.issued.After(u.SignedOut) {
			err = errAccessRevoked
		}
		return u, nil, err
	}
	f, err := t.Store.Family(ctx, c.pool, c.originJTI)
	if errors.Is(err, ErrNotFound) {
		return nil, nil, errAccessRevoked
	}
	if err != nil {
		return nil, nil, err
	}
	u, err := t.liveUser(ctx, c.pool, f.Sub)
	if err != nil {
		return nil, nil, err
	}
	if f.Revoked || !f.Created.After(u.SignedOut) {
		return nil, nil, errAccessRevoked
	}
	is, err := t.isSubject(ctx, c, f.Sub)
	if err == nil && !is {
		err = errAccessRevoked
	}
	return u, f, err
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
	found, _, err := t.verified(ctx, raw, useID, &c)
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
		PreferredRole: c.PreferredRole, Nonce: c.Nonce, JTI: c.JTI, OriginJTI: c.OriginJTI, SessionID: c.SessionID,
		AuthTime: seconds(c.AuthTime), Issued: seconds(c.Issued), Expires: seconds(c.Expires)}
	payload, _, err := jose.Peek(raw)
	if err != nil || json.Unmarshal(payload, &out.Raw) != nil {
		return nil, refused
	}
	if out.Username == "" {
		err = t.resolve(ctx, out)
	}
	if errors.Is(err, ErrNotFound) {
		err = refused
	}
	return out, err
}

// resolve finds the user of an ID token with a pairwise subject, or ErrNotFound. A
// hash does not lead back: the sign-in does, as long as it is kept.
func (t *Tokens) resolve(ctx context.Context, c *IDClaims) error {
	f, err := t.Store.Family(ctx, c.Pool, c.OriginJTI)
	if err != nil {
		return err
	}
	is, err := t.isSubject(ctx, bearing{pool: c.Pool, client: c.Client, sub: c.Sub}, f.Sub)
	if err == nil && !is {
		err = ErrNotFound
	}
	c.Sub = f.Sub
	return err
}

// verified checks a token's signature by a published key of the pool that issued
// it, and decodes its claims. What is not such a token is errJWT.
func (t *Tokens) verified(ctx context.Context, raw, use string, claims any) (PoolID, jose.Header, error) {
	unverified, h, err := jose.Peek(raw)
	if err != nil {
		return "", h, errJWT
	}
	pool, ok := t.issuedBy(unverified)
	if !ok || !slices.Contains(jose.Asymmetric, h.Algorithm) || strings.EqualFold(h.Type, typLogout) {
		return "", h, errJWT // what says that a sign-in ended is no proof of one
	}
	keys := &ownKeys{t.Keys, tokenScope(pool, use, h.Algorithm)}
	payload, h, err := jose.Verify(ctx, raw, keys, jose.Asymmetric)
	if errors.Is(err, jose.ErrInvalid) || err == nil && json.Unmarshal(payload, claims) != nil {
		err = errJWT
	}
	return pool, h, err
}

// Claimed returns the pool and the client that an access token names, without a look at
// the signature: good for counting, and nothing else. Both are empty where the token
// names no pool of ours.
func (t *Tokens) Claimed(raw string) (PoolID, ClientID) {
	claims, _, err := jose.Peek(raw)
	if err != nil {
		return "", ""
	}
	pool, ok := t.issuedBy(claims)
	var c struct {
		Client ClientID `json:"client_id"`
	}
	if !ok || json.Unmarshal(claims, &c) != nil {
		return "", ""
	}
	return pool, c.Client
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
