package userpool

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
)

// SecretHash is what a client with a secret sends along with a username:
// base64(HMAC-SHA256(secret, username | client ID)).
func SecretHash(secret string, id ClientID, username string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(username + string(id)))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// CheckSecretHash compares the secret hash of a request with the username as that
// request spells it, under either of the client's secrets. A client without a
// secret must not send one.
func (c *Client) CheckSecretHash(username, got string) error {
	switch {
	case c.Secret == "" && got == "":
		return nil
	case c.Secret != "" && got == "":
		return Fail(ErrNotAuthorized, "Client "+string(c.ID)+" is configured with secret but SECRET_HASH was not received")
	case !c.anySecret(func(secret string) bool { return secret != "" && sameText(SecretHash(secret, c.ID, username), got) }):
		return Fail(ErrNotAuthorized, "Unable to verify secret hash for client "+string(c.ID))
	}
	return nil
}

// checkRefreshHash is CheckSecretHash for a refresh, which names no user: the hash
// covers the stored username; the sub, by which some clients know their user, is
// good as well.
func (c *Client) checkRefreshHash(u *User, got string) error {
	if got == "" {
		return c.CheckSecretHash(u.Username, got)
	}
	if c.CheckSecretHash(u.Username, got) != nil && c.CheckSecretHash(u.Sub, got) != nil {
		return Fail(ErrNotAuthorized, "SecretHash does not match for the client: "+string(c.ID))
	}
	return nil
}

// CheckSecret compares the client secret itself, for operations that take it. It
// is ErrNotAuthorized where a secret is missing, wrong, or not expected.
func (c *Client) CheckSecret(got string) error {
	if !c.anySecret(func(secret string) bool { return sameText(secret, got) }) {
		return Fail(ErrNotAuthorized, "Unable to verify secret for client "+string(c.ID))
	}
	return nil
}

// anySecret reports whether good holds for one of the client's secrets: for the
// empty one of a public client. It asks about each, so that the time that it
// takes does not say which one was right.
func (c *Client) anySecret(good func(secret string) bool) bool {
	found := good(c.Secret)
	if c.SecondSecret != "" && good(c.SecondSecret) {
		found = true
	}
	return found
}

// sameText compares in a time that depends on neither text.
func sameText(want, got string) bool {
	a, b := sha256.Sum256([]byte(want)), sha256.Sum256([]byte(got))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}
