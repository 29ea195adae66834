package authz_test

import (
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/demodata"
	"github.com/poolhouse/poolhouse/internal/jose"
	"github.com/poolhouse/poolhouse/internal/keyring"
	"github.com/poolhouse/poolhouse/sts/authz"
	"github.com/poolhouse/poolhouse/userpool"
)

// forger signs tokens with the very key of the demo's pool.
type forger struct {
	g    *rig
	key  *keyring.Key
	base map[string]any // claims of a good token
}

func newForger(g *rig) *forger {
	g.t.Helper()
	parts := strings.Split(g.token(demodata.Alice), ".")
	f := &forger{g: g, base: map[string]any{}}
	var header struct{ Kid string }
	for i, into := range []any{&header, &f.base} {
		raw, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			g.t.Fatal(err)
		}
		if err := json.Unmarshal(raw, into); err != nil {
			g.t.Fatal(err)
		}
	}
	for _, scope := range userpool.KeyScopes(demodata.PoolID) {
		keys, err := g.Tokens.Keys.Published(g.t.Context(), scope)
		if err != nil {
			g.t.Fatal(err)
		}
		for _, k := range keys {
			if k.ID == header.Kid {
				f.key = k
			}
		}
	}
	if f.key == nil {
		g.t.Fatalf("no key %s", header.Kid)
	}
	return f
}

// token is the good one with other claims; nil takes one away.
func (f *forger) token(typ string, change map[string]any) string {
	return f.signed(jose.PrivateKey{ID: f.key.ID, Algorithm: f.key.Algorithm, Private: f.key.Private}, typ, change)
}

func (f *forger) signed(key jose.PrivateKey, typ string, change map[string]any) string {
	f.g.t.Helper()
	claims := maps.Clone(f.base)
	for name, value := range change {
		if claims[name] = value; value == nil {
			delete(claims, name)
		}
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		f.g.t.Fatal(err)
	}
	token, err := jose.Sign(key, typ, payload)
	if err != nil {
		f.g.t.Fatal(err)
	}
	return token
}

// Forged tokens, and those that are for others, let nobody pass.
func TestForgedTokens(t *testing.T) {
	g := newRig(t, "nginx")
	f, report := newForger(g), spec{method: "GET", uri: "/reports/q3"}
	stranger, err := g.Tokens.Keys.Signer(t.Context(), "stranger", f.key.Algorithm)
	if err != nil {
		t.Fatal(err)
	}
	public, err := jose.EncodeKeySet(jose.Keys{{ID: f.key.ID, Algorithm: f.key.Algorithm, Use: "sig", Material: f.key.Private.Public()}})
	if err != nil {
		t.Fatal(err)
	}
	pool, _ := f.base["iss"].(string)
	g.want("the key is the right one", asks["nginx"](g.bearing(report, f.token("JWT", nil))), http.StatusOK)
	for name, token := range map[string]string{
		"expired":                   f.token("JWT", map[string]any{"exp": time.Now().Add(-time.Second).Unix()}),
		"without expiry":            f.token("JWT", map[string]any{"exp": nil}),
		"another issuer":            f.token("JWT", map[string]any{"iss": "https://evil.example/" + demodata.PoolID}),
		"another pool":              f.token("JWT", map[string]any{"iss": strings.Replace(pool, demodata.PoolID, "us-east-1_Other0001", 1)}),
		"an ID token":               f.token("JWT", map[string]any{"token_use": "id"}),
		"no kind of token":          f.token("JWT", map[string]any{"token_use": nil}),
		"a user who is not there":   f.token("JWT", map[string]any{"sub": "00000000-0000-4000-8000-000000000000", "username": "nobody"}),
		"another key":               f.signed(jose.PrivateKey{ID: f.key.ID, Algorithm: stranger.Algorithm, Private: stranger.Private}, "JWT", nil),
		"an unknown key":            f.signed(jose.PrivateKey{ID: stranger.ID, Algorithm: stranger.Algorithm, Private: stranger.Private}, "JWT", nil),
		"HS256 with the public key": f.signed(jose.PrivateKey{ID: f.key.ID, Algorithm: "HS256", Private: public}, "JWT", nil),
	} {
		g.want(name, asks["nginx"](g.bearing(report, token)), http.StatusUnauthorized)
	}
}

// A token counts until it expires, and no longer.
func TestExpiredToken(t *testing.T) {
	g := newRig(t, "nginx")
	parsed, err := authz.Parse(rules)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	late := &userpool.Tokens{Store: g.Tokens.Store, Keys: g.Tokens.Keys, Triggers: g.Tokens.Triggers, Issuer: g.Tokens.Issuer, Now: func() time.Time { return now }}
	h := &authz.Handler{Rules: parsed, STS: g.STS, Tokens: late, Decided: ignore, Now: time.Now, Log: slog.New(slog.DiscardHandler)}
	r := asks["nginx"](g.bearing(spec{method: "GET", uri: "/reports/q3"}, g.token(demodata.Alice)))
	for _, tt := range []struct {
		after time.Duration
		want  int
	}{{59 * time.Minute, http.StatusOK}, {61 * time.Minute, http.StatusUnauthorized}} {
		now = time.Now().Add(tt.after)
		w := httptest.NewRecorder()
		if h.Serve(w, r, authz.Asker{Trusted: true, ClientIP: "192.0.2.9"}); w.Code != tt.want {
			t.Errorf("after %v: %d, want %d", tt.after, w.Code, tt.want)
		}
	}
}
