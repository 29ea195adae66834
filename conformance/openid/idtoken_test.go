package openid_test

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// skew is how far the clocks of provider and relying party may be apart.
const skew = 10 * time.Second

// An idToken is a verified ID token.
type idToken struct {
	raw    string
	alg    string
	kid    string
	claims map[string]any
}

// verify checks an ID token as OpenID Connect Core section 3.1.3.7 asks, and more:
// one audience, one key with its id, exactly the algorithm that was agreed on.
func (r *rp) verify(t *testing.T, raw string) *idToken {
	t.Helper()
	if !contains(r.meta.IDTokenAlgs, r.idAlg) {
		t.Errorf("discovery does not list %s", r.idAlg)
	}
	id := &idToken{raw: raw, alg: r.idAlg}
	id.kid = r.open(t, raw, r.idAlg, &id.claims).KeyID
	id.same(t, "iss", r.meta.Issuer)
	if aud := fmt.Sprint(id.claims["aud"]); aud != r.id && aud != "["+r.id+"]" {
		t.Errorf("aud %s, want %s", aud, r.id)
	}
	if azp, ok := id.claims["azp"]; ok && azp != r.id {
		t.Errorf("azp %v", azp)
	}
	if sub, _ := id.claims["sub"].(string); sub == "" || len(sub) > 255 {
		t.Errorf("sub %q", sub)
	}
	iat, exp := id.time(t, "iat"), id.time(t, "exp")
	if now := time.Now(); iat.After(now.Add(skew)) || now.Sub(iat) > 5*time.Minute || !exp.After(now) || exp.Before(iat) {
		t.Errorf("iat %v, exp %v, now %v", iat, exp, now)
	}
	checkClaims(t, id.claims)
	return id
}

// open verifies a signed JWT of the provider and decodes its claims.
func (o *op) open(t *testing.T, raw, alg string, claims any) (header jose.Header) {
	t.Helper()
	jws, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(alg)})
	if err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	header = jws.Signatures[0].Protected
	if header.KeyID == "" || header.JSONWebKey != nil {
		t.Errorf("header %+v", header)
	}
	key := o.key(t, header.KeyID)
	if key.Use != "" && key.Use != "sig" || key.Algorithm != "" && key.Algorithm != alg || !key.IsPublic() {
		t.Errorf("key %s: use %q, alg %q", key.KeyID, key.Use, key.Algorithm)
	}
	payload, err := jws.Verify(key)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(payload, claims); err != nil {
		t.Fatal(err)
	}
	return header
}

// same fails the test unless the claim has that value.
func (id *idToken) same(t *testing.T, claim string, want any) {
	t.Helper()
	if got := id.claims[claim]; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s is %v, want %v", claim, got, want)
	}
}

// time returns a claim that is a number of seconds.
func (id *idToken) time(t *testing.T, claim string) time.Time {
	t.Helper()
	seconds, ok := id.claims[claim].(float64)
	if !ok {
		t.Fatalf("%s is %v", claim, id.claims[claim])
	}
	return time.Unix(int64(seconds), 0)
}

// hashes checks a claim that binds another value to the token (OpenID Connect Core
// section 3.3.2.11). No value means no claim is needed.
func (id *idToken) hashes(t *testing.T, claim, value string) {
	t.Helper()
	if value == "" {
		return
	}
	if got, want := id.claims[claim], halfHash(id.alg, value); got != want {
		t.Errorf("%s is %v, want %s", claim, got, want)
	}
}

func halfHash(alg, value string) string {
	var sum []byte
	switch {
	case strings.HasSuffix(alg, "384"):
		s := sha512.Sum384([]byte(value))
		sum = s[:]
	case slices.Contains([]string{"EdDSA", "Ed25519"}, alg) || strings.HasSuffix(alg, "512"):
		s := sha512.Sum512([]byte(value))
		sum = s[:]
	default:
		s := sha256.Sum256([]byte(value))
		sum = s[:]
	}
	return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
}
