package jose_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/internal/jose"
)

func TestSignAndVerify(t *testing.T) {
	for _, alg := range jose.Asymmetric {
		t.Run(alg, func(t *testing.T) {
			raw, err := jose.Sign(privateKey(alg), "at+jwt", []byte(`{"a":1}`))
			if err != nil {
				t.Fatal(err)
			}
			payload, h, err := jose.Verify(t.Context(), raw, jose.Keys{publicKey(alg)}, []string{alg})
			if err != nil || string(payload) != `{"a":1}` {
				t.Fatalf("%s, %v", payload, err)
			}
			if h.Algorithm != alg || h.KeyID != "k-"+alg || h.Type != "at+jwt" {
				t.Errorf("header %+v", h)
			}
			others := slices.DeleteFunc(slices.Concat(jose.Asymmetric, jose.Symmetric), func(a string) bool { return a == alg })
			if _, _, err := jose.Verify(t.Context(), raw, jose.Keys{publicKey(alg)}, others); !errors.Is(err, jose.ErrInvalid) {
				t.Errorf("algorithm not allowed: %v", err)
			}
		})
	}
}

func TestSharedSecret(t *testing.T) {
	secret := strings.Repeat("s", 64)
	for _, alg := range jose.Symmetric {
		raw, err := jose.Sign(jose.PrivateKey{Algorithm: alg, Private: []byte(secret)}, "", []byte("x"))
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := jose.Verify(t.Context(), raw, jose.Secret(secret), jose.Symmetric); err != nil {
			t.Errorf("%s: %v", alg, err)
		}
		for name, other := range map[string]string{"wrong": strings.Repeat("t", 64), "short": secret[:31], "none": ""} {
			if _, _, err := jose.Verify(t.Context(), raw, jose.Secret(other), jose.Symmetric); !errors.Is(err, jose.ErrInvalid) {
				t.Errorf("%s with a %s secret: %v", alg, name, err)
			}
		}
		if _, err := jose.Sign(jose.PrivateKey{Algorithm: alg, Private: []byte(secret[:31])}, "", []byte("x")); err == nil {
			t.Errorf("%s signs with a short secret", alg)
		}
	}
}

// The public key is known to everybody: a verifier that takes its bytes for a
// secret accepts anything.
func TestPublicKeyIsNoSecret(t *testing.T) {
	key := private()["RSA"].Public()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	jwk, err := json.Marshal(publicKey(jose.RS256))
	if err != nil {
		t.Fatal(err)
	}
	anyAlgorithm := slices.Concat(jose.Asymmetric, jose.Symmetric)
	for name, secret := range map[string][]byte{"DER": der, "JWK": jwk, "PEM": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})} {
		signed := token(`{"alg":"HS256"}`, `{"sub":"mallory"}`)
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(signed))
		raw := signed + "." + b64.EncodeToString(mac.Sum(nil))
		if _, _, err := jose.Verify(t.Context(), raw, jose.Keys{{Material: key}}, anyAlgorithm); !errors.Is(err, jose.ErrNoKey) {
			t.Errorf("%s as a secret: %v", name, err)
		}
	}
}

func TestForgedSignatures(t *testing.T) {
	good := sign(t, jose.ES256, `{"a":1}`)
	parts := strings.Split(good, ".")
	keys := jose.Keys{publicKey(jose.ES256), publicKey(jose.RS256), publicKey(jose.EdDSA)}
	header := func(h string) string { return b64.EncodeToString([]byte(h)) + "." + parts[1] + "." + parts[2] }
	last := good[len(good)-1:]
	sibling := map[string]string{"A": "B", "Q": "R", "g": "h", "w": "x"}[last] // the same bytes, to a lax decoder
	for name, raw := range map[string]string{
		"empty":              "",
		"one part":           parts[0],
		"two parts":          parts[0] + "." + parts[1],
		"four parts":         good + ".",
		"no signature":       parts[0] + "." + parts[1] + ".",
		"other payload":      parts[0] + "." + b64.EncodeToString([]byte(`{"a":2}`)) + "." + parts[2],
		"padding":            good + "=",
		"other last bits":    good[:len(good)-1] + sibling,
		"line break":         good + "\n",
		"none":               token(`{"alg":"none"}`, `{"a":1}`, ""),
		"None":               token(`{"alg":"None"}`, `{"a":1}`, ""),
		"no algorithm":       header(`{"kid":"k-ES256"}`),
		"algorithm a number": header(`{"alg":256}`),
		"other algorithm":    header(`{"alg":"ES384","kid":"k-ES256"}`),
		"other kind of key":  header(`{"alg":"ES256","kid":"k-RS256"}`),
		"unknown key":        header(`{"alg":"ES256","kid":"x"}`),
		"critical":           header(`{"alg":"ES256","kid":"k-ES256","crit":["exp"]}`),
		"not encoded":        header(`{"alg":"ES256","kid":"k-ES256","b64":false}`),
		"twice":              header(`{"alg":"none","alg":"ES256","kid":"k-ES256"}`),
		"header a list":      header(`[]`),
		"header and more":    header(`{"alg":"ES256","kid":"k-ES256"}{}`),
		"a megabyte of dots": strings.Repeat(".", 1<<20),
		"dots":               strings.Repeat(".", 60<<10),
		"a megabyte":         strings.Repeat("A", 1<<20) + "." + parts[1] + "." + parts[2],
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := jose.Verify(t.Context(), raw, keys, slices.Concat(jose.Asymmetric, jose.Symmetric, []string{"none", "None"}))
			if !errors.Is(err, jose.ErrInvalid) {
				t.Errorf("%v", err)
			}
		})
	}
	if _, _, err := jose.Verify(t.Context(), good, keys, jose.Asymmetric); err != nil {
		t.Fatalf("the token that the forgeries are made of: %v", err)
	}
}

func TestWhichKeyVerifies(t *testing.T) {
	raw := sign(t, jose.RS256, "x")
	other := publicKey(jose.RS256)
	other.Material = private()["P-256"].Public()
	for name, tt := range map[string]struct {
		change func(*jose.Key)
		good   bool
	}{
		"as it is":            {func(*jose.Key) {}, true},
		"any algorithm":       {func(k *jose.Key) { k.Algorithm = "" }, true},
		"other algorithm":     {func(k *jose.Key) { k.Algorithm = jose.PS256 }, false},
		"no kid":              {func(k *jose.Key) { k.ID = "" }, true},
		"other kid":           {func(k *jose.Key) { k.ID = "x" }, false},
		"for signatures":      {func(k *jose.Key) { k.Use = "sig" }, true},
		"for encryption":      {func(k *jose.Key) { k.Use = "enc" }, false},
		"to verify":           {func(k *jose.Key) { k.Ops = []string{"verify"} }, true},
		"to encrypt":          {func(k *jose.Key) { k.Ops = []string{"encrypt"} }, false},
		"other kind":          {func(k *jose.Key) { k.Material = other.Material }, false},
		"no key":              {func(k *jose.Key) { k.Material = nil }, false},
		"the private key too": {func(k *jose.Key) { k.Material = private()["RSA"] }, false},
	} {
		key := publicKey(jose.RS256)
		tt.change(&key)
		if _, _, err := jose.Verify(t.Context(), raw, jose.Keys{other, key}, jose.Asymmetric); (err == nil) != tt.good {
			t.Errorf("%s: %v", name, err)
		}
	}
	nameless := privateKey(jose.RS256)
	nameless.ID = ""
	raw, err := jose.Sign(nameless, "", []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := jose.Verify(t.Context(), raw, jose.Keys{other, publicKey(jose.RS256)}, jose.Asymmetric); err != nil {
		t.Errorf("a token without kid: %v", err)
	}
}

func TestEmbeddedKey(t *testing.T) {
	embed := func(alg, jwk string) string {
		signed := token(`{"alg":"`+alg+`","typ":"dpop+jwt","jwk":`+jwk+`}`, `{"jti":"1"}`)
		return signed + "." + signature(t, alg, signed)
	}
	jwk := encode(t, publicKey(jose.ES256))
	payload, h, key, err := jose.VerifyEmbedded(embed(jose.ES256, jwk), jose.FAPI)
	if err != nil || string(payload) != `{"jti":"1"}` || h.Type != "dpop+jwt" {
		t.Fatalf("%s %+v %v", payload, h, err)
	}
	if other := publicKey(jose.ES256); key.Thumbprint() == "" || key.Thumbprint() != other.Thumbprint() {
		t.Errorf("thumbprint %q", key.Thumbprint())
	}
	for name, raw := range map[string]string{
		"no jwk":          sign(t, jose.ES256, "{}"),
		"private":         embed(jose.ES256, strings.Replace(jwk, "{", `{"d":"AA",`, 1)),
		"somebody else's": embed(jose.ES256, encode(t, publicKey(jose.EdDSA))),
		"a secret":        embed(jose.ES256, `{"kty":"oct","k":"AAAA"}`),
		"no key":          embed(jose.ES256, `{}`),
		"a string":        embed(jose.ES256, `"x"`),
		"not allowed":     embed(jose.RS256, encode(t, publicKey(jose.RS256))),
	} {
		if _, _, _, err := jose.VerifyEmbedded(raw, jose.FAPI); !errors.Is(err, jose.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzVerify(f *testing.F) {
	good := sign(f, jose.ES256, `{"a":1}`)
	f.Add(good)
	f.Add(token(`{"alg":"none"}`, "{}", ""))
	f.Add(strings.Repeat(".", 100))
	keys := jose.Keys{publicKey(jose.ES256), publicKey(jose.EdDSA), {Material: []byte(strings.Repeat("s", 64))}}
	f.Fuzz(func(t *testing.T, raw string) {
		if _, _, err := jose.Verify(t.Context(), raw, keys, slices.Concat(jose.Asymmetric, jose.Symmetric)); err == nil && raw != good {
			t.Fatalf("accepted %q", raw)
		} else if err != nil && !errors.Is(err, jose.ErrInvalid) {
			t.Fatal(err)
		}
		_, _, _, _ = jose.VerifyEmbedded(raw, jose.Asymmetric) // must return
	})
}
