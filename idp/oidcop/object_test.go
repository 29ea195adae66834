package oidcop_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/jose"
	"github.com/poolhouse/poolhouse/userpool"
)

// A signer makes request objects of a client.
type signer struct {
	h   *house
	key jose.PrivateKey
}

// signer registers a new key for a client.
func (h *house) signer(client userpool.ClientID) *signer {
	h.t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	h.must(err)
	set, err := jose.EncodeKeySet(jose.Keys{{ID: "k1", Algorithm: jose.ES256, Use: "sig", Material: private.Public()}})
	h.must(err)
	h.client(client, func(c *userpool.Client) { c.OpenID.JWKS = string(set) })
	return &signer{h, jose.PrivateKey{ID: "k1", Algorithm: jose.ES256, Private: private}}
}

// members is a request as the members of an object; nil in changes removes one.
func (s *signer) members(changes map[string]any) map[string]any {
	m := map[string]any{"iss": public, "aud": s.h.url + "/" + poolID, "exp": s.h.clock.Now().Unix() + 60}
	for name, values := range plain(public, nil) {
		m[name] = values[0]
	}
	for name, value := range changes {
		if value == nil {
			delete(m, name)
			continue
		}
		m[name] = value
	}
	return m
}

func (s *signer) sign(typ string, members map[string]any) string {
	s.h.t.Helper()
	payload, err := json.Marshal(members)
	s.h.must(err)
	raw, err := jose.Sign(s.key, typ, payload)
	s.h.must(err)
	return raw
}

func (s *signer) object(changes map[string]any) string {
	return s.sign("oauth-authz-req+jwt", s.members(changes))
}

// by is the address of a request with an object, and what else stands outside.
func by(object string, outer map[string]any) string {
	q := url.Values{"client_id": {public}, "request": {object}}
	for name, value := range outer {
		q.Set(name, value.(string))
	}
	return "/" + poolID + "/oauth2/authorize?" + q.Encode()
}

// TestRequestObject: what was signed counts, and nothing beside it.
func TestRequestObject(t *testing.T) {
	h := open(t)
	s := h.signer(public)
	outer := map[string]any{"state": "evil", "nonce": "evil", "scope": "openid api/read", "redirect_uri": "https://evil.example/",
		"response_mode": "fragment", "prompt": "none", "response_type": "code"}
	v := h.visitor()
	login := where(v.get(by(s.object(nil), outer)))
	if got := login.Query(); !strings.HasSuffix(login.Path, "/login") || len(got) != 2 || strings.Contains(login.String(), "evil") {
		t.Fatalf("sent to %s", login)
	}
	at := v.signIn(by(s.object(map[string]any{"max_age": 3600}), outer), "alice")
	if at.Query().Get("state") != "xyz" {
		t.Fatalf("sent to %s", at)
	}
	id, set := h.redeemed(t, at.Query().Get("code"))
	if id["nonce"] != "n-1" || claims(t, set["access_token"])["scope"] != "openid email" {
		t.Errorf("%v %v", id, set)
	}
	at = v.signIn(by(s.object(map[string]any{"state": nil}), map[string]any{"state": "outside"}), "alice")
	if at.Query().Get("code") == "" || at.Query().Has("state") {
		t.Errorf("state outside counts: %s", at)
	}
	at = where(v.get(by(s.object(map[string]any{"claims": map[string]any{"id_token": map[string]any{"acr": nil}}}), nil)))
	if id, _ := h.redeemed(t, at.Query().Get("code")); id["acr"] == nil {
		t.Errorf("claims as an object: %v", id)
	}
}

// TestRequestObjectRefused: errors go where plain parameters lead, if they lead
// anywhere, and never where an unverified object wants.
func TestRequestObjectRefused(t *testing.T) {
	h := open(t)
	s, other := h.signer(public), h.signer(otherID)
	now := h.clock.Now().Unix()
	good := s.object(nil)
	header, rest, _ := strings.Cut(good, ".")
	payload, signature, _ := strings.Cut(rest, ".")
	encode := base64.RawURLEncoding.EncodeToString
	shared := jose.PrivateKey{Algorithm: jose.HS256, Private: []byte(strings.Repeat("s", 32))}
	symmetric, err := jose.Sign(shared, "", []byte("{}"))
	h.must(err)
	object := func(changes map[string]any) string { return s.object(changes) }
	for _, tt := range []struct {
		name, object, want string
	}{
		{"no JWT", "x", "invalid_request_object"},
		{"unsigned (F4)", encode([]byte(`{"alg":"none"}`)) + "." + payload + ".", "request_not_supported"},
		{"unsigned, with the signature", encode([]byte(`{"alg":"none"}`)) + "." + payload + "." + signature, "request_not_supported"},
		{"signature cut off", header + "." + payload + ".", "invalid_request_object"},
		{"changed", header + "." + encode([]byte(`{"iss":"`+public+`","redirect_uri":"https://evil.example/"}`)) + "." + signature, "invalid_request_object"},
		{"by another client", other.sign("", s.members(nil)), "invalid_request_object"},
		{"by a shared secret", symmetric, "invalid_request_object"},
		{"encrypted", "a.a.a.a.a", "invalid_request_object"},
		{"iss", object(map[string]any{"iss": otherID}), "invalid_request_object"},
		{"client_id", object(map[string]any{"client_id": otherID}), "invalid_request_object"},
		{"neither", object(map[string]any{"iss": nil, "client_id": nil}), "invalid_request_object"},
		{"aud", object(map[string]any{"aud": "https://other.example"}), "invalid_request_object"},
		{"aud, list", object(map[string]any{"aud": []string{"https://other.example"}}), "invalid_request_object"},
		{"aud, number", object(map[string]any{"aud": 7}), "invalid_request_object"},
		{"expired", object(map[string]any{"exp": now - 60}), "invalid_request_object"},
		{"not yet", object(map[string]any{"nbf": now + 61}), "invalid_request_object"},
		{"issued ahead", object(map[string]any{"iat": now + 61}), "invalid_request_object"},
		{"an assertion", object(map[string]any{"sub": public}), "invalid_request_object"},
		{"typ of something else", s.sign("dpop+jwt", s.members(nil)), "invalid_request_object"},
		{"an object inside", object(map[string]any{"request": good}), "invalid_request_object"},
		{"a request_uri inside", object(map[string]any{"request_uri": "urn:ietf:params:oauth:request_uri:x"}), "invalid_request_object"},
		{"null", s.sign("", map[string]any{"iss": public, "state": json.RawMessage("null")}), "invalid_request_object"},
		{"too large", object(map[string]any{"state": strings.Repeat("x", 33<<10)}), "invalid_request_object"},
		{"too deep", object(map[string]any{"claims": json.RawMessage(strings.Repeat("[", 12) + strings.Repeat("]", 12))}), "invalid_request_object"},
		{"response_type differs", object(map[string]any{"response_type": "token"}), "invalid_request"},
		{"no response_type inside", object(map[string]any{"response_type": nil}), "invalid_request"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := h.visitor()
			at := where(v.get(by(tt.object, map[string]any{"redirect_uri": callback, "response_type": "code", "state": "outer"})))
			if at.Host != "app.example" || at.Query().Get("error") != tt.want || at.Query().Get("state") != "outer" {
				t.Errorf("sent to %s, want %s", at, tt.want)
			}
			for _, outer := range []map[string]any{{"response_type": "code"}, {"response_type": "code", "redirect_uri": "https://evil.example/"}} {
				if at := where(v.get(by(tt.object, outer))); at.Host != "" || !strings.HasSuffix(at.Path, "/error") {
					t.Errorf("with nowhere to go: sent to %s", at)
				}
			}
		})
	}
	at := where(h.visitor().get(by(good, map[string]any{"request_uri": "https://app.example/r.jwt", "redirect_uri": callback})))
	if at.Query().Get("error") != "invalid_request" {
		t.Errorf("both: %s", at)
	}
	if at := where(h.visitor().get(by(object(map[string]any{"redirect_uri": "https://evil.example/"}), map[string]any{"redirect_uri": callback}))); at.Query().Get("error") != "redirect_mismatch" {
		t.Errorf("the object's redirect_uri decides: %s", at)
	}
	if at := where(h.visitor().get(strings.Replace(by(good, nil), public, "nobody", 1))); at.Query().Get("error") != "invalid_client" {
		t.Errorf("unknown client: %s", at)
	}
}

// TestRegisteredObjectAlgorithm is the only one that is taken; a shared secret is
// taken where it was registered.
func TestRegisteredObjectAlgorithm(t *testing.T) {
	h := open(t)
	s := h.signer(public)
	h.client(public, func(c *userpool.Client) { c.OpenID.RequestObjectAlgorithm = jose.PS256 })
	outer := map[string]any{"redirect_uri": callback}
	if at := where(h.visitor().get(by(s.object(nil), outer))); at.Query().Get("error") != "invalid_request_object" {
		t.Errorf("another algorithm: %s", at)
	}
	h.client(public, func(c *userpool.Client) {
		c.OpenID.RequestObjectAlgorithm, c.Secret = jose.HS256, strings.Repeat("s", 32)
	})
	payload, _ := json.Marshal(s.members(nil))
	raw, err := jose.Sign(jose.PrivateKey{Algorithm: jose.HS256, Private: []byte(strings.Repeat("s", 32))}, "", payload)
	h.must(err)
	if at := where(h.visitor().get(by(raw, outer))); !strings.HasSuffix(at.Path, "/login") {
		t.Errorf("the secret: %s", at)
	}
	if at := where(h.visitor().get(by(s.object(nil), outer))); at.Query().Get("error") != "invalid_request_object" {
		t.Errorf("the key: %s", at)
	}
}

// TestRequiredSignature: an unsigned request is refused, here and pushed, and a
// signed one must say for whom and until when it is.
func TestRequiredSignature(t *testing.T) {
	h := open(t)
	s := h.signer(public)
	h.client(public, func(c *userpool.Client) { c.OpenID.RequireSigned = true })
	if at := where(h.visitor().get(authorizeURL(poolID, public, nil))); at.Query().Get("error") != "invalid_request" {
		t.Errorf("unsigned: %s", at)
	}
	if status, out := h.pushes(plain(public, nil), nil); status != 400 || out["error"] != "invalid_request" {
		t.Errorf("unsigned, pushed: %d %v", status, out)
	}
	outer := map[string]any{"redirect_uri": callback}
	now := h.clock.Now().Unix()
	for name, changes := range map[string]map[string]any{"iss": {"iss": nil}, "aud": {"aud": nil}, "exp": {"exp": nil},
		"a long life": {"exp": now + 3700}, "an old one": {"nbf": now - 3601}} {
		if at := where(h.visitor().get(by(s.object(changes), outer))); at.Query().Get("error") != "invalid_request_object" {
			t.Errorf("%s: %s", name, at)
		}
	}
	if at := h.visitor().signIn(by(s.object(map[string]any{"nbf": now}), nil), "alice"); at.Query().Get("code") == "" {
		t.Errorf("signed: %s", at)
	}
}

// TestPushedObject: a signed request may be pushed, by its client alone.
func TestPushedObject(t *testing.T) {
	h := open(t)
	s := h.signer(public)
	h.client(public, func(c *userpool.Client) { c.OpenID.RequireSigned, c.OpenID.RequirePAR = true, true })
	form := url.Values{"client_id": {public}, "request": {s.object(nil)}, "state": {"outside"}}
	status, out := h.pushes(form, nil)
	if status != 201 {
		t.Fatalf("%d %v", status, out)
	}
	at := h.visitor().signIn(byName(public, out["request_uri"].(string)), "alice")
	if at.Query().Get("code") == "" || at.Query().Get("state") != "xyz" {
		t.Errorf("sent to %s", at)
	}
	if at := where(h.visitor().get(by(s.object(nil), map[string]any{"redirect_uri": callback}))); at.Query().Get("error") != "invalid_request" {
		t.Errorf("signed, not pushed: %s", at)
	}
	form.Set("client_id", otherID)
	if status, out := h.pushes(form, nil); status != 400 || out["error"] != "invalid_request_object" {
		t.Errorf("by another client: %d %v", status, out)
	}
	form.Set("client_id", public)
	form.Set("request", "x")
	if status, out := h.pushes(form, nil); status != 400 || out["error"] != "invalid_request_object" {
		t.Errorf("no object: %d %v", status, out)
	}
}

// TestRequestURI: fetched from registered addresses alone, bounded, and once: the
// pages go on with what was read.
func TestRequestURI(t *testing.T) {
	h := open(t)
	s := h.signer(public)
	fetched, body := 0, s.object(nil)
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fetched++
		_, _ = w.Write([]byte(body + "\n"))
	}))
	defer app.Close()
	address := func(uri string) string {
		return "/" + poolID + "/oauth2/authorize?" + url.Values{"client_id": {public}, "request_uri": {uri}, "redirect_uri": {callback}}.Encode()
	}
	h.client(public, func(c *userpool.Client) { c.OpenID.RequestURIs = []string{app.URL + "/r.jwt#1", "http://127.0.0.1:1/"} })
	v := h.visitor()
	if at := v.signIn(address(app.URL+"/r.jwt#1"), "alice"); at.Query().Get("code") == "" || fetched != 1 {
		t.Errorf("sent to %s, fetched %d times", at, fetched)
	}
	for _, uri := range []string{app.URL + "/r.jwt", app.URL + "/r.jwt#2", app.URL + "/R.jwt#1", "file:///etc/passwd", "http://127.0.0.1:1/", ""} {
		before := fetched
		if at := where(v.get(address(uri))); at.Query().Get("error") != "invalid_request_uri" && uri != "" || at.Query().Get("error") == "" || fetched != before {
			t.Errorf("%s: sent to %s", uri, at)
		}
	}
	body = strings.Repeat("x", 64<<10)
	if at := where(v.get(address(app.URL + "/r.jwt#1"))); at.Query().Get("error") != "invalid_request_uri" {
		t.Errorf("too large: %s", at)
	}
	body = base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + ".e30."
	if at := where(v.get(address(app.URL + "/r.jwt#1"))); at.Query().Get("error") != "request_uri_not_supported" {
		t.Errorf("unsigned: %s", at)
	}
}

// TestObjectIsReadOnce: its expiry is that of the way here, not of the sign-in.
func TestObjectIsReadOnce(t *testing.T) {
	h := open(t)
	s := h.signer(public)
	v := h.visitor()
	login := where(v.get(by(s.object(nil), nil))).String()
	h.clock.Add(5 * time.Minute)
	back := where(v.post(login, credentials("alice", password))).String()
	if at := where(v.get(back)); at.Query().Get("code") == "" {
		t.Errorf("sent to %s", at)
	}
}

// FuzzRequestObject: whatever a client signs, no answer is a 5xx, and none leads
// anywhere but home or to a registered address.
func FuzzRequestObject(f *testing.F) {
	h := open(f)
	s := h.signer(public)
	for _, changes := range []map[string]any{nil, {"redirect_uri": "https://evil.example/"}, {"claims": map[string]any{"id_token": nil}},
		{"resource": []string{"a", "b"}}, {"max_age": 1e300}, {"aud": []any{}}, {"exp": "x"}} {
		m := s.members(changes)
		delete(m, "exp")
		text, _ := json.Marshal(maps.Clone(m))
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, payload string) {
		raw, err := jose.Sign(s.key, "", []byte(payload))
		if err != nil {
			t.Fatal(err)
		}
		rec := h.serve("GET", by(raw, nil), nil, nil, nil)
		at, err := url.Parse(rec.Header().Get("Location"))
		if rec.Code >= 500 || err != nil {
			t.Fatalf("%d, %v", rec.Code, err)
		}
		if rec.Code == 302 && at.Host != "" && at.Hostname() != "app.example" && at.Hostname() != "127.0.0.1" && at.Hostname() != "localhost" && at.Scheme != "myapp" {
			t.Fatalf("sent to %s", at)
		}
	})
}

// encrypt seals a request object to the key that the pool publishes for it.
func (h *house) encrypt(manager, content, contentType, payload string) string {
	h.t.Helper()
	raw, err := h.tokens.JWKS(h.t.Context(), poolID)
	h.must(err)
	keys, err := jose.ParseKeySet(raw)
	h.must(err)
	keys = slices.DeleteFunc(keys, func(k jose.Key) bool { return k.Use != "enc" })
	sealed, err := jose.Encrypt(h.t.Context(), keys, manager, content, contentType, []byte(payload))
	h.must(err)
	return sealed
}

// TestEncryptedRequestObject: what was signed and then encrypted to the published key is
// read, at every door, also after that key was renewed; nothing else that is encrypted is.
func TestEncryptedRequestObject(t *testing.T) {
	h := open(t)
	s := h.signer(public)
	announced := func() []any {
		h.clock.Add(time.Minute) // discovery is kept for half of one
		_, m := h.program("GET", "/"+poolID+"/.well-known/openid-configuration", nil, nil)
		list, _ := m["request_object_encryption_alg_values_supported"].([]any)
		return list
	}
	if list := announced(); list != nil {
		t.Errorf("announced without a key: %v", list)
	}
	settings := userpool.OpenIDClient{JWKS: h.clientOf(public).OpenID.JWKS}
	settings.Request.KeyManager = jose.ECDHES
	if _, err := h.service.PutOpenIDClient(t.Context(), poolID, public, &settings); !errors.Is(err, userpool.ErrInvalidParameter) {
		t.Errorf("an algorithm that our keys are not for: %v", err)
	}
	settings.Request.KeyManager = jose.RSAOAEP256
	_, err := h.service.PutOpenIDClient(t.Context(), poolID, public, &settings)
	h.must(err)
	if list := announced(); len(list) != 2 {
		t.Errorf("announced: %v", list)
	}
	for _, manager := range userpool.RequestManagers {
		v := h.visitor()
		object := h.encrypt(manager, "A256GCM", "JWT", s.object(nil))
		if at := v.signIn(by(object, map[string]any{"state": "evil"}), "alice"); at.Query().Get("state") != "xyz" || at.Query().Get("code") == "" {
			t.Errorf("%s: sent to %s", manager, at)
		}
	}
	if status, out := h.pushes(url.Values{"request": {h.encrypt(jose.RSAOAEP, "", "oauth-authz-req+jwt", s.object(nil))}, "client_id": {public}}, nil); status != 201 {
		t.Errorf("pushed: %d %v", status, out)
	}

	old := h.encrypt(jose.RSAOAEP, "", "JWT", s.object(map[string]any{"exp": h.clock.Now().Unix() + 3600}))
	_, err = h.ring.Rotate(t.Context(), "pool/"+poolID+"/request", time.Hour)
	h.must(err)
	if at := h.visitor().signIn(by(old, nil), "alice"); at.Query().Get("code") == "" {
		t.Errorf("to the key before: %s", at)
	}

	members, err := json.Marshal(s.members(nil))
	h.must(err)
	body := string(members)
	good := h.encrypt(jose.RSAOAEP, "", "JWT", s.object(nil))
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + base64.RawURLEncoding.EncodeToString([]byte(body)) + "."
	stranger := (&signer{h, h.signer(otherID).key}).object(nil)
	for name, object := range map[string]string{
		"nothing signed inside":    h.encrypt(jose.RSAOAEP, "", "JWT", body),
		"unsigned inside":          h.encrypt(jose.RSAOAEP, "", "JWT", none),
		"by another client inside": h.encrypt(jose.RSAOAEP, "", "JWT", stranger),
		"encrypted twice":          h.encrypt(jose.RSAOAEP, "", "JWT", good),
		"a text":                   h.encrypt(jose.RSAOAEP, "", "text/plain", s.object(nil)),
		"changed":                  good[:len(good)-2] + "AA",
	} {
		if at := where(h.visitor().get(by(object, map[string]any{"redirect_uri": callback, "response_type": "code"}))); !slices.Contains([]string{"invalid_request_object", "request_not_supported"}, at.Query().Get("error")) {
			t.Errorf("%s: sent to %s", name, at)
		}
	}
}
