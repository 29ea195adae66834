package openid_test

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// A flow is one authorization request, and what the relying party remembers of it.
type flow struct {
	*rp
	params url.Values
}

// A param changes a request.
type param func(url.Values)

func set(name, value string) param { return func(v url.Values) { v.Set(name, value) } }
func drop(name string) param       { return func(v url.Values) { v.Del(name) } }

// flow begins a request for the relying party's scope; state, and in OpenID Connect
// nonce, are there unless a param drops them.
func (r *rp) flow(params ...param) *flow {
	f := &flow{rp: r, params: url.Values{"client_id": {r.id}, "redirect_uri": {r.callback}, "response_type": {r.kind},
		"scope": {r.scope}, "state": {rand.Text()}}}
	if !r.plain() {
		f.params.Set("nonce", rand.Text())
	}
	if r.mode != "" {
		f.params.Set("response_mode", r.mode)
	}
	if r.pkce {
		pkce(f.params)
	}
	for _, p := range params {
		p(f.params)
	}
	return f
}

// start is the address that the visitor's browser is sent to.
func (f *flow) start(t *testing.T) string {
	t.Helper()
	if f.pushes {
		return f.pushedAt(f.pushed(t))
	}
	return f.meta.Authorization + "?" + f.params.Encode()
}

// open sends the visitor there, and onward.
func (f *flow) open(t *testing.T, v *visitor) *harness.Page {
	t.Helper()
	return v.walk(t, v.Open(t, f.start(t)), f.callback)
}

// push sends the request to the provider (RFC 9126 section 2).
func (f *flow) push(t *testing.T) *reply {
	t.Helper()
	return f.call(t, f.endpoint("pushed_authorization_request_endpoint"), f.params)
}

// pushed is push that must work; it returns the request_uri.
func (f *flow) pushed(t *testing.T) string {
	t.Helper()
	uri, _ := f.pushedFor(t, f.push(t))
	return uri
}

func (f *flow) pushedFor(t *testing.T, got *reply) (uri string, life time.Duration) {
	t.Helper()
	var a struct {
		URI  string `json:"request_uri"`
		Life int64  `json:"expires_in"`
	}
	if err := json.Unmarshal([]byte(got.body), &a); err != nil || got.status != http.StatusCreated || a.URI == "" || a.Life <= 0 {
		t.Fatalf("the pushed request is answered %d %s", got.status, got.body)
	}
	return a.URI, time.Duration(a.Life) * time.Second
}

// pushedAt is where a pushed request goes on.
func (f *flow) pushedAt(uri string) string {
	return f.meta.Authorization + "?" + url.Values{"client_id": {f.id}, "request_uri": {uri}}.Encode()
}

// An answer is what came to the callback.
type answer struct {
	*flow
	values url.Values
	id     *idToken // that came with it, checked
}

// run sends the visitor through the request and returns the answer. Any but a
// whole and faultless one fails the test.
func (f *flow) run(t *testing.T, v *visitor) *answer {
	t.Helper()
	return f.ended(t, v, f.open(t, v))
}

// ended is run for a walk that is over.
func (f *flow) ended(t *testing.T, v *visitor, p *harness.Page) *answer {
	t.Helper()
	a := f.answer(t, v, p)
	if a.values.Has("error") {
		t.Fatalf("the app is answered %v", a.values)
	}
	for what, name := range map[string]string{"code": "code", "id_token": "id_token", "token": "access_token"} {
		if a.values.Has(name) != f.has(what) {
			t.Errorf("the answer to response_type=%s: %v", f.kind, a.values)
		}
	}
	if f.has("id_token") {
		a.id = f.verify(t, a.values.Get("id_token"))
		a.id.same(t, "nonce", f.params.Get("nonce"))
		a.id.hashes(t, "c_hash", a.values.Get("code"))
		a.id.hashes(t, "at_hash", a.values.Get("access_token"))
	}
	if f.has("token") && !strings.EqualFold(a.values.Get("token_type"), "bearer") {
		t.Errorf("token_type %q", a.values.Get("token_type"))
	}
	return a
}

// fails sends the visitor through the request and wants one of the errors at the
// callback.
func (f *flow) fails(t *testing.T, v *visitor, codes ...string) {
	t.Helper()
	f.failed(t, v, f.open(t, v), codes...)
}

func (f *flow) failed(t *testing.T, v *visitor, p *harness.Page, codes ...string) {
	t.Helper()
	a := f.answer(t, v, p)
	if got := a.values.Get("error"); !contains(codes, got) {
		t.Fatalf("the app is answered %v, want an error of %v", a.values, codes)
	}
	for _, name := range []string{"code", "id_token", "access_token"} {
		if a.values.Has(name) {
			t.Errorf("an error with %s: %v", name, a.values)
		}
	}
}

// failsOrPage is fails, or a page of the provider that says no.
func (f *flow) failsOrPage(t *testing.T, v *visitor, codes ...string) {
	t.Helper()
	f.landsRefused(t, v, f.open(t, v), codes...)
}

// refused wants the request refused: when it is pushed, at the callback, or on a
// page of the provider.
func (f *flow) refused(t *testing.T, v *visitor, codes ...string) {
	t.Helper()
	got := f.push(t)
	if got.status != http.StatusCreated {
		got.refused(t, codes...)
		return
	}
	uri, _ := f.pushedFor(t, got)
	f.landsRefused(t, v, v.walk(t, v.Open(t, f.pushedAt(uri)), f.callback), codes...)
}

func (f *flow) landsRefused(t *testing.T, v *visitor, p *harness.Page, codes ...string) {
	t.Helper()
	if p.Redirects() || formTo(p, f.callback) != nil {
		f.failed(t, v, p, codes...)
		return
	}
	f.isErrorPage(t, v, p)
}

// errorPage wants a page of the provider that says no, and nothing sent to the app.
func (f *flow) errorPage(t *testing.T, v *visitor) {
	t.Helper()
	f.isErrorPage(t, v, v.walk(t, v.Open(t, f.start(t)), f.home))
}

func (f *flow) isErrorPage(t *testing.T, v *visitor, p *harness.Page) {
	t.Helper()
	if p.Redirects() || p.Status < 400 || p.Status >= 500 || v.signIns > 0 || formTo(p, f.home) != nil {
		t.Fatalf("no error page but %d at %s after %d sign-ins:\n%s", p.Status, p.URL, v.signIns, p.Body)
	}
	if got := f.visits(f.callback); len(got) > 0 {
		t.Errorf("the app was sent %v", got)
	}
}

// answer takes what the browser brings to the callback, from where the response
// mode says, and checks what every answer must have.
func (f *flow) answer(t *testing.T, v *visitor, p *harness.Page) *answer {
	t.Helper()
	a := &answer{flow: f}
	if f.params.Get("response_mode") == "form_post" {
		a.values = f.posted(t, v, p)
	} else {
		a.values = f.redirected(t, p)
	}
	for name, values := range a.values {
		if len(values) != 1 {
			t.Errorf("the answer has %s %d times", name, len(values))
		}
	}
	if got, want := a.values["state"], f.params["state"]; len(got) != len(want) || len(want) == 1 && got[0] != want[0] {
		t.Errorf("state %q, want %q", got, want)
	}
	if got := a.values.Get("iss"); f.meta.Iss && got != f.meta.Issuer || !f.meta.Iss && got != "" {
		t.Errorf("iss %q (RFC 9207)", got)
	}
	return a
}

// redirected reads an answer in the address: in the query where only a code may
// come, else in the fragment.
func (f *flow) redirected(t *testing.T, p *harness.Page) url.Values {
	t.Helper()
	if !harness.Leads(f.callback)(p) {
		t.Fatalf("the request ended at %s, status %d:\n%s", p.URL, p.Status, p.Body)
	}
	registered, err := url.Parse(f.callback)
	if err != nil {
		t.Fatal(err)
	}
	query, fragment := p.URL.Query(), strings.TrimPrefix(p.URL.EscapedFragment(), "?")
	for name, values := range registered.Query() {
		if len(query[name]) != 1 || query.Get(name) != values[0] {
			t.Errorf("the callback's own query is gone: %s", p.URL)
		}
		query.Del(name)
	}
	if kind := f.params.Get("response_type"); kind == "code" || kind == "" {
		if fragment != "" {
			t.Errorf("an answer in the fragment: %s", p.URL)
		}
		return query
	}
	if len(query) > 0 {
		t.Errorf("an answer in the query: %s", p.URL)
	}
	values, err := url.ParseQuery(fragment)
	if err != nil {
		t.Fatal(err)
	}
	return values
}

// posted lets the page post itself to the app, and returns what the app was sent
// (OAuth 2.0 Form Post Response Mode).
func (f *flow) posted(t *testing.T, v *visitor, p *harness.Page) url.Values {
	t.Helper()
	form := formTo(p, f.callback)
	if form == nil {
		t.Fatalf("the request ended without a form to the app, at %s, status %d:\n%s", p.URL, p.Status, p.Body)
	}
	before := len(f.visits(f.callback))
	v.Submit(t, p, *form)
	got := f.visits(f.callback)
	if len(got) != before+1 {
		t.Fatalf("the app was reached %d times", len(got)-before)
	}
	last := got[before]
	if last.Method != http.MethodPost || last.Kind != "application/x-www-form-urlencoded" || len(last.Query) > 0 {
		t.Errorf("the app was sent %+v", last)
	}
	return last.Form
}
