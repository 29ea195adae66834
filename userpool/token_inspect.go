package userpool

import (
	"context"
	"time"
)

// RefreshClaims is what a refresh token stands for.
type RefreshClaims struct {
	Family  *Family
	User    *User
	Scopes  []string // that the client may still have
	Expires time.Time
}

// InspectRefresh returns what a refresh token would buy its client now, without
// using it. Unlike a refresh with it, a look at one that was used before harms
// nobody. A token that buys nothing, or is another client's, is ErrNotAuthorized.
func (t *Tokens) InspectRefresh(ctx context.Context, c *Client, token string) (*RefreshClaims, error) {
	st, f, u, err := t.readRefresh(ctx, c, token)
	if err != nil {
		return nil, err
	}
	pool, err := t.Store.Pool(ctx, c.Pool)
	if err != nil {
		return nil, err
	}
	scopes := c.still(f.Scopes, st.Native)
	if st.judge(f, c, t.Now()) == used || len(scopes) == 0 || pool.Strict && u.PasswordChanged.After(f.Created) {
		return nil, errRefreshRevoked
	}
	return &RefreshClaims{Family: f, User: u, Scopes: scopes, Expires: seconds(st.Expires)}, nil
}

// RevokeAccess kills the family of an access token, and the token with it: it keeps
// no list of single tokens. It returns ErrUnsupportedTokenType for a token that has
// no family, and ErrNotAuthorized for what is no live access token of this client.
func (t *Tokens) RevokeAccess(ctx context.Context, c *Client, raw string) error {
	claims, err := t.VerifyAccess(ctx, raw)
	if err != nil {
		return err
	}
	if claims.Pool != c.Pool || claims.Client != c.ID {
		return errAccessToken
	}
	if claims.OriginJTI == "" {
		return Fail(ErrUnsupportedTokenType, "The token is not part of a sign-in")
	}
	return t.RevokeFamily(ctx, c.Pool, claims.OriginJTI)
}
