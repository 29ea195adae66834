package jose_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	gojose "github.com/go-jose/go-jose/v4"

	"github.com/poolhouse/poolhouse/internal/jose"
)

func TestKeySetRoundTrip(t *testing.T) {
	var keys jose.Keys
	for _, alg := range jose.Asymmetric {
		k := publicKey(alg)
		k.Use = "sig"
		keys = append(keys, k)
	}
	raw, err := jose.EncodeKeySet(keys)
	if err != nil {
		t.Fatal(err)
	}
	again, err := jose.ParseKeySet(raw)
	if err != nil || len(again) != len(keys) {
		t.Fatalf("%d keys, %v", len(again), err)
	}
	for i, alg := range jose.Asymmetric {
		if again[i].ID != keys[i].ID || again[i].Algorithm != alg || again[i].Use != "sig" || again[i].Thumbprint() != keys[i].Thumbprint() {
			t.Errorf("%+v became %+v", keys[i], again[i])
		}
	}
	if raw, err := jose.EncodeKeySet(nil); err != nil || string(raw) != `{"keys":[]}` {
		t.Errorf("no keys: %s, %v", raw, err)
	}
	for name, material := range map[string]any{"secret": []byte(strings.Repeat("s", 64)), "private": private()["RSA"], "nothing": nil} {
		if raw, err := jose.EncodeKeySet(jose.Keys{{Material: material}}); err == nil {
			t.Errorf("%s key was published: %s", name, raw)
		}
	}
}

func TestParseKeySet(t *testing.T) {
	good := encode(t, publicKey(jose.ES256))
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	weakJWK := encode(t, gojose.JSONWebKey{Key: &weak.PublicKey})
	secret := encode(t, gojose.JSONWebKey{Key: private()["P-256"]})
	for name, tt := range map[string]struct {
		raw  string
		keys int // none where it is refused
	}{
		"one":               {`{"keys":[` + good + `]}`, 1},
		"unknown kinds too": {`{"keys":[{"kty":"OKP","crv":"X448","x":"AA"},{"kty":"PQ"},{},` + good + `]}`, 1},
		"weak too":          {`{"keys":[` + weakJWK + `,` + good + `]}`, 1},
		"other algorithm":   {`{"keys":[` + strings.Replace(good, `"ES256"`, `"X"`, 1) + `,` + good + `]}`, 1},
		"weak":              {`{"keys":[` + weakJWK + `]}`, 0},
		"private":           {`{"keys":[` + good + `,` + secret + `]}`, 0},
		"secret":            {`{"keys":[` + good + `,{"kty":"oct","k":"AAAA"}]}`, 0},
		"no keys":           {`{"keys":[]}`, 0},
		"no list":           {`{"keys":{}}`, 0},
		"no member":         {`{}`, 0},
		"a key":             {good, 0},
		"a list":            {`[` + good + `]`, 0},
		"strings":           {`{"keys":["x"]}`, 0},
		"twice":             {`{"keys":[` + secret + `],"keys":[` + good + `]}`, 0},
		"ops no list":       {`{"keys":[` + strings.Replace(good, "{", `{"key_ops":"verify",`, 1) + `]}`, 0},
		"not JSON":          {`{"keys":[`, 0},
		"many":              {`{"keys":[` + strings.Repeat(good+",", 40) + good + `]}`, 0},
		"large":             {`{"keys":[` + good + `]}` + strings.Repeat(" ", 64<<10), 0},
	} {
		t.Run(name, func(t *testing.T) {
			keys, err := jose.ParseKeySet([]byte(tt.raw))
			if len(keys) != tt.keys || (err == nil) != (tt.keys > 0) {
				t.Errorf("%d keys, %v", len(keys), err)
			}
			if err != nil && !errors.Is(err, jose.ErrInvalid) {
				t.Errorf("%v is no ErrInvalid", err)
			}
		})
	}
}

func FuzzParseKeySet(f *testing.F) {
	for _, alg := range []string{jose.RS256, jose.ES512, jose.EdDSA} {
		f.Add([]byte(`{"keys":[` + encode(f, publicKey(alg)) + `]}`))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		keys, err := jose.ParseKeySet(raw)
		if err != nil {
			return
		}
		out, err := jose.EncodeKeySet(keys)
		if err != nil {
			t.Fatal(err)
		}
		var set struct{ Keys []map[string]any }
		if json.Unmarshal(out, &set) != nil || len(set.Keys) != len(keys) {
			t.Fatalf("%s", out)
		}
		for _, k := range set.Keys {
			if k["d"] != nil || k["k"] != nil {
				t.Fatalf("private: %s", out)
			}
		}
	})
}
