package idp

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
)

// A Handle is the SHA-256 of a secret that a browser or an app holds, in hex. It
// is what stores keep and what may be shown: it finds the record, but cannot be
// used in place of the secret.
type Handle string

// NewSecret returns a new secret of 256 random bits, URL-safe, and its handle.
func NewSecret() (secret string, h Handle) {
	raw := make([]byte, 32)
	rand.Read(raw) // never fails since Go 1.24
	secret = base64.RawURLEncoding.EncodeToString(raw)
	return secret, HandleOf(secret)
}

// HandleOf returns the handle of a secret.
func HandleOf(secret string) Handle {
	sum := sha256.Sum256([]byte(secret))
	return Handle(hex.EncodeToString(sum[:]))
}
