package userpool

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"net/url"
)

// Subject returns what a client calls a user: the user's sub or, for a client with
// pairwise subjects, a name that clients of other sectors cannot compare with
// theirs (OpenID Connect Core section 8.1).
func (t *Tokens) Subject(ctx context.Context, c *Client, sub string) (string, error) {
	if !c.OpenID.Pairwise {
		return sub, nil
	}
	return t.pairwise(ctx, c, sub)
}

// pairwise is a MAC over the sector and the user, under a secret of the pool.
func (t *Tokens) pairwise(ctx context.Context, c *Client, sub string) (string, error) {
	secret, err := t.Keys.Secret(ctx, "pool/"+string(c.Pool)+"/pairwise")
	if err != nil {
		return "", err
	}
	sector := c.sector()
	mac := hmac.New(sha256.New, secret)
	mac.Write(binary.BigEndian.AppendUint32(nil, uint32(len(sector))))
	mac.Write([]byte(sector + sub))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)), nil
}

// sector is the host that a client shares its pairwise subjects with: as it was
// checked when the client was set up, else that of its first redirect address, else
// nobody's but its own.
func (c *Client) sector() string {
	if c.OpenID.Sector != "" {
		return c.OpenID.Sector
	}
	for _, raw := range c.CallbackURLs {
		if u, err := url.Parse(raw); err == nil && u.Host != "" {
			return u.Hostname()
		}
	}
	return "client/" + string(c.ID)
}

// isSubject reports whether a token's subject is the user with a sub: by it, or by
// the name that the token's client has for that user.
func (t *Tokens) isSubject(ctx context.Context, token bearing, sub string) (bool, error) {
	if token.sub == sub {
		return true, nil
	}
	c, err := t.Store.Client(ctx, token.client)
	if errors.Is(err, ErrClientNotFound) || err == nil && c.Pool != token.pool {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	name, err := t.pairwise(ctx, c, sub)
	return name == token.sub, err
}
