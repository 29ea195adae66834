package userpool

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/poolhouse/poolhouse/internal/jose"
)

// contentJWT is the cty of an encrypted JWT (RFC 7519 section 5.2).
const contentJWT = "JWT"

// SignFor returns claims as a JWT for a client, made as s says: signed by the key
// that the client's ID tokens of that algorithm have, then encrypted. Where s
// names no algorithm, a JWT that is to be encrypted is not signed, and any other
// is signed RS256. typ is the header's, empty for none. The caller sets iss and aud.
func (t *Tokens) SignFor(ctx context.Context, c *Client, s Sealing, typ string, claims any) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	if s.Algorithm == "" && s.KeyManager != "" {
		return t.encryptFor(ctx, c, s, "", string(payload))
	}
	raw, err := t.signJWT(ctx, c.Pool, useID, s.Algorithm, typ, payload)
	if err != nil {
		return "", err
	}
	return t.encryptFor(ctx, c, s, contentJWT, raw)
}

// encryptFor encrypts what goes to a client to one of its keys, if s says so.
func (t *Tokens) encryptFor(ctx context.Context, c *Client, s Sealing, contentType, payload string) (string, error) {
	if s.KeyManager == "" {
		return payload, nil
	}
	keys, err := t.KeysOf(c)
	if err != nil {
		return "", err
	}
	return jose.Encrypt(ctx, keys, s.KeyManager, s.Content, contentType, []byte(payload))
}

// KeysOf returns the keys that a client registered, or those at its jwks_uri.
func (t *Tokens) KeysOf(c *Client) (jose.KeySet, error) {
	return t.ClientKeys.Of(c.OpenID.JWKS, c.OpenID.JWKSURI)
}

// halfHash is the left half of a value's hash, as at_hash and c_hash want it: by the
// hash of the ID token's algorithm, which for Ed25519 is SHA-512.
func halfHash(alg, value string) string {
	if value == "" {
		return ""
	}
	var sum []byte
	switch {
	case strings.HasSuffix(alg, "384"):
		s := sha512.Sum384([]byte(value))
		sum = s[:]
	case strings.HasSuffix(alg, "512"), alg == jose.EdDSA:
		s := sha512.Sum512([]byte(value))
		sum = s[:]
	default:
		s := sha256.Sum256([]byte(value))
		sum = s[:]
	}
	return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
}
