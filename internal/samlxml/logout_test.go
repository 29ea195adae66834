package samlxml_test

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/internal/samlxml"
)

const sloURL = "https://idp.example/saml/slo"

// alice is named with everything that can qualify a name.
func alice() *saml.NameID {
	return &saml.NameID{Format: string(saml.PersistentNameIDFormat), NameQualifier: "https://idp.example",
		SPNameQualifier: "https://sp.example", SPProvidedID: "a&b", Value: ` al"<ice `}
}

func logoutRequest() *samlxml.LogoutRequest {
	return &samlxml.LogoutRequest{
		Envelope:     samlxml.Envelope{ID: "_ask", Issuer: "https://sp.example", IssueInstant: now},
		NotOnOrAfter: now.Add(5 * time.Minute), Reason: "urn:oasis:names:tc:SAML:2.0:logout:user",
		NameID: alice(), SessionIndexes: []string{"s1", "s2 "},
	}
}

func logoutResponse() *samlxml.LogoutResponse {
	return &samlxml.LogoutResponse{
		Envelope:     samlxml.Envelope{ID: "_answer", Issuer: "https://sp.example", IssueInstant: now},
		InResponseTo: "_ask", Status: samlxml.Status{Code: saml.StatusSuccess, Second: saml.StatusPartialLogout, Message: "b is away"},
	}
}

func send(t testing.TB, s samlxml.Signer, m samlxml.LogoutMessage, binding string) *samlxml.Sending {
	t.Helper()
	out, err := s.SendLogout(m, binding, sloURL, "state &=+")
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// arrive reads what was sent.
func arrive(t testing.TB, out *samlxml.Sending) *samlxml.Logout {
	t.Helper()
	l, err := samlxml.LogoutByPost(out.Form)
	if out.Form == nil {
		u, _ := url.Parse(out.Address)
		l, err = samlxml.LogoutByRedirect(u.RawQuery)
	}
	if err != nil {
		t.Fatal(err)
	}
	return l
}

var logoutBindings = []string{saml.HTTPRedirectBinding, saml.HTTPPostBinding}

func TestLogoutRoundTrip(t *testing.T) {
	for name, signer := range map[string]samlxml.Signer{"RSA": keys().sp, "ECDSA": keys().ec} {
		for _, binding := range logoutBindings {
			t.Run(name+" "+binding, func(t *testing.T) {
				certs := []*x509.Certificate{keys().other.Certificate, signer.Certificate}
				l := arrive(t, send(t, signer, logoutRequest(), binding))
				if err := l.Verify(certs); err != nil {
					t.Fatal(err)
				}
				got, want := l.Request, logoutRequest()
				if l.RelayState != "state &=+" || got.Destination != sloURL || got.ID != want.ID || got.Issuer != want.Issuer ||
					!got.IssueInstant.Equal(now) || !got.NotOnOrAfter.Equal(want.NotOnOrAfter) || got.Reason != want.Reason ||
					got.Asynchronous || !reflect.DeepEqual(got.SessionIndexes, want.SessionIndexes) || !reflect.DeepEqual(got.NameID, alice()) {
					t.Errorf("request %+v, name %+v", got, got.NameID)
				}
				l = arrive(t, send(t, signer, logoutResponse(), binding))
				if err := l.Verify(certs); err != nil {
					t.Fatal(err)
				}
				if got, want := l.Response, logoutResponse(); got.ID != want.ID || got.InResponseTo != want.InResponseTo ||
					got.Status != want.Status || got.Destination != sloURL {
					t.Errorf("response %+v", got)
				}
			})
		}
	}
}

// TestLogoutForged: nothing that another key signed, that was changed, or whose
// signature the binding does not count, is believed.
func TestLogoutForged(t *testing.T) {
	signer, certs := keys().sp, []*x509.Certificate{keys().sp.Certificate}
	redirect, post := send(t, signer, logoutRequest(), saml.HTTPRedirectBinding), send(t, signer, logoutRequest(), saml.HTTPPostBinding)
	u, _ := url.Parse(redirect.Address)
	signedXML, _ := base64.StdEncoding.DecodeString(post.Form.Get("SAMLRequest"))
	unsigned, err := samlxml.RedirectURL(sloURL, "SAMLRequest", signedXML, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	stripped, _, _ := strings.Cut(u.RawQuery, "&SigAlg=")
	form := func(raw string) url.Values {
		return url.Values{"SAMLRequest": {base64.StdEncoding.EncodeToString([]byte(raw))}}
	}
	head, rest, _ := strings.Cut(string(signedXML), "<ds:Signature")
	_, tail, _ := strings.Cut(rest, "</ds:Signature>")
	tests := []struct {
		name  string
		query string
		form  url.Values
		want  error
	}{
		{"another key by redirect", query(send(t, keys().other, logoutRequest(), saml.HTTPRedirectBinding)), nil, samlxml.ErrSignature},
		{"another key by post", "", send(t, keys().other, logoutRequest(), saml.HTTPPostBinding).Form, samlxml.ErrSignature},
		{"query signature stripped", stripped, nil, samlxml.ErrNoSignature},
		{"signed in the XML by redirect", strings.TrimPrefix(unsigned, sloURL+"?"), nil, samlxml.ErrNoSignature},
		{"RelayState changed", strings.Replace(u.RawQuery, "RelayState=state", "RelayState=stale", 1), nil, samlxml.ErrSignature},
		{"not signed by post", "", form(head + tail), samlxml.ErrNoSignature},
		{"name changed by post", "", form(strings.Replace(string(signedXML), "ice", "ise", 1)), samlxml.ErrSignature},
		{"session dropped by post", "", form(strings.Replace(string(signedXML), "<samlp:SessionIndex>s1</samlp:SessionIndex>", "", 1)), samlxml.ErrSignature},
		{"issuer changed by post", "", form(strings.Replace(string(signedXML), ">https://sp.", ">https://xp.", 1)), samlxml.ErrSignature},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l, err := samlxml.LogoutByPost(tt.form)
			if tt.form == nil {
				l, err = samlxml.LogoutByRedirect(tt.query)
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := l.Verify(certs); !errors.Is(err, tt.want) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func query(s *samlxml.Sending) string {
	_, q, _ := strings.Cut(s.Address, "?")
	return q
}

func TestLogoutMalformed(t *testing.T) {
	const start = `<p:LogoutRequest xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:a="urn:oasis:names:tc:SAML:2.0:assertion" ID="_1" Version="2.0" IssueInstant="2026-11-23T12:00:00Z">`
	const from, name, end = `<a:Issuer>i</a:Issuer>`, `<a:NameID>n</a:NameID>`, `</p:LogoutRequest>`
	if _, err := samlxml.ParseLogoutRequest([]byte(start + from + name + end)); err != nil {
		t.Fatal(err)
	}
	for what, raw := range map[string]string{
		"no issuer":          start + name + end,
		"no name":            start + from + end,
		"empty name":         start + from + `<a:NameID></a:NameID>` + end,
		"two names":          start + from + name + name + end,
		"name and encrypted": start + from + name + `<a:EncryptedID/>` + end,
		"base id":            start + from + `<a:BaseID/>` + end,
		"cut name":           start + from + `<a:NameID>n<!-- -->m</a:NameID>` + end,
		"nested name":        start + from + `<a:NameID>n<a:b/></a:NameID>` + end,
		"foreign namespace":  start + from + `<p:NameID>n</p:NameID>` + end,
		"no time":            strings.Replace(start, "IssueInstant", "Instant", 1) + from + name + end,
		"version":            strings.Replace(start, `"2.0"`, `"1.1"`, 1) + from + name + end,
		"odd id":             strings.Replace(start, `"_1"`, `"1"`, 1) + from + name + end,
		"a response":         strings.ReplaceAll(start+from+name+end, "LogoutRequest", "LogoutResponse"),
		"an assertion in it": start + from + name + `<p:Extensions><a:Assertion/></p:Extensions>` + end,
		"doctype":            `<!DOCTYPE x>` + start + from + name + end,
	} {
		if _, err := samlxml.ParseLogoutRequest([]byte(raw)); !errors.Is(err, samlxml.ErrMalformed) {
			t.Errorf("%s: %v", what, err)
		}
	}
	answer := strings.ReplaceAll(start+from+end, "LogoutRequest", "LogoutResponse")
	if _, err := samlxml.ParseLogoutResponse([]byte(answer)); !errors.Is(err, samlxml.ErrMalformed) {
		t.Errorf("no status: %v", err)
	}
	for _, form := range []url.Values{{}, {"SAMLRequest": {"a", "b"}}, {"SAMLRequest": {"PGEvPg=="}, "SAMLResponse": {"PGEvPg=="}},
		{"SAMLRequest": {"PGEvPg=="}}, {"SAMLResponse": {"!"}}} {
		if _, err := samlxml.LogoutByPost(form); !errors.Is(err, samlxml.ErrMalformed) {
			t.Errorf("%v: %v", form, err)
		}
	}
}

func TestLogoutAsynchronous(t *testing.T) {
	r, err := samlxml.ParseLogoutRequest([]byte(`<p:LogoutRequest xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol" xmlns="urn:oasis:names:tc:SAML:2.0:assertion" ID="_1" Version="2.0" IssueInstant="2026-11-23T12:00:00Z"><Issuer>i</Issuer><p:Extensions><Asynchronous xmlns="urn:oasis:names:tc:SAML:2.0:protocol:ext:async-slo"/></p:Extensions><NameID>n</NameID></p:LogoutRequest>`))
	if err != nil || !r.Asynchronous {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestLogoutCurrent(t *testing.T) {
	tests := []struct {
		name   string
		at     time.Time
		to     string
		change func(*samlxml.LogoutRequest)
		want   error
	}{
		{"fresh", now, sloURL, nil, nil},
		{"clocks differ", now.Add(-samlxml.Skew), sloURL, nil, nil},
		{"from the future", now.Add(-samlxml.Skew - time.Second), sloURL, nil, samlxml.ErrNotYetValid},
		{"last moment", now.Add(2*samlxml.Skew - time.Second), sloURL, nil, nil},
		{"old", now.Add(2 * samlxml.Skew), sloURL, nil, samlxml.ErrExpired},
		{"over", now, sloURL, func(r *samlxml.LogoutRequest) { r.NotOnOrAfter = now.Add(-samlxml.Skew) }, samlxml.ErrExpired},
		{"no end", now, sloURL, func(r *samlxml.LogoutRequest) { r.NotOnOrAfter = time.Time{} }, nil},
		{"for somebody else", now, sloURL + "2", nil, samlxml.ErrDestination},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := logoutRequest()
			if tt.change != nil {
				tt.change(r)
			}
			l := arrive(t, send(t, keys().sp, r, saml.HTTPPostBinding))
			if err := l.Current(tt.to, tt.at, samlxml.Skew); !errors.Is(err, tt.want) {
				t.Errorf("error %v", err)
			}
			if tt.want == nil && !tt.at.Before(l.Until(samlxml.Skew)) {
				t.Errorf("accepted at %s, remembered until %s", tt.at, l.Until(samlxml.Skew))
			}
		})
	}
	// Whoever signs has to say for whom: another pool's message must not be ours.
	l := &samlxml.Logout{Request: logoutRequest()}
	if err := l.Current("", now, samlxml.Skew); err != nil {
		t.Error(err) // only an endpoint without an address could be meant
	}
	if err := l.Current(sloURL, now, samlxml.Skew); !errors.Is(err, samlxml.ErrDestination) {
		t.Errorf("no destination: %v", err)
	}
}

func TestLogoutEncryptedID(t *testing.T) {
	parse := func(content string) *samlxml.LogoutRequest {
		r, err := samlxml.ParseLogoutRequest([]byte(`<p:LogoutRequest xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:a="urn:oasis:names:tc:SAML:2.0:assertion" ID="_1" Version="2.0" IssueInstant="2026-11-23T12:00:00Z"><a:Issuer>i</a:Issuer>` + encryptedID(t, content) + `</p:LogoutRequest>`))
		if err != nil || r.NameID != nil {
			t.Fatal(r, err)
		}
		return r
	}
	mine, others := []*rsa.PrivateKey{keys().sp.Key.(*rsa.PrivateKey)}, []*rsa.PrivateKey{keys().other.Key.(*rsa.PrivateKey)}
	r := parse(`<NameID xmlns="urn:oasis:names:tc:SAML:2.0:assertion" Format="f">n</NameID>`)
	if err := r.Decrypt(&samlxml.Policy{Keys: others}); !errors.Is(err, samlxml.ErrDecrypt) {
		t.Errorf("with another key: %v", err)
	}
	if err := r.Decrypt(&samlxml.Policy{Keys: append(others, mine...)}); err != nil || r.NameID.Value != "n" || r.NameID.Format != "f" {
		t.Errorf("%v, name %+v", err, r.NameID)
	}
	for _, content := range []string{`<NameID>n</NameID>`, `<NameID xmlns="urn:oasis:names:tc:SAML:2.0:assertion"/>`, `n`,
		`<!DOCTYPE x><NameID xmlns="urn:oasis:names:tc:SAML:2.0:assertion">n</NameID>`} {
		if r := parse(content); !errors.Is(r.Decrypt(&samlxml.Policy{Keys: mine}), samlxml.ErrDecrypt) || r.NameID != nil {
			t.Errorf("%s: name %+v", content, r.NameID)
		}
	}
}

// encryptedID encrypts anything to the SP, by way of an assertion's envelope.
func encryptedID(t *testing.T, content string) string {
	t.Helper()
	o := outgoing()
	o.SignResponse, o.Encrypt = true, &samlxml.Encryption{Certificate: keys().sp.Certificate, Method: samlxml.AES256GCM}
	o.SignAssertion = false
	return strings.ReplaceAll(samlxml.EncryptFor(o.Encrypt, content), "EncryptedAssertion", "EncryptedID")
}

func TestSendLogoutRefusesBinding(t *testing.T) {
	if _, err := keys().sp.SendLogout(logoutRequest(), saml.SOAPBinding, sloURL, ""); !errors.Is(err, samlxml.ErrMetadata) {
		t.Errorf("error %v", err)
	}
}

// FuzzLogout holds that whatever verifies says what was signed.
func FuzzLogout(f *testing.F) {
	certs := []*x509.Certificate{keys().sp.Certificate}
	for _, m := range []samlxml.LogoutMessage{logoutRequest(), logoutResponse()} {
		form := send(f, keys().sp, m, saml.HTTPPostBinding).Form
		_, isResponse := form["SAMLResponse"]
		raw, _ := base64.StdEncoding.DecodeString(form.Get("SAMLRequest") + form.Get("SAMLResponse"))
		f.Add(raw, isResponse)
	}
	f.Fuzz(func(t *testing.T, raw []byte, isResponse bool) {
		name := "SAMLRequest"
		if isResponse {
			name = "SAMLResponse"
		}
		l, err := samlxml.LogoutByPost(url.Values{name: {base64.StdEncoding.EncodeToString(raw)}})
		if err != nil || l.Verify(certs) != nil {
			return
		}
		switch {
		case isResponse && (l.Response.ID != "_answer" || l.Response.InResponseTo != "_ask" || l.Response.Status != logoutResponse().Status):
			t.Errorf("accepted %s", raw)
		case !isResponse && (l.Request.ID != "_ask" || !reflect.DeepEqual(l.Request.NameID, alice()) || len(l.Request.SessionIndexes) != 2):
			t.Errorf("accepted %s", raw)
		}
	})
}
