package userpool

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/internal/jose"
)

// refreshHeader opens every refresh token: {"cty":"JWT","enc":"A256GCM","alg":"RSA-OAEP"}.
// Clients tell tokens apart by their looks, so ours look like the encrypted
// tokens that they know. Behind the header stands a value sealed by the keyring.
const refreshHeader = "eyJjdHkiOiJKV1QiLCJlbmMiOiJBMjU2R0NNIiwiYWxnIjoiUlNBLU9BRVAifQ"

// The sealed value is cut into the parts of a JWE at fixed places, so that every
// token has exactly one spelling.
const (
	refreshKeyPart = 25
	refreshIVPart  = 12
	refreshTagPart = 16
)

// A refreshState is what a refresh token says. Its pool is the seal's.
type refreshState struct {
	Family     string   `json:"f"`
	Client     ClientID `json:"c"`
	Generation int      `json:"g,omitempty"`
	Expires    int64    `json:"e"` // seconds; a rotated token keeps it
	Native     bool     `json:"n,omitempty"`
}

func refreshAAD(pool PoolID) string { return "userpool/refresh-token/" + string(pool) }

// sealRefresh returns the refresh token of the family's present generation.
func (t *Tokens) sealRefresh(f *Family, st refreshState) (string, error) {
	st.Family, st.Generation = f.ID, f.Generation
	plain, err := json.Marshal(st)
	if err != nil {
		return "", err
	}
	sealed, err := t.Keys.Seal(plain, refreshAAD(f.Pool))
	if err != nil {
		return "", err
	}
	end := len(sealed) - refreshTagPart
	parts := [][]byte{sealed[:refreshKeyPart], sealed[refreshKeyPart : refreshKeyPart+refreshIVPart],
		sealed[refreshKeyPart+refreshIVPart : end], sealed[end:]}
	token := refreshHeader
	for _, p := range parts {
		token += "." + base64.RawURLEncoding.EncodeToString(p)
	}
	return token, nil
}

var errRefreshToken = Fail(ErrNotAuthorized, "Invalid Refresh Token")

// openRefresh reads a refresh token that this client received.
func (t *Tokens) openRefresh(c *Client, token string) (*refreshState, error) {
	sealed, ok := joinRefresh(token)
	if !ok {
		return nil, errRefreshToken
	}
	plain, err := t.Keys.Open(sealed, refreshAAD(c.Pool))
	if err != nil {
		return nil, errRefreshToken
	}
	st := new(refreshState)
	if err := json.Unmarshal(plain, st); err != nil {
		return nil, err
	}
	if st.Client != c.ID {
		return nil, errRefreshToken
	}
	return st, nil
}

// joinRefresh undoes the cuts of sealRefresh.
func joinRefresh(token string) (sealed []byte, ok bool) {
	parts := strings.Split(token[:min(len(token), 4096)], ".")
	if len(token) > 4096 || len(parts) != 5 || parts[0] != refreshHeader || strings.ContainsAny(token, "\r\n") {
		return nil, false
	}
	sizes := [...]int{refreshKeyPart, refreshIVPart, -1, refreshTagPart}
	for i, p := range parts[1:] {
		raw, err := strictURL.DecodeString(p)
		if err != nil || sizes[i] >= 0 && len(raw) != sizes[i] {
			return nil, false
		}
		sealed = append(sealed, raw...)
	}
	return sealed, true
}

// ParseRefresh returns the sign-in behind a refresh token and its user, if the
// token could be redeemed now by this client, apart from rotation. It refuses
// tokens that are malformed, expired, revoked or of another client or pool, and
// users that are disabled, deleted or signed out everywhere.
func (t *Tokens) ParseRefresh(ctx context.Context, c *Client, token string) (*Family, *User, error) {
	_, f, u, err := t.readRefresh(ctx, c, token)
	return f, u, err
}

func (t *Tokens) readRefresh(ctx context.Context, c *Client, token string) (*refreshState, *Family, *User, error) {
	st, err := t.openRefresh(c, token)
	if err != nil {
		return nil, nil, nil, err
	}
	if !t.Now().Before(time.Unix(st.Expires, 0)) {
		return nil, nil, nil, Fail(ErrNotAuthorized, "Refresh Token has expired")
	}
	f, err := t.Store.Family(ctx, c.Pool, st.Family)
	if errors.Is(err, ErrNotFound) {
		return nil, nil, nil, errRefreshRevoked
	}
	if err != nil {
		return nil, nil, nil, err
	}
	u, err := t.liveUser(ctx, f.Pool, f.Sub)
	if err != nil {
		return nil, nil, nil, err
	}
	if f.Revoked || f.Client != c.ID || !f.Created.After(u.SignedOut) {
		return nil, nil, nil, errRefreshRevoked
	}
	return st, f, u, nil
}

var errRefreshRevoked = Fail(ErrNotAuthorized, "Refresh Token has been revoked")

// liveUser returns a user whose tokens may work.
func (t *Tokens) liveUser(ctx context.Context, pool PoolID, sub string) (*User, error) {
	u, err := t.Store.UserBySub(ctx, pool, sub)
	if errors.Is(err, ErrUserNotFound) {
		return nil, Fail(ErrUserNotFound, "User does not exist.")
	}
	if err != nil {
		return nil, err
	}
	if !u.Enabled {
		return nil, errUserDisabled
	}
	return u, nil
}

var errUserDisabled = Fail(ErrNotAuthorized, "User is disabled.")

// Revoke kills the family of a refresh token: the token, its successors and all
// access tokens that came of them. Revoking twice is no error. It returns
// ErrUnsupportedTokenType for an access or ID token, and ErrNotAuthorized for
// what is no refresh token of this client.
func (t *Tokens) Revoke(ctx context.Context, c *Client, token string) error {
	if _, _, err := jose.Peek(token); err == nil {
		return Fail(ErrUnsupportedTokenType, "The token is not a refresh token")
	}
	st, err := t.openRefresh(c, token)
	if err != nil {
		return err
	}
	return t.RevokeFamily(ctx, c.Pool, st.Family)
}

// RevokeFamily kills all tokens of one sign-in. An unknown or expired family is
// no error: its tokens are dead already.
func (t *Tokens) RevokeFamily(ctx context.Context, pool PoolID, id string) error {
	_, err := t.Store.UpdateFamily(ctx, pool, id, func(f *Family) error {
		f.Revoked = true
		return nil
	})
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}
