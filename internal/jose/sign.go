package jose

import (
	"crypto"
	"strings"

	gojose "github.com/go-jose/go-jose/v4"
)

// A PrivateKey signs or decrypts.
type PrivateKey struct {
	ID        string // kid; not written where empty
	Algorithm string // of its signatures, or its key encryption
	// Private is an *rsa.PrivateKey, *ecdsa.PrivateKey, ed25519.PrivateKey, or the
	// bytes of a secret.
	Private any
}

// Sign returns a JWS over payload in its compact serialization. typ is written
// where it is not empty.
func Sign(key PrivateKey, typ string, payload []byte) (string, error) {
	if !fits(publicOf(key.Private), key.Algorithm) {
		return "", invalid("a %T does not sign with %q", key.Private, key.Algorithm)
	}
	options := &gojose.SignerOptions{}
	if typ != "" {
		options.WithType(gojose.ContentType(typ))
	}
	signer, err := gojose.NewSigner(gojose.SigningKey{Algorithm: gojose.SignatureAlgorithm(key.Algorithm),
		Key: gojose.JSONWebKey{Key: key.Private, KeyID: key.ID}}, options)
	if err != nil {
		return "", err
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		return "", err
	}
	return jws.CompactSerialize()
}

// publicOf is the half of a key that others see; a secret is its own.
func publicOf(private any) any {
	if signer, ok := private.(crypto.Signer); ok {
		return signer.Public()
	}
	return private
}

// unverified is the payload of a JWS that split took.
func unverified(raw string) []byte {
	payload, _ := strict.DecodeString(strings.Split(raw, ".")[1]) // split decoded it before
	return payload
}
