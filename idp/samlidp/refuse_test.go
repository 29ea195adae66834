package samlidp_test

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/beevik/etree"
	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/idp/samlidp"
	"github.com/poolhouse/poolhouse/internal/ephemeral"
)

// unsigned is a request's XML without a signature, changed as text.
func (r *rig) unsigned(t testing.TB, replace ...string) []byte {
	t.Helper()
	req := r.request(t, saml.HTTPPostBinding, nil)
	req.Signature = nil
	doc := etree.NewDocument()
	doc.SetRoot(req.Element())
	text, err := doc.WriteToString()
	if err != nil {
		t.Fatal(err)
	}
	return []byte(strings.NewReplacer(replace...).Replace(text))
}

// page400 holds that a request ended in a page of ours and told the app nothing.
func page400(t *testing.T, p page) {
	t.Helper()
	if p.status != http.StatusBadRequest || p.saml64 != "" || strings.Contains(p.body, "samlidp") || strings.Contains(p.body, "samlxml") {
		t.Errorf("status %d: %s", p.status, p.body)
	}
}

// unsignedApp lets requests go unsigned: its metadata does not promise signatures.
func unsignedApp(s *samlidp.Spec) {
	*s.MetadataXML = strings.Replace(*s.MetadataXML, `AuthnRequestsSigned="true"`, `AuthnRequestsSigned="false"`, 1)
}

// TestPages lists what no app is told of, because none can be trusted to have asked.
func TestPages(t *testing.T) {
	tests := []struct {
		name    string
		replace []string
	}{
		{"no issuer", []string{"saml:Issuer", "saml:Nobody"}},
		{"empty issuer", []string{spEntity, ""}},
		{"unknown issuer", []string{spEntity, "https://stranger.example"}},
		{"issuer cut by a comment", []string{spEntity, "https://sp.<!-- -->example/metadata"}},
		{"no ID", []string{` ID="`, ` NoID="`}},
		{"no time", []string{` IssueInstant="`, ` NoInstant="`}},
		{"a DTD", []string{"<samlp:AuthnRequest", "<!DOCTYPE x><samlp:AuthnRequest"}},
		{"endpoint not registered", []string{spACS, "https://evil.example/acs"}},
		{"endpoint with a suffix", []string{spACS, spACS + "/.."}},
		{"endpoint by index and address", []string{"AssertionConsumerServiceURL=", `AssertionConsumerServiceIndex="1" AssertionConsumerServiceURL=`}},
		{"no such index", []string{`AssertionConsumerServiceURL="` + spACS + `"`, `AssertionConsumerServiceIndex="7"`, ` ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"`, ""}},
		{"a response", []string{"samlp:AuthnRequest", "samlp:Response"}},
		{"no XML", []string{"<", ""}},
	}
	r := newRig(t, unsignedApp)
	if p := r.postRaw(t, r.unsigned(t)); p.status != http.StatusOK || p.saml64 == "" {
		t.Fatalf("the request that the others differ from: %d %s", p.status, p.body)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			raw := r.unsigned(t, tt.replace...)
			if bytes.Equal(raw, r.unsigned(t)) {
				t.Fatal("nothing was replaced")
			}
			page400(t, r.postRaw(t, raw))
		})
	}
}

func TestEndpointByIndex(t *testing.T) {
	r := newRig(t, func(s *samlidp.Spec) {
		unsignedApp(s)
		*s.MetadataXML = strings.Replace(*s.MetadataXML, "</SPSSODescriptor>",
			`<AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://sp.example/second" index="9"/></SPSSODescriptor>`, 1)
	})
	p := r.postRaw(t, r.unsigned(t, `AssertionConsumerServiceURL="`+spACS+`"`, `AssertionConsumerServiceIndex="9"`,
		` ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"`, ""))
	if p.action != "https://sp.example/second" || r.verified(t, p).Destination != p.action {
		t.Errorf("sent to %q: %s", p.action, p.body)
	}
}

func TestRequestSignatures(t *testing.T) {
	r := newRig(t, nil) // signs, and its metadata says so
	page400(t, r.postRaw(t, r.unsigned(t)))

	req := r.request(t, saml.HTTPRedirectBinding, nil)
	u, err := req.Redirect("relay-1", r.sp)
	if err != nil {
		t.Fatal(err)
	}
	good := u.RawQuery
	cut := func(name string) string {
		q, err := url.ParseQuery(good)
		if err != nil {
			t.Fatal(err)
		}
		q.Del(name)
		return q.Encode()
	}
	for name, query := range map[string]string{
		"no signature":       cut("Signature"),
		"no algorithm":       cut("SigAlg"),
		"RelayState dropped": strings.Replace(good, "&RelayState=relay-1", "", 1),
		"RelayState changed": strings.Replace(good, "relay-1", "relay-2", 1),
		"RelayState twice":   good + "&RelayState=relay-2",
		"request twice":      good + "&SAMLRequest=x",
		"odd spelling":       good + "&%52elayState=x",
		"SHA-1 claimed":      strings.Replace(good, "2001%2F04%2Fxmldsig-more%23rsa-sha256", "2000%2F09%2Fxmldsig%23rsa-sha1", 1),
	} {
		if query == good {
			t.Errorf("%s: nothing changed", name)
		}
		t.Run(name, func(t *testing.T) { page400(t, r.get(t, r.h.SSOURL(poolID)+"?"+query)) })
	}
	if p := r.get(t, r.h.SSOURL(poolID)+"?"+good); p.saml64 == "" {
		t.Errorf("the good one: %d %s", p.status, p.body)
	}
}

// TestPresentSignatureMustVerify: even an app that need not sign must not be
// impersonated with a broken signature.
func TestPresentSignatureMustVerify(t *testing.T) {
	r := newRig(t, unsignedApp)
	req := r.request(t, saml.HTTPPostBinding, nil)
	req.Signature = nil
	if err := r.sp.SignAuthnRequest(req); err != nil {
		t.Fatal(err)
	}
	req.ForceAuthn = ptr(true) // after signing
	page400(t, r.postElement(t, req.Element()))
}

func TestParkedRequest(t *testing.T) {
	r := newRig(t, nil)
	stop := &http.Client{Jar: r.browser.Jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	park := func() string {
		u, err := r.request(t, saml.HTTPRedirectBinding, nil).Redirect("relay-1", r.sp)
		if err != nil {
			t.Fatal(err)
		}
		res, err := stop.Get(u.String())
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		login, err := res.Location()
		if err != nil {
			t.Fatal(err)
		}
		return r.URL + login.Query().Get("to")
	}
	t.Run("slow sign-in works", func(t *testing.T) {
		address := park()
		clock.Advance(9 * time.Minute)
		if p := r.get(t, address); p.saml64 == "" || p.relay != "relay-1" {
			t.Fatalf("status %d: %s", p.status, p.body)
		}
		page400(t, r.get(t, address)) // used up
	})
	r.browser.Jar.SetCookies(&url.URL{Scheme: "http", Host: strings.TrimPrefix(r.URL, "http://"), Path: "/"},
		[]*http.Cookie{{Name: "session", Value: "", Path: "/", MaxAge: -1}})
	t.Run("another browser is refused", func(t *testing.T) {
		address, mine := park(), r.browser
		r.browser = newBrowser(t)
		page400(t, r.get(t, address))
		r.browser = mine
		if p := r.get(t, address); p.saml64 == "" {
			t.Errorf("the right browser: %d %s", p.status, p.body)
		}
	})
	t.Run("it expires", func(t *testing.T) {
		r.browser = newBrowser(t)
		stop.Jar = r.browser.Jar
		address := park()
		clock.Advance(10*time.Minute + time.Second)
		page400(t, r.get(t, address))
	})
}

func TestPostPage(t *testing.T) {
	r := newRig(t, nil)
	p, _ := r.ask(t, nil)
	csp := p.header.Get("Content-Security-Policy")
	if !strings.Contains(csp, "form-action 'self' https://sp.example") || strings.Contains(csp, "unsafe") {
		t.Errorf("policy %q", csp)
	}
	for _, want := range []string{`<button type="submit">`, `method="post"`, `<script src="/static/post.js"></script>`} {
		if !strings.Contains(p.body, want) {
			t.Errorf("no %s in %s", want, p.body)
		}
	}
	if strings.Count(p.body, "<script") != 1 || strings.Contains(p.body, " onload") {
		t.Error("a script in the page, which the policy forbids")
	}
	if p.header.Get("Cache-Control") != "no-store" {
		t.Errorf("Cache-Control %q", p.header.Get("Cache-Control"))
	}
}

func TestLongRelayState(t *testing.T) {
	r := newRig(t, nil)
	long := strings.Repeat("x", 4097)
	u, err := r.request(t, saml.HTTPRedirectBinding, nil).Redirect(long, r.sp)
	if err != nil {
		t.Fatal(err)
	}
	page400(t, r.get(t, u.String()))
	page400(t, r.get(t, r.apps.InitiateURL(r.app)+"?RelayState="+long))
}

// A meter notes the longest value that was kept.
type meter struct {
	ephemeral.Store
	longest atomic.Int64
}

func (m *meter) Put(ctx context.Context, ns, key string, value []byte, until time.Time) error {
	m.longest.Store(max(m.longest.Load(), int64(len(value))))
	return m.Store.Put(ctx, ns, key, value, until)
}

// A small request must not fill our storage by being inflated.
func TestParkedRequestIsSmall(t *testing.T) {
	r := newRig(t, unsignedApp)
	m := &meter{Store: r.h.Ephemeral}
	r.h.Ephemeral = m
	raw := r.unsigned(t)
	end := bytes.LastIndex(raw, []byte("</"))
	p := r.postRaw(t, slices.Concat(raw[:end], bytes.Repeat([]byte{' '}, 70_000), raw[end:]))
	if n := m.longest.Load(); p.saml64 == "" || n == 0 || n > 4<<10 {
		t.Errorf("kept %d bytes; status %d", n, p.status)
	}
}

// A request may be as long as one by redirect: 100 000 characters of base64, more
// than a form of our own pages.
func TestLongRequest(t *testing.T) {
	for length, want := range map[int]int{74_900: http.StatusOK, 75_100: http.StatusBadRequest} {
		r := newRig(t, unsignedApp)
		raw := r.unsigned(t)
		end := bytes.LastIndex(raw, []byte("</"))
		raw = slices.Concat(raw[:end], bytes.Repeat([]byte{' '}, length-len(raw)), raw[end:])
		if p := r.postRaw(t, raw); p.status != want {
			t.Errorf("%d bytes: status %d, want %d", length, p.status, want)
		}
	}
}

func TestUnknownPool(t *testing.T) {
	r := newRig(t, nil)
	for _, path := range []string{"metadata", "sso", "continue", "init/x"} {
		if p := r.get(t, r.URL+"/us-east-1_Nowhere00/saml/"+path); p.status != http.StatusNotFound {
			t.Errorf("%s: status %d", path, p.status)
		}
	}
}
