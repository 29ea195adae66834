package jose_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	gojose "github.com/go-jose/go-jose/v4"

	"github.com/poolhouse/poolhouse/internal/jose"
)

func TestEncryptAndDecrypt(t *testing.T) {
	for _, manager := range jose.KeyManagers {
		for _, content := range jose.Contents {
			raw, err := jose.Encrypt(t.Context(), jose.Keys{publicKey(manager)}, manager, content, "JWT", []byte("inside"))
			if err != nil {
				t.Fatalf("%s %s: %v", manager, content, err)
			}
			if !jose.Encrypted(raw) {
				t.Error("not seen as encrypted")
			}
			plain, h, err := jose.Decrypt(raw, []jose.PrivateKey{privateKey(manager)}, []string{manager}, []string{content})
			if err != nil || string(plain) != "inside" {
				t.Fatalf("%s %s: %q, %v", manager, content, plain, err)
			}
			if h.ContentType != "JWT" || h.KeyID != "k-"+manager || h.Encryption != content {
				t.Errorf("header %+v", h)
			}
			for name, try := range map[string][2][]string{
				"manager": {without(jose.KeyManagers, manager), jose.Contents},
				"content": {jose.KeyManagers, without(jose.Contents, content)},
			} {
				if _, _, err := jose.Decrypt(raw, []jose.PrivateKey{privateKey(manager)}, try[0], try[1]); !errors.Is(err, jose.ErrInvalid) {
					t.Errorf("%s %s that is not allowed: %v", manager, name, err)
				}
			}
		}
	}
}

func without(list []string, one string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == one })
}

func TestWhomToEncryptTo(t *testing.T) {
	key := publicKey(jose.RSAOAEP)
	for name, tt := range map[string]struct {
		change func(*jose.Key)
		good   bool
	}{
		"as it is":        {func(*jose.Key) {}, true},
		"any algorithm":   {func(k *jose.Key) { k.Algorithm = "" }, true},
		"other algorithm": {func(k *jose.Key) { k.Algorithm = jose.RSAOAEP256 }, false},
		"for signatures":  {func(k *jose.Key) { k.Use = "sig" }, false},
		"to verify":       {func(k *jose.Key) { k.Ops = []string{"verify"} }, false},
		"other kind":      {func(k *jose.Key) { k.Material = private()["P-256"].Public() }, false},
		"a signing kind":  {func(k *jose.Key) { k.Material = private()["Ed25519"].Public() }, false},
	} {
		k := key
		tt.change(&k)
		if _, err := jose.Encrypt(t.Context(), jose.Keys{k}, jose.RSAOAEP, "", "", []byte("x")); (err == nil) != tt.good {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, bad := range [][2]string{{"RSA1_5", ""}, {"PBES2-HS256+A128KW", ""}, {jose.Direct, ""}, {"", ""}, {jose.RSAOAEP, "A128"}} {
		if _, err := jose.Encrypt(t.Context(), jose.Keys{key}, bad[0], bad[1], "", nil); !errors.Is(err, jose.ErrInvalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// Everything here has cost another server its memory, its time or its life.
func TestHostileEncryption(t *testing.T) {
	rsaKey, ecKey := privateKey(jose.RSAOAEP), privateKey(jose.ECDHESA256)
	rsaKey.Algorithm, ecKey.Algorithm = "", ""
	keys := []jose.PrivateKey{{ID: rsaKey.ID, Private: rsaKey.Private}, ecKey, {Private: []byte(strings.Repeat("k", 32))}}
	managers := slices.Concat(jose.KeyManagers, []string{jose.Direct, "PBES2-HS256+A128KW", "RSA1_5", "A128KW"})
	good, err := jose.Encrypt(t.Context(), jose.Keys{publicKey(jose.RSAOAEP)}, jose.RSAOAEP, "", "", []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(good, ".")
	iv, text, tag := strings.Repeat("i", 12), "text", strings.Repeat("t", 16)
	for name, raw := range map[string]string{
		"empty":               "",
		"a megabyte of dots":  strings.Repeat(".", 1<<20),
		"four dots":           "....",
		"signature":           sign(t, jose.ES256, "x"),
		"altered":             strings.Join([]string{parts[0], parts[1], parts[2], parts[3], b64.EncodeToString([]byte(tag))}, "."),
		"empty key":           strings.Join([]string{parts[0], "", parts[2], parts[3], parts[4]}, "."),
		"empty key, wrapped":  token(`{"alg":"ECDH-ES+A256KW","enc":"A128GCM","epk":`+encode(t, publicKey(jose.ECDHES))+`}`, "", iv, text, tag),
		"short key, wrapped":  token(`{"alg":"ECDH-ES+A256KW","enc":"A128GCM","epk":`+encode(t, publicKey(jose.ECDHES))+`}`, "12345678", iv, text, tag),
		"no ephemeral key":    token(`{"alg":"ECDH-ES","enc":"A128GCM"}`, "", iv, text, tag),
		"other curve":         token(`{"alg":"ECDH-ES","enc":"A128GCM","epk":`+encode(t, publicKey(jose.ES384))+`}`, "", iv, text, tag),
		"not on the curve":    token(`{"alg":"ECDH-ES","enc":"A128GCM","epk":{"kty":"EC","crv":"P-256","x":"`+zeros+`","y":"`+zeros+`"}}`, "", iv, text, tag),
		"passwords":           token(`{"alg":"PBES2-HS256+A128KW","enc":"A128GCM","p2c":2147483647,"p2s":"AAAAAAAAAAA"}`, "12345678", iv, text, tag),
		"RSA1_5":              token(`{"alg":"RSA1_5","enc":"A128GCM"}`, "k", iv, text, tag),
		"unknown":             token(`{"alg":"X","enc":"A128GCM"}`, "k", iv, text, tag),
		"direct and a key":    token(`{"alg":"dir","enc":"A128GCM"}`, "k", iv, text, tag),
		"a bomb":              bomb(t),
		"critical":            token(`{"alg":"RSA-OAEP","enc":"A128GCM","crit":["x"],"x":1}`, "k", iv, text, tag),
		"no initial vector":   token(`{"alg":"dir","enc":"A128GCM"}`, "", "", text, tag),
		"no text":             token(`{"alg":"dir","enc":"A128CBC-HS256"}`, "", "0123456789abcdef", "", tag),
		"half a block":        token(`{"alg":"dir","enc":"A128CBC-HS256"}`, "", "0123456789abcdef", "abc", tag),
		"no tag":              token(`{"alg":"dir","enc":"A128GCM"}`, "", iv, text, ""),
		"somebody else's kid": strings.Replace(good, parts[0], b64.EncodeToString([]byte(`{"alg":"RSA-OAEP","enc":"A128CBC-HS256","kid":"x"}`)), 1),
	} {
		t.Run(name, func(t *testing.T) {
			if _, _, err := jose.Decrypt(raw, keys, managers, jose.Contents); !errors.Is(err, jose.ErrInvalid) {
				t.Errorf("%v", err)
			}
		})
	}
}

var zeros = b64.EncodeToString(make([]byte, 32))

// bomb is a small token with a megabyte inside, which is well encrypted.
func bomb(t *testing.T) string {
	e, err := gojose.NewEncrypter(gojose.A128GCM, gojose.Recipient{Algorithm: gojose.RSA_OAEP, Key: private()["RSA"].Public(), KeyID: "k-RSA-OAEP"},
		&gojose.EncrypterOptions{Compression: gojose.DEFLATE})
	if err != nil {
		t.Fatal(err)
	}
	jwe, err := e.Encrypt(make([]byte, 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := jwe.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func FuzzDecrypt(f *testing.F) {
	keys := []jose.PrivateKey{privateKey(jose.ECDHES), {Private: bytes.Repeat([]byte("k"), 32)}}
	for _, manager := range []string{jose.ECDHES, jose.ECDHESA256} {
		raw, err := jose.Encrypt(f.Context(), jose.Keys{publicKey(manager)}, manager, "A128GCM", "", []byte("x"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add(token(`{"alg":"dir","enc":"A128GCM"}`, "", "012345678901", "x", "0123456789abcdef"))
	f.Fuzz(func(t *testing.T, raw string) {
		_, _, err := jose.Decrypt(raw, keys, slices.Concat(jose.KeyManagers, []string{jose.Direct}), jose.Contents)
		if err != nil && !errors.Is(err, jose.ErrInvalid) {
			t.Fatal(err)
		}
	})
}
