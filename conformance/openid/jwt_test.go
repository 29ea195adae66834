package openid_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// A key is a relying party's.
type key struct {
	alg, id string
	private any // *rsa.PrivateKey, *ecdsa.PrivateKey or, of HS256, the secret
}

func ecKey(t *testing.T) *key {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &key{"ES256", rand.Text(), k}
}

// rsaKey makes a key for RS256 or PS256.
func rsaKey(t *testing.T, alg string) *key {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return &key{alg, rand.Text(), k}
}

// public is the key's public half as a JWK.
func (k *key) public() jose.JSONWebKey {
	return jose.JSONWebKey{Key: k.private.(crypto.Signer).Public(), KeyID: k.id, Algorithm: k.alg, Use: "sig"}
}

// jwks is the key set of those keys.
func jwks(keys ...*key) map[string]any {
	list := []jose.JSONWebKey{}
	for _, k := range keys {
		list = append(list, k.public())
	}
	return map[string]any{"keys": list}
}

// signed makes a JWT under the key's id and algorithm. typ is left out where it is empty.
func (k *key) signed(t *testing.T, typ string, claims any) string {
	t.Helper()
	header := map[string]any{"alg": k.alg, "kid": k.id}
	if typ != "" {
		header["typ"] = typ
	}
	return k.compact(t, header, claims)
}

// compact makes a JWT with any header whatever; the algorithm is the header's.
func (k *key) compact(t *testing.T, header map[string]any, claims any) string {
	t.Helper()
	input := encoded(t, header) + "." + encoded(t, claims)
	return input + "." + base64.RawURLEncoding.EncodeToString(k.sign(t, input))
}

func (k *key) sign(t *testing.T, input string) []byte {
	t.Helper()
	sum := sha256.Sum256([]byte(input))
	switch private := k.private.(type) {
	case []byte:
		mac := hmac.New(sha256.New, private)
		mac.Write([]byte(input))
		return mac.Sum(nil)
	case *rsa.PrivateKey:
		if k.alg == "PS256" {
			return must(t)(rsa.SignPSS(rand.Reader, private, crypto.SHA256, sum[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}))
		}
		return must(t)(rsa.SignPKCS1v15(nil, private, crypto.SHA256, sum[:]))
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, private, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		out := make([]byte, 64)
		r.FillBytes(out[:32])
		s.FillBytes(out[32:])
		return out
	}
	t.Fatalf("no way to sign with %T", k.private)
	return nil
}

func must(t *testing.T) func([]byte, error) []byte {
	return func(b []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
}

func encoded(t *testing.T, v any) string {
	t.Helper()
	return base64.RawURLEncoding.EncodeToString(must(t)(json.Marshal(v)))
}
