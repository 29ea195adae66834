package identity_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/poolhouse/poolhouse/sts"
	"github.com/poolhouse/poolhouse/sts/identity"
)

func TestOpenIDToken(t *testing.T) {
	w := newWorld(t)
	p := w.pool(nil)
	logins := map[string]string{awsName: w.idToken("alice", nil)}
	id := w.id(p, logins)
	raw, _, err := w.token(id, logins)
	if err != nil {
		t.Fatal(err)
	}
	got := verifyByJWKS(t, w, raw)
	now := float64(w.clock.Now().Unix())
	want := map[string]any{"iss": "http://127.0.0.1:8080/identity", "aud": string(p.ID), "sub": string(id), "iat": now, "exp": now + 600,
		"amr": []any{"authenticated", awsName, awsName + ":CognitoSignIn:alice"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	guest, _, err := w.token(w.id(p, nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	if amr := verifyByJWKS(t, w, guest)["amr"]; !reflect.DeepEqual(amr, []any{"unauthenticated"}) {
		t.Errorf("guest's amr %v", amr)
	}
}

// verifyByJWKS verifies a token as anybody outside would.
func verifyByJWKS(t *testing.T, w *world, raw string) (claims map[string]any) {
	t.Helper()
	set, err := w.JWKS(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var keys jose.JSONWebKeySet
	if err := json.Unmarshal(set, &keys); err != nil {
		t.Fatal(err)
	}
	token, err := jwt.ParseSigned(raw, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		t.Fatal(err)
	}
	if err := token.Claims(keys.Key(token.Headers[0].KeyID)[0].Key, &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

func TestBasicFlow(t *testing.T) {
	w := newWorld(t)
	p := w.pool(nil)
	w.role(userRole, p, "authenticated")
	logins := map[string]string{awsName: w.idToken("alice", nil)}
	raw, _, err := w.token(w.id(p, logins), logins)
	if err != nil {
		t.Fatal(err)
	}
	in := sts.WebTokenRequest{RoleARN: userRole, SessionName: "basic", Token: raw}
	if out, err := w.sts.AssumeRoleWithToken(ctx, in); err != nil || out.Audience != string(p.ID) {
		t.Errorf("got %+v, %v", out, err)
	}
	w.clock.Advance(10 * time.Minute)
	if _, err := w.sts.AssumeRoleWithToken(ctx, in); !errors.Is(err, sts.ErrTokenExpired) {
		t.Errorf("after ten minutes: %v", err)
	}
}

func TestClassicFlowOff(t *testing.T) {
	w := newWorld(t)
	off := false
	p := w.pool(func(s *identity.Settings) { s.AllowClassic = &off })
	w.role(guestOne, p, "unauthenticated")
	w.setRoles(p, nil)
	id := w.id(p, nil)
	_, _, err := w.token(id, nil)
	wantFault(t, "GetOpenIdToken", err, identity.ErrInvalidParameter, "Basic (classic) flow is not enabled, please use enhanced flow.")
	if _, err := w.credentials(id, nil, ""); err != nil {
		t.Errorf("enhanced flow: %v", err)
	}
}

func TestForgedPoolTokens(t *testing.T) {
	w := newWorld(t)
	p := w.pool(nil)
	id := w.id(p, nil)
	good := map[string]any{"iss": w.TokenIssuer(), "aud": p.ID, "sub": id, "amr": []string{"unauthenticated"}, "exp": w.clock.Now().Add(time.Hour).Unix()}
	key, err := w.Keys.Signer(ctx, "identity", "RS256")
	if err != nil {
		t.Fatal(err)
	}
	signed := func(kid string, private any, change map[string]any) string {
		claims := map[string]any{}
		for _, m := range []map[string]any{good, change} {
			for k, v := range m {
				claims[k] = v
			}
		}
		return signWith(t, jose.RS256, &jose.JSONWebKey{Key: private, KeyID: kid}, claims)
	}
	if _, ok, err := w.Verify(ctx, w.TokenIssuer(), signed(key.ID, key.Private, nil)); !ok || err != nil {
		t.Fatalf("good token: %v, %v", ok, err)
	}
	if _, ok, err := w.Verify(ctx, "https://elsewhere", "x"); ok || err != nil {
		t.Errorf("another issuer: %v, %v", ok, err)
	}
	stranger, err := w.Keys.Signer(ctx, "stranger", "RS256")
	if err != nil {
		t.Fatal(err)
	}
	gone := signed(key.ID, key.Private, map[string]any{"sub": "us-east-1:none"})
	if _, _, err := w.Verify(ctx, w.TokenIssuer(), gone); !errors.Is(err, sts.ErrIDPRejected) {
		t.Errorf("an identity that is gone: %v", err)
	}
	for name, raw := range map[string]string{
		"signed by another key": signed(key.ID, stranger.Private, nil),
		"unknown key":           signed(stranger.ID, stranger.Private, nil),
		"another issuer inside": signed(key.ID, key.Private, map[string]any{"iss": "x"}),
		"another pool":          signed(key.ID, key.Private, map[string]any{"aud": w.pool(nil).ID}),
		"not a token":           "x",
	} {
		if _, _, err := w.Verify(ctx, w.TokenIssuer(), raw); !errors.Is(err, sts.ErrInvalidToken) {
			t.Errorf("%s: %v, want ErrInvalidToken", name, err)
		}
	}
}

func TestDiscovery(t *testing.T) {
	w := newWorld(t)
	raw, err := w.Discovery()
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Issuer string `json:"issuer"`
		JWKS   string `json:"jwks_uri"`
	}
	if err := json.Unmarshal(raw, &doc); err != nil || doc.Issuer != w.TokenIssuer() || doc.JWKS != w.TokenIssuer()+"/.well-known/jwks.json" {
		t.Errorf("%s, %v", raw, err)
	}
}
