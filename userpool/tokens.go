package userpool

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/poolhouse/poolhouse/internal/jose"
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
	// ClientKeys are the keys that clients publish, which answers are encrypted to.
	ClientKeys *jose.RemoteKeys

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
	Until       time.Time // access tokens end then at the latest; zero is no bound
	Nonce       string
	Resource    string // becomes the access token's aud
	Particulars Particulars
	EventID     string // made up where empty
	Device      string // key of the device that the refresh token is good for, or empty
	Family      string // a NewFamilyID for the sign-in; made up where empty
	Source      string // for PreTokenGeneration; where empty that of a sign-in
	// Keep stores the family that Issue makes, before anything is signed. Where nil
	// FamilyStore.CreateFamily does.
	Keep func(context.Context, *Family) error

	asked    bool // what follows is known
	groups   groupClaim
	override tokenOverride
}

// accessLife is how long an access token of the grant lives that is made now.
func (g *Grant) accessLife(now time.Time) time.Duration {
	life := orDefault(g.Client.AccessTokenLife, defaultTokenLife)
	if g.Until.IsZero() {
		return life
	}
	return min(life, g.Until.Sub(now))
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
	f, err := t.createFamily(ctx, g, g.Client.LongestSignIn())
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

// createFamily adds the row of a sign-in. It is kept for life, which is that of the
// last token that can come of it.
func (t *Tokens) createFamily(ctx context.Context, g *Grant, life time.Duration) (*Family, error) {
	now := t.Now().UTC().Truncate(time.Microsecond)
	if g.AuthTime.IsZero() {
		g.AuthTime = now
	}
	c := g.Client
	f := &Family{ID: cmp.Or(g.Family, NewFamilyID()), Pool: g.Pool.ID, Client: c.ID, Sub: g.User.Sub, Scopes: g.Scopes,
		AuthTime: g.AuthTime.UTC(), Nonce: g.Nonce, Resource: g.Resource, Particulars: g.Particulars, Device: g.Device, Created: now,
		Expires: now.Add(life)}
	keep := g.Keep
	if keep == nil {
		keep = t.Store.CreateFamily
	}
	if err := keep(ctx, f); err != nil {
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
	set := &TokenSet{AccessToken: access, Family: f, ExpiresIn: g.accessLife(t.Now())}
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
	var err error
	if claims.Sub, err = t.Subject(ctx, g.Client, g.User.Sub); err != nil {
		return "", err
	}
	claims.AuthTime = f.AuthTime.Unix()
	if !g.Client.OpenID.JWTProfile {
		claims.Groups = g.groups.Groups
	}
	if !g.Client.OpenID.JWTProfile && !g.Client.OpenID.Pairwise {
		claims.Username = g.User.Username
	}
	if g.namesFamily() {
		claims.OriginJTI = f.ID
	}
	return t.sign(ctx, g, useAccess, claims, nil)
}

// namesFamily reports whether the grant's tokens name their sign-in: where they can
// be revoked, and where nothing else leads to the user or to what was agreed on.
func (g *Grant) namesFamily() bool {
	return g.Client.TokenRevocation || g.Client.OpenID.Pairwise || g.Particulars.Claims != nil
}

// accessClaims returns what all access tokens of a grant have.
func (t *Tokens) accessClaims(g *Grant) *accessJSON {
	now, p := t.Now(), g.Particulars
	c := &accessJSON{Issuer: t.Issuer(g.Pool.ID), ClientID: g.Client.ID, Audience: g.resources(),
		Scope:  strings.Join(g.scopes(), " "),
		Issued: now.Unix(), Expires: now.Add(g.accessLife(now)).Unix(),
		ACR: p.ACR, Methods: p.Methods, Confirmation: p.Confirmation, Actor: p.Actor, Details: p.Details}
	if g.Client.OpenID.JWTProfile {
		c.JTI = newTokenID()
		if len(c.Audience) == 0 {
			c.Audience = g.defaultResources(c.Issuer)
		}
		return c
	}
	c.Version, c.EventID, c.TokenUse, c.AuthTime = 2, g.EventID, useAccess, now.Unix()
	if g.Client.TokenRevocation {
		c.JTI = newTokenID()
	}
	return c
}

// resources are those that the access token was asked for.
func (g *Grant) resources() audience {
	if g.Resource != "" { // be it one of several that were granted
		return audience{g.Resource}
	}
	return g.Particulars.Resources
}

// defaultResources are those that the grant's scopes speak of (RFC 9068 section 3):
// resource servers of the pool, and the issuer, who answers with what is known of
// the user.
func (g *Grant) defaultResources(issuer string) audience {
	var out audience
	for _, scope := range g.scopes() {
		resource := issuer
		if i := strings.LastIndexByte(scope, '/'); i >= 0 {
			resource = scope[:i]
		}
		if !slices.Contains(out, resource) {
			out = append(out, resource)
		}
	}
	if len(out) == 0 {
		return audience{issuer}
	}
	return out
}

// IDToken signs an ID token of a family, and encrypts it for clients that want it
// so. accessToken and code are hashed into it where they are given (OpenID
// Connect Core sections 3.1.3.6 and 3.3.2.11).
func (t *Tokens) IDToken(ctx context.Context, g *Grant, f *Family, accessToken, code string) (string, error) {
	if err := t.customize(ctx, g); err != nil {
		return "", err
	}
	now, alg := t.Now(), orRS256(g.Client.OpenID.IDToken.Algorithm)
	c := &idJSON{Issuer: t.Issuer(g.Pool.ID), Username: g.User.Username, Nonce: g.Nonce,
		AccessHash: halfHash(alg, accessToken), CodeHash: halfHash(alg, code), Audience: g.Client.ID, EventID: g.EventID,
		TokenUse: useID, AuthTime: f.AuthTime.Unix(), Issued: now.Unix(),
		SessionID: g.Particulars.SessionID, ACR: g.Particulars.ACR, Methods: g.Particulars.Methods,
		Expires: now.Add(orDefault(g.Client.IDTokenLife, defaultTokenLife)).Unix()}
	c.Groups, c.Roles, c.PreferredRole = g.groups.Groups, g.groups.Roles, deref(g.groups.Preferred)
	if g.Client.TokenRevocation {
		c.JTI = newTokenID()
	}
	if g.namesFamily() {
		c.OriginJTI = f.ID
	}
	var err error
	if c.Sub, err = t.Subject(ctx, g.Client, g.User.Sub); err != nil {
		return "", err
	}
	if g.Client.OpenID.Pairwise {
		c.Username = "" // it would tell what the subject hides
	}
	raw, err := t.sign(ctx, g, useID, c, g.Released())
	if err != nil {
		return "", err
	}
	return t.encryptFor(ctx, g.Client, g.Client.OpenID.IDToken, contentJWT, raw)
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
	return &TokenSet{AccessToken: access, ExpiresIn: g.accessLife(t.Now())}, nil
}

// typeAccess is the typ of an access token (RFC 9068 section 2.1). Those in
// Cognito's form have none.
const typeAccess = "at+jwt"

// sign signs the claims of an access or ID token after the function of the pool has
// had its say.
func (t *Tokens) sign(ctx context.Context, g *Grant, use string, claims any, attributes map[string]string) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	if payload, err = withAttributes(payload, attributes); err != nil {
		return "", err
	}
	change, alg, typ := g.override.id, g.Client.OpenID.IDToken.Algorithm, ""
	if use == useAccess {
		change, alg = g.override.access, g.Client.OpenID.AccessToken.Algorithm
		if g.Client.OpenID.JWTProfile {
			typ = typeAccess
		}
	}
	if payload, err = change.apply(payload, use, g.Client.ID); err != nil {
		return "", err
	}
	return t.signJWT(ctx, g.Pool.ID, use, alg, typ, payload)
}

// NewFamilyID returns a fresh ID for Grant.Family.
func NewFamilyID() string { return newTokenID() }

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
