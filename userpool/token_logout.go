package userpool

import (
	"context"
	"time"
)

// typLogout is the type of a logout token (OpenID Connect Back-Channel Logout 1.0
// section 2.4). No verifier of this package takes a token of that type.
const typLogout = "logout+jwt"

// logoutTokenLife is for how long a client may take a logout token.
const logoutTokenLife = 2 * time.Minute

// A Logout is the end of a sign-in, as its client is told of it.
type Logout struct {
	ID        string // of the token; the same where it is sent once more
	Sub       string
	SessionID string // sid
}

// logoutJSON is the payload of a logout token. It has no nonce, and must not.
type logoutJSON struct {
	Issuer    string                 `json:"iss"`
	Sub       string                 `json:"sub,omitempty"`
	Audience  ClientID               `json:"aud"`
	Issued    int64                  `json:"iat"`
	Expires   int64                  `json:"exp"`
	JTI       string                 `json:"jti"`
	SessionID string                 `json:"sid,omitempty"`
	Events    map[string]logoutEvent `json:"events"`
}

type logoutEvent struct{}

// LogoutToken signs a logout token as the client's ID tokens are signed, for the
// user as the client knows them.
func (t *Tokens) LogoutToken(ctx context.Context, c *Client, l Logout) (string, error) {
	sub, err := t.Subject(ctx, c, l.Sub)
	if err != nil {
		return "", err
	}
	now := t.Now()
	return t.SignFor(ctx, c, Sealing{Algorithm: orRS256(c.OpenID.IDToken.Algorithm)}, typLogout, logoutJSON{
		Issuer: t.Issuer(c.Pool), Sub: sub, Audience: c.ID, Issued: now.Unix(), Expires: now.Add(logoutTokenLife).Unix(),
		JTI: l.ID, SessionID: l.SessionID, Events: map[string]logoutEvent{"http://schemas.openid.net/event/backchannel-logout": {}}})
}

// LongestSignIn is for how long tokens of one sign-in to the client can live.
func (c *Client) LongestSignIn() time.Duration {
	return orDefault(c.RefreshTokenLife, defaultRefreshLife) + c.longestToken()
}

// longestToken is how long a token of the client can live that is signed now.
func (c *Client) longestToken() time.Duration {
	return max(orDefault(c.AccessTokenLife, defaultTokenLife), orDefault(c.IDTokenLife, defaultTokenLife))
}
