package userpool

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/poolhouse/poolhouse/internal/keyring"
)

// Lives of tokens whose client sets none.
const (
	defaultTokenLife   = time.Hour
	defaultRefreshLife = 30 * 24 * time.Hour
)

// Tokens issues and verifies what a sign-in ends in: signed access and ID tokens,
// and sealed refresh tokens. It keeps one row for each sign-in, the family, and
// none for a token. Use it by pointer.
type Tokens struct {
	Store    Store
	Keys     keyring.Ring
	Triggers *Triggers
	Now      func() time.Time
	Issuer   func(PoolID) string

	mu     sync.Mutex
	keySet map[PoolID]*keySet // JWK sets by pool
}

// A Grant is what tokens are issued for.
type Grant struct {
	Pool   *Pool
	Client *Client
	User   *User // nil for client_credentials
	Scopes []string
	// Native marks a sign-in through the API, where no scopes were asked for: an
	// ID token with every readable attribute comes with it. Tokens of other grants
	// follow their scopes.
	Native      bool
	AuthTime    time.Time // of the sign-in; now where zero
	Nonce       string
	Resource    string // becomes the access token's aud
	Particulars Particulars
	EventID     string // made up where empty
	Device      string // key of the device that the refresh token is good for, or empty
	Source      string // for PreTokenGeneration; where empty that of a sign-in

	asked    bool // what follows is known
	groups   groupClaim
	override tokenOverride
}

// A TokenSet is what a client receives. RefreshToken is empty where the client
// keeps the one it has, IDToken where the grant has no openid scope.
type TokenSet struct {
	AccessToken, IDToken, RefreshToken string
	ExpiresIn                          time.Duration   // life of the access token
	Family                             *Family         // nil for client_credentials
	NewDevice                          *DeviceMetadata // that can become known; nil where one is, or none is tracked
}

// Issue starts a family and returns its first tokens.
func (t *Tokens) Issue(ctx context.Context, g *Grant) (*TokenSet, error) {
	if err := t.customize(ctx, g); err != nil {
		return nil, err // before there is a sign-in
	}
	f, err := t.CreateFamily(ctx, g)
	if err != nil {
		return nil, err
	}
	set, err := t.mint(ctx, g, f)
	if err != nil || !g.refreshes() {
		return set, err
	}
	set.RefreshToken, err = t.sealRefresh(f, refreshState{Client: g.Client.ID, Native: g.Native,
		Expires: f.Created.Add(orDefault(g.Client.RefreshTokenLife, defaultRefreshLife)).Unix()})
	return set, err
}

// refreshes reports whether a refresh token comes with a grant. A client that has the
// scope offline_access gets one only where that was granted; any other gets one with
// each code, as Cognito's do.
func (g *Grant) refreshes() bool {
	return g.Native || !slices.Contains(g.Client.OAuthScopes, ScopeOffline) || slices.Contains(g.Scopes, ScopeOffline)
}

// CreateFamily adds the row of a sign-in, for grants that assemble their tokens
// themselves. The row outlives the last access token that its refresh token can buy.
func (t *Tokens) CreateFamily(ctx context.Context, g *Grant) (*Family, error) {
	now := t.Now().UTC().Truncate(time.Microsecond)
	if g.AuthTime.IsZero() {
		g.AuthTime = now
	}
	c := g.Client
	last := max(orDefault(c.AccessTokenLife, defaultTokenLife), orDefault(c.IDTokenLife, defaultTokenLife))
	f := &Family{ID: newTokenID(), Pool: g.Pool.ID, Client: c.ID, Sub: g.User.Sub, Scopes: g.Scopes,
		AuthTime: g.AuthTime.UTC(), Nonce: g.Nonce, Resource: g.Resource, Particulars: g.Particulars, Device: g.Device, Created: now,
		Expires: now.Add(orDefault(c.RefreshTokenLife, defaultRefreshLife) + last)}
	if err := t.Store.CreateFamily(ctx, f); err != nil {
		return nil, err
	}
	return f, nil
}

// mint signs the tokens of a grant.
func (t *Tokens) mint(ctx context.Context, g *Grant, f *Family) (*TokenSet, error) {
	if g.EventID == "" {
		g.EventID = newTokenID()
	}
	access, err := t.AccessToken(ctx, g, f)
	if err != nil {
		return nil, err
	}
	set := &TokenSet{AccessToken: access, Family: f, ExpiresIn: orDefault(g.Client.AccessTokenLife, defaultTokenLife)}
	switch {
	case g.Native:
		set.IDToken, err = t.IDToken(ctx, g, f, "", "")
	case slices.Contains(g.Scopes, ScopeOpenID):
		set.IDToken, err = t.IDToken(ctx, g, f, access, "")
	}
	return set, err
}

// AccessToken signs an access token of a family.
func (t *Tokens) AccessToken(ctx context.Context, g *Grant, f *Family) (string, error) {
	if err := t.customize(ctx, g); err != nil {
		return "", err
	}
	claims := t.accessClaims(g)
	claims.Sub, claims.Username, claims.Groups = g.User.Sub, g.User.Username, g.groups.Groups
	claims.AuthTime = f.AuthTime.Unix()
	if g.Client.TokenRevocation {
		claims.OriginJTI = f.ID
	}
	return t.sign(ctx, g, useAccess, claims, nil)
}

// accessClaims returns what all access tokens of a grant have.
func (t *Tokens) accessClaims(g *Grant) *accessJSON {
	now := t.Now()
	c := &accessJSON{Issuer: t.Issuer(g.Pool.ID), Version: 2, ClientID: g.Client.ID, Audience: g.Resource,
		Confirmation: g.Particulars.Confirmation, EventID: g.EventID, TokenUse: useAccess, Scope: strings.Join(g.scopes(), " "), AuthTime: now.Unix(),
		Issued: now.Unix(), Expires: now.Add(orDefault(g.Client.AccessTokenLife, defaultTokenLife)).Unix()}
	if g.Client.TokenRevocation {
		c.JTI = newTokenID()
	}
	return c
}

// IDToken signs an ID token of a family. accessToken and code are hashed into it
// where they are given (OpenID Connect Core sections 3.1.3.6 and 3.3.2.11).
func (t *Tokens) IDToken(ctx context.Context, g *Grant, f *Family, accessToken, code string) (string, error) {
	if err := t.customize(ctx, g); err != nil {
		return "", err
	}
	now := t.Now()
	c := &idJSON{Sub: g.User.Sub, Issuer: t.Issuer(g.Pool.ID), Username: g.User.Username, Nonce: g.Nonce, ACR: g.Particulars.ACR,
		AccessHash: halfHash(accessToken), CodeHash: halfHash(code), Audience: g.Client.ID, EventID: g.EventID,
		TokenUse: useID, AuthTime: f.AuthTime.Unix(), Issued: now.Unix(),
		Expires: now.Add(orDefault(g.Client.IDTokenLife, defaultTokenLife)).Unix()}
	c.Groups, c.Roles, c.PreferredRole = g.groups.Groups, g.groups.Roles, deref(g.groups.Preferred)
	if g.Client.TokenRevocation {
		c.JTI, c.OriginJTI = newTokenID(), f.ID
	}
	return t.sign(ctx, g, useID, c, g.Released())
}

// ClientCredentials issues the access token of a client that acts for itself. It
// has no family: nothing is kept of it, and it lives until it expires.
func (t *Tokens) ClientCredentials(ctx context.Context, g *Grant) (*TokenSet, error) {
	if err := t.customize(ctx, g); err != nil {
		return nil, err
	}
	claims := t.accessClaims(g)
	claims.Sub = string(g.Client.ID)
	access, err := t.sign(ctx, g, useAccess, claims, nil)
	if err != nil {
		return nil, err
	}
	return &TokenSet{AccessToken: access, ExpiresIn: orDefault(g.Client.AccessTokenLife, defaultTokenLife)}, nil
}

func (t *Tokens) sign(ctx context.Context, g *Grant, use string, claims any, attributes map[string]string) (string, error) {
	key, err := t.Keys.Signer(ctx, tokenScope(g.Pool.ID, use), algRS256)
	if err != nil {
		return "", fmt.Errorf("userpool: signing key: %w", err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	if payload, err = withAttributes(payload, attributes); err != nil {
		return "", err
	}
	change := g.override.id
	if use == useAccess {
		change = g.override.access
	}
	if payload, err = change.apply(payload, use, g.Client.ID); err != nil {
		return "", err
	}
	return signJWT(key, payload)
}

// KeyScopes are the keyring scopes of a pool's tokens.
func KeyScopes(pool PoolID) []string {
	return []string{tokenScope(pool, useID), tokenScope(pool, useAccess)}
}

// tokenScope is the keyring scope of a kind of token. ID and access tokens have
// different keys, so that neither can pass for the other.
func tokenScope(pool PoolID, use string) string { return "pool/" + string(pool) + "/" + use }

// halfHash is the left half of a value's hash, as at_hash and c_hash want it.
func halfHash(value string) string {
	if value == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(value))
	return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
}

// newTokenID returns a random UUID.
func newTokenID() string {
	var u [16]byte
	rand.Read(u[:])
	return formatUUID(u)
}

// formatUUID writes random bytes as a UUID of version 4 (RFC 9562 section 5.4).
func formatUUID(u [16]byte) string {
	u[6], u[8] = u[6]&0x0f|0x40, u[8]&0x3f|0x80
	s := hex.EncodeToString(u[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

func orDefault(d, fallback time.Duration) time.Duration {
	if d == 0 {
		return fallback
	}
	return d
}
