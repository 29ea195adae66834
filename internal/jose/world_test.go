package jose_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"sync"
	"testing"

	"github.com/poolhouse/poolhouse/internal/jose"
)

var b64 = base64.RawURLEncoding

// private are the keys of these tests by their kind; making them takes time.
var private = sync.OnceValue(func() map[string]crypto.Signer {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	keys := map[string]crypto.Signer{"RSA": rsaKey}
	for name, curve := range map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()} {
		if keys[name], err = ecdsa.GenerateKey(curve, rand.Reader); err != nil {
			panic(err)
		}
	}
	_, keys["Ed25519"], err = ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	return keys
})

// kindOf is the kind of key that an algorithm is for.
var kindOf = map[string]string{
	jose.RS256: "RSA", jose.RS384: "RSA", jose.RS512: "RSA", jose.PS256: "RSA", jose.PS384: "RSA", jose.PS512: "RSA",
	jose.ES256: "P-256", jose.ES384: "P-384", jose.ES512: "P-521", jose.EdDSA: "Ed25519",
	jose.RSAOAEP: "RSA", jose.RSAOAEP256: "RSA",
	jose.ECDHES: "P-256", jose.ECDHESA128: "P-384", jose.ECDHESA192: "P-521", jose.ECDHESA256: "P-256",
}

func privateKey(alg string) jose.PrivateKey {
	return jose.PrivateKey{ID: "k-" + alg, Algorithm: alg, Private: private()[kindOf[alg]]}
}

func publicKey(alg string) jose.Key {
	return jose.Key{ID: "k-" + alg, Algorithm: alg, Material: private()[kindOf[alg]].Public()}
}

func sign(t testing.TB, alg string, payload string) string {
	t.Helper()
	raw, err := jose.Sign(privateKey(alg), "", []byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// token puts parts together as they are.
func token(header string, rest ...string) string {
	raw := b64.EncodeToString([]byte(header))
	for _, part := range rest {
		raw += "." + b64.EncodeToString([]byte(part))
	}
	return raw
}

func encode(t testing.TB, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// signature signs what a test put together itself.
func signature(t testing.TB, alg, signed string) string {
	t.Helper()
	key, sum := private()[kindOf[alg]], sha256.Sum256([]byte(signed))
	if ec, ok := key.(*ecdsa.PrivateKey); ok {
		r, s, err := ecdsa.Sign(rand.Reader, ec, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		raw := make([]byte, 64)
		r.FillBytes(raw[:32])
		s.FillBytes(raw[32:])
		return b64.EncodeToString(raw)
	}
	raw, err := key.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	return b64.EncodeToString(raw)
}
