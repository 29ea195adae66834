package jose

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"slices"

	gojose "github.com/go-jose/go-jose/v4"
)

// minRSA and maxRSA bound RSA keys in bits (RFC 7518 section 3.3): below, they can
// be broken; above, they cost more than they protect.
const (
	minRSA = 2048
	maxRSA = 8192
)

// A Key is a public key, or a shared secret, that checks signatures or that is
// encrypted to.
type Key struct {
	ID        string   // kid; may be empty
	Algorithm string   // alg, the only one that it is for; empty for any that fits
	Use       string   // sig, enc or empty
	Ops       []string // key_ops; empty for any
	// Material is an *rsa.PublicKey, *ecdsa.PublicKey, ed25519.PublicKey, or the
	// bytes of a secret.
	Material     any
	Certificates []*x509.Certificate // x5c; its first holds the same public key
}

// A KeySet finds keys.
type KeySet interface {
	// Find returns the keys that may be the one with that kid; all where it is
	// empty.
	Find(ctx context.Context, kid string) (Keys, error)
}

// Keys is a KeySet of fixed keys.
type Keys []Key

// Find implements KeySet. A key without an ID may be any.
func (k Keys) Find(_ context.Context, kid string) (Keys, error) {
	if kid == "" {
		return k, nil
	}
	var found Keys
	for _, key := range k {
		if key.ID == kid || key.ID == "" {
			found = append(found, key)
		}
	}
	return found, nil
}

// Secret is the KeySet of what two sides share.
func Secret(secret string) Keys { return Keys{{Material: []byte(secret)}} }

// verifies reports whether a signature with alg may be checked with the key.
func (k *Key) verifies(alg string) bool {
	return (k.Algorithm == "" || k.Algorithm == alg) && (k.Use == "" || k.Use == "sig") && k.may("verify") && fits(k.Material, alg)
}

// encrypts reports whether the key of a JWE may be encrypted to the key.
func (k *Key) encrypts(alg string) bool {
	return (k.Algorithm == "" || k.Algorithm == alg) && (k.Use == "" || k.Use == "enc") &&
		(k.may("encrypt") || k.may("wrapKey") || k.may("deriveKey") || k.may("deriveBits")) && fits(k.Material, alg)
}

func (k *Key) may(op string) bool { return len(k.Ops) == 0 || slices.Contains(k.Ops, op) }

// A kind is the keys that an algorithm is for.
type kind struct {
	family string // RSA, EC, OKP or oct
	size   int    // bits of the curve (RFC 7518 section 3.4), or least bytes of a secret (section 3.2)
}

var kinds = map[string]kind{
	RS256: {"RSA", 0}, RS384: {"RSA", 0}, RS512: {"RSA", 0}, PS256: {"RSA", 0}, PS384: {"RSA", 0}, PS512: {"RSA", 0},
	RSAOAEP: {"RSA", 0}, RSAOAEP256: {"RSA", 0},
	ES256: {"EC", 256}, ES384: {"EC", 384}, ES512: {"EC", 521},
	ECDHES: {"EC", 0}, ECDHESA128: {"EC", 0}, ECDHESA192: {"EC", 0}, ECDHESA256: {"EC", 0},
	EdDSA: {"OKP", 0},
	HS256: {"oct", 32}, HS384: {"oct", 48}, HS512: {"oct", 64}, Direct: {"oct", 16},
}

// fits reports whether an algorithm is for keys of this kind and strength. It is
// what keeps a public key from being used as a secret.
func fits(material any, alg string) bool {
	k := kinds[alg]
	switch m := material.(type) {
	case *rsa.PublicKey:
		return k.family == "RSA" && m.N.BitLen() >= minRSA && m.N.BitLen() <= maxRSA
	case *ecdsa.PublicKey:
		size := m.Curve.Params().BitSize
		return k.family == "EC" && (size == k.size || k.size == 0 && size >= 256)
	case ed25519.PublicKey:
		return k.family == "OKP" && len(m) == ed25519.PublicKeySize
	case []byte:
		return k.family == "oct" && len(m) >= k.size
	}
	return false
}

// strong reports whether a public key is one that fits anything.
func strong(material any) bool {
	_, secret := material.([]byte)
	return !secret && slices.ContainsFunc(Asymmetric, func(alg string) bool { return fits(material, alg) })
}

// Thumbprint returns the SHA-256 thumbprint of a public key (RFC 7638) in
// base64url, or nothing for a secret.
func (k *Key) Thumbprint() string {
	sum, err := (&gojose.JSONWebKey{Key: k.Material}).Thumbprint(crypto.SHA256)
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(sum)
}

// MarshalJSON encodes a public key as a JWK. Secrets have no such form here.
func (k Key) MarshalJSON() ([]byte, error) {
	if !strong(k.Material) {
		return nil, invalid("a %T is no public key", k.Material)
	}
	return json.Marshal(gojose.JSONWebKey{Key: k.Material, KeyID: k.ID, Algorithm: k.Algorithm, Use: k.Use})
}
