package authz_test

import (
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/demodata"
)

// What a client sends in headers that another proxy would set is not read, and what
// the proxy did not set is not taken from the client.
func TestSmuggledHeaders(t *testing.T) {
	lies := http.Header{"X-Original-Uri": {"/health"}, "X-Original-Method": {"GET"}, "X-Original-Host": {host}, "X-Original-Proto": {"https"},
		"X-Forwarded-Uri": {"/health"}, "X-Forwarded-Method": {"GET"}, "X-Forwarded-Host": {host}, "X-Original-Url": {"/health"}, "X-Rewrite-Url": {"/health"},
		"X-Envoy-Original-Path": {"/health"}, "X-Http-Method-Override": {"GET"}, "Forwarded": {"host=" + host}}
	for kind, ask := range asks {
		t.Run(kind, func(t *testing.T) {
			g := newRig(t, kind)
			g.want("lies", ask(g.plain(spec{method: "GET", uri: "/files/red/a", header: lies})), http.StatusUnauthorized)
			r := g.signed(spec{method: "GET", uri: "/files/blue/a"})
			maps.Copy(r.Header, lies)
			g.want("lies with a signature", ask(r), http.StatusForbidden)
			if kind == "envoy" {
				return
			}
			whole := ask(g.signed(spec{method: "GET", uri: "/files/red/a"}))
			for name := range whole.Header {
				own := map[string]string{"nginx": "X-Original-", "traefik": "X-Forwarded-"}[kind]
				if !strings.HasPrefix(name, own) || name == "X-Forwarded-For" {
					continue
				}
				part := whole.Clone(t.Context())
				part.Header.Del(name)
				g.want("without "+name, part, http.StatusForbidden)
				part = whole.Clone(t.Context())
				part.Header.Add(name, part.Header.Get(name))
				g.want("twice "+name, part, http.StatusForbidden)
			}
		})
	}
}

// Who says who they are is refused, also in the spelling that some servers read
// as the same.
func TestClaimedIdentity(t *testing.T) {
	for kind, ask := range asks {
		g := newRig(t, kind)
		for _, name := range []string{"X-Poolhouse-Principal", "x-poolhouse-user", "X_Poolhouse_Principal", "X-Poolhouse_Account", "x_POOLHOUSE-Other"} {
			for _, uri := range []string{"/files/red/a", "/health"} {
				r := g.signed(spec{method: "GET", uri: uri})
				r.Header[name] = []string{"arn:aws:iam::000000000000:root"}
				g.want(kind+" "+name, ask(r), http.StatusForbidden)
			}
		}
	}
}

// A proxy of another kind than the rules name is not understood.
func TestOtherShapes(t *testing.T) {
	for kind := range asks {
		g := newRig(t, kind)
		for other, ask := range asks {
			if other == kind {
				continue
			}
			if w := g.send(ask(g.plain(spec{method: "GET", uri: "/health"}))); w.Code != http.StatusForbidden {
				t.Errorf("%s asks as %s: %d", kind, other, w.Code)
			}
		}
	}
}

// A path that a server behind the proxy could read in another way is refused,
// whoever signs it.
func TestPathTricks(t *testing.T) {
	g := newRig(t, "nginx")
	for _, uri := range []string{"/health/../files/red/a", "/health/..", "//health", "/files//red/a", "/files/red/..%2fblue", "/files/red%2Fa", "/files/red/%2e%2e/blue/a",
		"/files/red/%2E/a", "/files/red/./a", "/files/red/..;/a", "/files/red;x=1/a", `/files/red\a`, "/files/red%5Ca", "/files/red/a%252fb", "/files/red/%00", "/files/red/a%0ab",
		"/files/red/%zz", "/files/red/%", "/files/red/a%3fb", "/files/red/a%23b", "/files/red/%ff", "https://files.example.com/health", "files/red/a", "", "*", "/health#x"} {
		r := asks["nginx"](g.signed(spec{method: "GET", uri: "/files/red/a"}))
		r.Header["X-Original-Uri"] = []string{uri}
		if w := g.send(r); w.Code != http.StatusForbidden {
			t.Errorf("%q: %d", uri, w.Code)
		}
	}
	// Nothing is a tenant of its own, and a prefix is not a path.
	for _, uri := range []string{"/files/", "/files/red", "/files/red/", "/health/", "/healthy", "/Health", "/files"} {
		r := asks["nginx"](g.signed(spec{method: "GET", uri: uri}))
		if w := g.send(r); w.Code != http.StatusForbidden {
			t.Errorf("%q: %d", uri, w.Code)
		}
	}
}

// What is asked about must be what was signed.
func TestChangedRequests(t *testing.T) {
	g := newRig(t, "nginx")
	for name, change := range map[string]func(h http.Header){
		"path":          func(h http.Header) { h.Set("X-Original-Uri", "/files/red/b") },
		"query":         func(h http.Header) { h.Set("X-Original-Uri", "/files/red/a?x=1") },
		"method":        func(h http.Header) { h.Set("X-Original-Method", "HEAD") },
		"port":          func(h http.Header) { h.Set("X-Original-Host", host+":8443") },
		"case of host":  func(h http.Header) { h.Set("X-Original-Host", strings.ToUpper(host)) },
		"date":          func(h http.Header) { h.Set("X-Amz-Date", time.Now().UTC().Add(time.Second).Format("20060102T150405Z")) },
		"added token":   func(h http.Header) { h.Set("X-Amz-Security-Token", "x") },
		"added target":  func(h http.Header) { h.Set("X-Amz-Target", "x") },
		"two of them":   func(h http.Header) { h.Add("Authorization", h.Get("Authorization")) },
		"with a bearer": func(h http.Header) { h["Authorization"] = append([]string{"Bearer x"}, h["Authorization"]...) },
		"cut signature": func(h http.Header) { h.Set("Authorization", h.Get("Authorization")[:len(h.Get("Authorization"))-2]) },
	} {
		r := asks["nginx"](g.signed(spec{method: "GET", uri: "/files/red/a"}))
		change(r.Header)
		g.want(name, r, http.StatusUnauthorized)
	}
	r := asks["nginx"](g.signed(spec{method: "GET", uri: "/files/red/a"}))
	r.Header.Set("X-Original-Host", "other.example.com")
	g.want("another host", r, http.StatusForbidden)
	for _, service := range []string{"s3", "sts", "iam"} {
		g.want("signed for "+service, asks["nginx"](g.signed(spec{method: "GET", uri: "/files/red/a", service: service})), http.StatusUnauthorized)
	}
	for _, off := range []time.Duration{-301 * time.Second, 301 * time.Second} {
		g.want("replayed", asks["nginx"](g.signed(spec{method: "GET", uri: "/files/red/a", at: time.Now().Add(off)})), http.StatusUnauthorized)
	}
	g.key = addUser("leaver", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"files:*","Resource":"*"}}`)
	g.want("a policy", asks["nginx"](g.signed(spec{method: "GET", uri: "/files/red/a"})), http.StatusOK)
	if err := g.STS.DeleteUserPolicy(t.Context(), "leaver", "p"); err != nil {
		t.Fatal(err)
	}
	g.want("no policy any more", asks["nginx"](g.signed(spec{method: "GET", uri: "/files/red/a"})), http.StatusForbidden)
}

// The address and the scheme are those that trusted proxies tell.
func TestConditions(t *testing.T) {
	g := newRig(t, "nginx")
	put := func() *http.Request {
		r := asks["nginx"](g.signed(spec{method: "PUT", uri: "/files/red/ann/a"}))
		return r
	}
	g.want("as the policy asks", put(), http.StatusOK)
	r := put()
	r.Header.Set("X-Forwarded-For", "192.0.2.9, 203.0.113.9")
	g.want("from elsewhere, with a lie", r, http.StatusForbidden)
	r = put()
	r.Header.Set("X-Original-Proto", "http")
	g.want("not encrypted", r, http.StatusForbidden)
	g.want("another's place", asks["nginx"](g.signed(spec{method: "PUT", uri: "/files/red/bob/a"})), http.StatusForbidden)
}

func TestTokens(t *testing.T) {
	g := newRig(t, "nginx")
	ask := asks["nginx"]
	alice, bob := g.token(demodata.Alice), g.token(demodata.Bob)
	report := spec{method: "GET", uri: "/reports/q3"}
	g.want("in the group", ask(g.bearing(report, alice)), http.StatusOK)
	g.want("in another group", ask(g.bearing(report, bob)), http.StatusForbidden)
	g.want("scope", ask(g.bearing(spec{method: "GET", uri: "/whoami"}, bob)), http.StatusOK)
	g.want("where policies decide", ask(g.bearing(spec{method: "GET", uri: "/files/red/a"}, alice)), http.StatusUnauthorized)
	g.want("a signature where a token is due", ask(g.signed(report)), http.StatusUnauthorized)
	g.want("none", ask(g.plain(report)), http.StatusUnauthorized)
	parts := strings.Split(alice, ".")
	for name, token := range map[string]string{"junk": "junk", "empty": "", "alg none": "eyJhbGciOiJub25lIn0." + parts[1] + ".",
		"changed": parts[0] + "." + parts[1] + "." + strings.ToUpper(parts[2])} {
		g.want(name, ask(g.bearing(report, token)), http.StatusUnauthorized)
	}
	r := ask(g.bearing(report, alice))
	r.Header.Set("Authorization", "DPoP "+alice)
	g.want("bound to no key", r, http.StatusUnauthorized)
	if err := g.Pools.AdminSetEnabled(t.Context(), demodata.PoolID, "alice", false); err != nil {
		t.Fatal(err)
	}
	g.want("disabled", ask(g.bearing(report, alice)), http.StatusUnauthorized)
	if err := g.Pools.AdminSetEnabled(t.Context(), demodata.PoolID, "alice", true); err != nil {
		t.Fatal(err)
	}
}
