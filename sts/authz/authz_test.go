package authz_test

import (
	"net/http"
	"testing"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/poolhouse/poolhouse/internal/awsapi/sigv4"
	"github.com/poolhouse/poolhouse/internal/demodata"
)

const hashOfNothing = sigv4.EmptyHash

// What each kind of proxy asks, in its own shape, is answered alike.
func TestSignedRequests(t *testing.T) {
	for kind, ask := range asks {
		t.Run(kind, func(t *testing.T) {
			g := newRig(t, kind)
			h := g.want("allowed", ask(g.signed(spec{method: "GET", uri: "/files/red/a/b%20c?x=1&a=%2F"})), http.StatusOK)
			for name, value := range map[string]string{"Principal": "arn:aws:iam::000000000000:user/ann", "Account": "000000000000", "User": "ann",
				"Pool": "", "Client": "", "Groups": "", "Scopes": "", "Content-Sha256": hashOfNothing} {
				if got, ok := h["X-Poolhouse-"+name]; !ok || got[0] != value {
					t.Errorf("X-Poolhouse-%s: %q, want %q", name, got, value)
				}
			}
			if _, use, err := g.STS.AccessKeyLastUsed(t.Context(), g.key.AccessKeyID); err != nil || use.Service != "execute-api" || use.Region != "eu-west-3" {
				t.Errorf("last use: %+v %v", use, err)
			}
			g.want("another tenant", ask(g.signed(spec{method: "GET", uri: "/files/blue/a"})), http.StatusForbidden)
			g.want("denied", ask(g.signed(spec{method: "GET", uri: "/files/red/secret"})), http.StatusForbidden)
			g.want("no rule", ask(g.signed(spec{method: "GET", uri: "/other"})), http.StatusForbidden)
			g.want("no rule for the method", ask(g.signed(spec{method: "PATCH", uri: "/files/red/a"})), http.StatusForbidden)
			for uri, scheme := range map[string]string{"/files/red/a": "AWS4-HMAC-SHA256", "/reports/q3": "Bearer"} {
				if got := g.want("not signed", ask(g.plain(spec{method: "GET", uri: uri})), http.StatusUnauthorized).Get("WWW-Authenticate"); got != scheme {
					t.Errorf("%s asks for %q", uri, got)
				}
			}
			g.want("public", ask(g.plain(spec{method: "GET", uri: "/health"})), http.StatusOK)
			token := g.token(demodata.Alice)
			h = g.want("a token", ask(g.bearing(spec{method: "GET", uri: "/reports/q3"}, token)), http.StatusOK)
			if h.Get("X-Poolhouse-User") != "alice" || h.Get("X-Poolhouse-Pool") != demodata.PoolID || h.Get("X-Poolhouse-Groups") != "engineering" ||
				h.Get("X-Poolhouse-Client") != demodata.ClientID || h.Get("X-Poolhouse-Principal") == "" || h.Get("X-Poolhouse-Account") != "" {
				t.Errorf("token: %v", h)
			}
			r := ask(g.signed(spec{method: "GET", uri: "/files/red/a"}))
			r.RemoteAddr = "203.0.113.9:4711"
			g.want("asked by a stranger", r, http.StatusForbidden)
		})
	}
}

func TestBodies(t *testing.T) {
	g := newRig(t, "traefik")
	ask := asks["traefik"]
	h := g.want("signed body", ask(g.signed(spec{method: "PUT", uri: "/files/red/ann/a", header: http.Header{"X-Amz-Content-Sha256": {"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"}}})), http.StatusOK)
	if got := h.Get("X-Poolhouse-Content-Sha256"); got != "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824" {
		t.Errorf("hash %q", got)
	}
	unsigned := http.Header{"X-Amz-Content-Sha256": {"UNSIGNED-PAYLOAD"}}
	g.want("body left out", ask(g.signed(spec{method: "PUT", uri: "/files/red/ann/a", header: unsigned})), http.StatusUnauthorized)
	g.want("no body to leave out", ask(g.signed(spec{method: "GET", uri: "/files/red/a", header: unsigned})), http.StatusOK)
	for _, odd := range []string{"STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "x", hashOfNothing[:62]} {
		g.want(odd, ask(g.signed(spec{method: "PUT", uri: "/files/red/ann/a", header: http.Header{"X-Amz-Content-Sha256": {odd}}})), http.StatusUnauthorized)
	}
	// The hash is not signed: somebody on the way put another one in.
	r := g.signed(spec{method: "PUT", uri: "/files/red/ann/a"})
	r.Header.Set("X-Amz-Content-Sha256", "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")
	g.want("another hash", ask(r), http.StatusUnauthorized)
}

// The length of the body, where it is signed, comes from nginx.
func TestSignedLength(t *testing.T) {
	g := newRig(t, "nginx")
	r := asks["nginx"](g.signed(spec{method: "PUT", uri: "/files/red/ann/a", body: "hello"}))
	g.want("no length", r, http.StatusUnauthorized)
	r.Header.Set("X-Original-Content-Length", "5")
	g.want("its length", r, http.StatusOK)
	none := asks["nginx"](g.signed(spec{method: "PUT", uri: "/files/red/ann/a"}))
	g.want("no body", none, http.StatusOK)
	none.Header.Set("X-Original-Content-Length", "5")
	g.want("a body where none was signed", none, http.StatusUnauthorized)
	for _, odd := range []string{"4", "-5", "x"} {
		r.Header.Set("X-Original-Content-Length", odd)
		if w := g.send(r); w.Code == http.StatusOK {
			t.Errorf("length %s: %d", odd, w.Code)
		}
	}
}

// The length of a body that comes with the question is that of the request.
func TestForwardedBody(t *testing.T) {
	for _, kind := range []string{"envoy", "traefik"} {
		g := newRig(t, kind)
		for _, tt := range []struct {
			name, signed string
			length       int64
			want         int
		}{{"kept back", "hello", 0, http.StatusUnauthorized}, {"sent along", "hello", 5, http.StatusOK}, {"another", "hello", 4, http.StatusUnauthorized},
			{"of unknown length", "hello", -1, http.StatusUnauthorized}, {"none", "", 0, http.StatusOK}, {"added", "", 5, http.StatusUnauthorized}} {
			r := asks[kind](g.signed(spec{method: "PUT", uri: "/files/red/a", body: tt.signed}))
			r.ContentLength = tt.length
			if w := g.send(r); (w.Code == http.StatusUnauthorized) != (tt.want == http.StatusUnauthorized) {
				t.Errorf("%s, %s: %d, want %d or no permission", kind, tt.name, w.Code, tt.want)
			}
		}
	}
}

func TestPresigned(t *testing.T) {
	g := newRig(t, "nginx")
	r := g.plain(spec{method: "GET", uri: "/files/red/a?X-Amz-Expires=60"})
	sign := func(at time.Time) *http.Request {
		uri, _, err := v4.NewSigner().PresignHTTP(t.Context(), g.key, r, hashOfNothing, "execute-api", "eu-west-3", at)
		if err != nil {
			t.Fatal(err)
		}
		return g.plain(spec{method: "GET", uri: uri[len("https://"+host):]})
	}
	g.want("presigned", asks["nginx"](sign(time.Now())), http.StatusOK)
	g.want("its time is over", asks["nginx"](sign(time.Now().Add(-61*time.Second))), http.StatusUnauthorized)
	other := asks["nginx"](sign(time.Now()))
	other.Header.Set("X-Original-Uri", "/files/red/b"+other.Header.Get("X-Original-Uri")[len("/files/red/a"):])
	g.want("another path", other, http.StatusUnauthorized)
}
