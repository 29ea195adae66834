package samlsp_test

import (
	"crypto/x509"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/sp/samlsp"
	"github.com/poolhouse/poolhouse/userpool"
)

const logoutURL = base + "/saml2/logout"

func signsOut(p *userpool.Provider) { p.Details["IDPSignout"] = "true" }

// as reads what was sent as its receiver does, signed by key.
func (r *rig) as(out *sp.Departure, certs ...*x509.Certificate) *samlxml.Logout {
	r.t.Helper()
	l, err := samlxml.LogoutByPost(out.Form)
	if out.Form == nil {
		u, _ := url.Parse(out.Address)
		l, err = samlxml.LogoutByRedirect(u.RawQuery)
	}
	if err != nil {
		r.t.Fatal(err)
	}
	if err := l.Verify(certs); err != nil {
		r.t.Fatal(err)
	}
	return l
}

// receive brings a message of a signer's to the pool.
func (r *rig) receive(signer samlxml.Signer, m samlxml.LogoutMessage, binding string) (*samlsp.Logout, error) {
	r.t.Helper()
	out, err := signer.SendLogout(m, binding, logoutURL, "relay")
	if err != nil {
		r.t.Fatal(err)
	}
	return r.bring(out.Address, out.Form)
}

func (r *rig) bring(address string, form url.Values) (*samlsp.Logout, error) {
	pool := must[*userpool.Pool](r.t)(r.pools.Pool(r.t.Context(), poolID))
	u, _ := url.Parse(address)
	return r.Receive(r.t.Context(), pool, u.RawQuery, form)
}

func (r *rig) answer(to string) *samlxml.LogoutResponse {
	return &samlxml.LogoutResponse{Envelope: samlxml.Envelope{ID: samlxml.NewID(), Issuer: idpEntity, IssueInstant: r.clock.Now()},
		InResponseTo: to, Status: samlxml.Status{Code: saml.StatusSuccess}}
}

func (r *rig) ask(name *saml.NameID, indexes ...string) *samlxml.LogoutRequest {
	return &samlxml.LogoutRequest{Envelope: samlxml.Envelope{ID: samlxml.NewID(), Issuer: idpEntity, IssueInstant: r.clock.Now()},
		NameID: name, SessionIndexes: indexes}
}

var logoutBindings = []string{saml.HTTPRedirectBinding, saml.HTTPPostBinding}

func TestLeave(t *testing.T) {
	r := newRig(t, signsOut)
	a := must[*sp.Arrival](t)(r.signIn(r.p, nil))
	cert := must[*x509.Certificate](t)(r.SigningCertificate(t.Context(), poolID))
	for _, binding := range logoutBindings {
		out := must[*sp.Departure](t)(r.Leave(t.Context(), r.p, a.Session, "ticket"))
		l := r.as(out, cert)
		want := saml.NameID{Format: string(saml.PersistentNameIDFormat), NameQualifier: idpEntity, SPNameQualifier: samlsp.EntityID(poolID), Value: subject}
		if out.Form != nil || !strings.HasPrefix(out.Address, idpSLO+"?") || *l.Request.NameID != want || !slices.Equal(l.Request.SessionIndexes, []string{"s1"}) ||
			l.RelayState != "ticket" || l.Request.Issuer != samlsp.EntityID(poolID) || !l.Request.NotOnOrAfter.After(r.clock.Now()) {
			t.Errorf("%+v, name %+v", l.Request, l.Request.NameID)
		}
		got, err := r.receive(trusted(), r.answer(l.Request.ID), binding)
		if err != nil || got.State != "ticket" || !got.Done || got.Provider != "Corp" || got.Request != nil {
			t.Errorf("%+v, %v", got, err)
		}
		if _, err := r.receive(trusted(), r.answer(l.Request.ID), binding); !errors.Is(err, sp.ErrInvalid) {
			t.Errorf("answered twice: %v", err)
		}
	}
	out := must[*sp.Departure](t)(r.Leave(t.Context(), r.p, a.Session, "ticket"))
	no := r.answer(r.as(out, cert).Request.ID)
	no.Status.Code = saml.StatusResponder
	if got, err := r.receive(trusted(), no, saml.HTTPPostBinding); err != nil || got.Done || got.State != "ticket" {
		t.Errorf("refused: %+v, %v", got, err)
	}
}

func TestNowhereToLeave(t *testing.T) {
	r := newRig(t, signsOut)
	a := must[*sp.Arrival](t)(r.signIn(r.p, nil))
	for name, change := range map[string]func(*userpool.Provider){
		"off": nil,
		"no address": func(p *userpool.Provider) {
			signsOut(p)
			p.Details["MetadataFile"] = strings.ReplaceAll(p.Details["MetadataFile"], "SingleLogoutService", "ManageNameIDService")
		},
		"another by then": func(p *userpool.Provider) {
			signsOut(p)
			p.Details["MetadataFile"] = metadata("https://new.example", trusted())
		},
	} {
		if _, err := r.Leave(t.Context(), r.provider(strings.ReplaceAll(name, " ", ""), change), a.Session, "s"); !errors.Is(err, sp.ErrUnusable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := r.Leave(t.Context(), r.p, nil, "s"); !errors.Is(err, sp.ErrUnusable) {
		t.Errorf("no session: %v", err)
	}
}

// TestLogoutResponseForged: nobody but the provider that was asked says that it has
// signed somebody out.
func TestLogoutResponseForged(t *testing.T) {
	r := newRig(t, signsOut)
	other := r.provider("Other", func(p *userpool.Provider) {
		p.Details["MetadataFile"] = metadata("https://other.example", signers()[1])
	})
	a := must[*sp.Arrival](t)(r.signIn(r.p, nil))
	cert := must[*x509.Certificate](t)(r.SigningCertificate(t.Context(), poolID))
	id := r.as(must[*sp.Departure](t)(r.Leave(t.Context(), r.p, a.Session, "ticket")), cert).Request.ID
	wrong := func(change func(*samlxml.LogoutResponse)) *samlxml.LogoutResponse {
		m := r.answer(id)
		change(m)
		return m
	}
	for name, tt := range map[string]struct {
		signer samlxml.Signer
		m      *samlxml.LogoutResponse
	}{
		"a stranger's key":   {signers()[2], r.answer(id)},
		"to another request": {trusted(), wrong(func(m *samlxml.LogoutResponse) { m.InResponseTo = "_other" })},
		"to none":            {trusted(), wrong(func(m *samlxml.LogoutResponse) { m.InResponseTo = "" })},
		"a stranger":         {signers()[2], wrong(func(m *samlxml.LogoutResponse) { m.Issuer = "https://evil.example" })},
		"old":                {trusted(), wrong(func(m *samlxml.LogoutResponse) { m.IssueInstant = r.clock.Now().Add(-time.Hour) })},
	} {
		for _, binding := range logoutBindings {
			if got, err := r.receive(tt.signer, tt.m, binding); !errors.Is(err, sp.ErrInvalid) {
				t.Errorf("%s: %+v, %v", name, got, err)
			}
		}
	}
	unsigned := must[string](t)(samlxml.RedirectURL(logoutURL, "SAMLResponse", []byte(`<p:LogoutResponse xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol" ID="_1" Version="2.0" IssueInstant="`+
		samlxml.Time(r.clock.Now())+`" Destination="`+logoutURL+`" InResponseTo="`+id+`"><a:Issuer xmlns:a="urn:oasis:names:tc:SAML:2.0:assertion">`+idpEntity+
		`</a:Issuer><p:Status><p:StatusCode Value="`+saml.StatusSuccess+`"/></p:Status></p:LogoutResponse>`), "ticket", nil))
	if got, err := r.bring(unsigned, nil); !errors.Is(err, sp.ErrInvalid) {
		t.Errorf("not signed: %+v, %v", got, err)
	}
	elsewhere := must[*samlxml.Sending](t)(trusted().SendLogout(r.answer(id), saml.HTTPPostBinding, "https://id.example/us-east-1_Test00002/saml2/logout", ""))
	if got, err := r.bring("", elsewhere.Form); !errors.Is(err, sp.ErrInvalid) {
		t.Errorf("meant for a sibling: %+v, %v", got, err)
	}
	if got, err := r.receive(signers()[1], wrong(func(m *samlxml.LogoutResponse) { m.Issuer = "https://other.example" }), saml.HTTPPostBinding); !errors.Is(err, sp.ErrInvalid) {
		t.Errorf("%s answers for Corp: %+v, %v", other.Name, got, err)
	}
}

// TestEnded: a provider ends the sessions that it means, and no others.
func TestEnded(t *testing.T) {
	r := newRig(t, nil)
	a := must[*sp.Arrival](t)(r.signIn(r.p, nil))
	full := saml.NameID{Format: string(saml.PersistentNameIDFormat), NameQualifier: idpEntity, SPNameQualifier: samlsp.EntityID(poolID), Value: subject}
	bare := saml.NameID{Format: full.Format, Value: subject}
	as := func(n saml.NameID, change func(*saml.NameID)) *saml.NameID {
		change(&n)
		return &n
	}
	for name, tt := range map[string]struct {
		name    *saml.NameID
		indexes []string
		want    bool
	}{
		"the session":           {&full, []string{"s0", "s1"}, true},
		"all of the name":       {&full, nil, true},
		"qualifiers understood": {&bare, nil, true},
		"another session":       {&full, []string{"s2"}, false},
		"another name":          {as(full, func(n *saml.NameID) { n.Value += "x" }), nil, false},
		"another format":        {as(full, func(n *saml.NameID) { n.Format = string(saml.EmailAddressNameIDFormat) }), nil, false},
		"another namespace":     {as(full, func(n *saml.NameID) { n.NameQualifier = "https://other.example" }), nil, false},
		"for another":           {as(full, func(n *saml.NameID) { n.SPNameQualifier = "urn:other" }), nil, false},
	} {
		for _, binding := range logoutBindings {
			l, err := r.receive(trusted(), r.ask(tt.name, tt.indexes...), binding)
			if err != nil {
				t.Fatal(name, err)
			}
			if l.Request.Is(a.Session) != tt.want {
				t.Errorf("%s: %v", name, !tt.want)
			}
			if l.Request.Is(nil) || l.Provider != "Corp" || l.Request.RelayState != "relay" {
				t.Errorf("%s: %+v", name, l)
			}
		}
	}
}

func TestAnswerLogout(t *testing.T) {
	r := newRig(t, nil)
	cert := must[*x509.Certificate](t)(r.SigningCertificate(t.Context(), poolID))
	req := r.ask(&saml.NameID{Value: "gone"})
	l := must[*samlsp.Logout](t)(r.receive(trusted(), req, saml.HTTPPostBinding))
	for partial, second := range map[bool]string{false: "", true: saml.StatusPartialLogout} {
		out := must[*sp.Departure](t)(r.Answer(t.Context(), poolID, l.Reply(), partial))
		got := r.as(out, cert)
		if got.Response.InResponseTo != req.ID || got.Response.Status != (samlxml.Status{Code: saml.StatusSuccess, Second: second}) || got.RelayState != "relay" ||
			!strings.HasPrefix(out.Address, idpSLO) {
			t.Errorf("%+v", got.Response)
		}
	}
	split := r.provider("Split", func(p *userpool.Provider) {
		p.Details["MetadataFile"] = strings.ReplaceAll(metadata("https://split.example", signers()[1]), `Location="`+idpSLO+`"`, `Location="`+idpSLO+`" ResponseLocation="https://idp.example/answers"`)
	})
	req = r.ask(&saml.NameID{Value: "gone"})
	req.Issuer = "https://split.example"
	r.clock.Advance(time.Minute) // until every node knows the provider
	l = must[*samlsp.Logout](t)(r.receive(signers()[1], req, saml.HTTPRedirectBinding))
	out := must[*sp.Departure](t)(r.Answer(t.Context(), poolID, l.Reply(), false))
	if l.Provider != split.Name || !strings.HasPrefix(out.Address, "https://idp.example/answers?") {
		t.Errorf("answered at %s", out.Address)
	}
}

// TestLogoutRequestForged: nobody but the provider ends its sessions, and each message
// counts once.
func TestLogoutRequestForged(t *testing.T) {
	r := newRig(t, nil)
	r.provider("Other", func(p *userpool.Provider) {
		p.Details["MetadataFile"] = metadata("https://other.example", signers()[1])
	})
	name := &saml.NameID{Value: subject}
	for _, binding := range logoutBindings {
		once := r.ask(name)
		must[*samlsp.Logout](t)(r.receive(trusted(), once, binding))
		for what, err := range map[string]error{
			"twice":              second(r.receive(trusted(), once, binding)),
			"a stranger's key":   second(r.receive(signers()[2], r.ask(name), binding)),
			"another provider's": second(r.receive(signers()[1], r.ask(name), binding)),
			"from the future":    second(r.receive(trusted(), r.at(name, time.Hour), binding)),
			"from yesterday":     second(r.receive(trusted(), r.at(name, -24*time.Hour), binding)),
		} {
			if !errors.Is(err, sp.ErrInvalid) {
				t.Errorf("%s: %v", what, err)
			}
		}
	}
	out := must[*samlxml.Sending](t)(trusted().SendLogout(r.ask(name), saml.HTTPRedirectBinding, logoutURL, "relay"))
	u, _ := url.Parse(out.Address)
	for what, query := range map[string]string{
		"stripped":       strings.Split(u.RawQuery, "&SigAlg=")[0],
		"relay changed":  strings.Replace(u.RawQuery, "RelayState=relay", "RelayState=other", 1),
		"request twice":  u.RawQuery + "&SAMLRequest=x",
		"spelt oddly":    strings.Replace(u.RawQuery, "SAMLRequest=", "SAMLReq%75est=", 1),
		"both":           u.RawQuery + "&SAMLResponse=x",
		"another method": strings.Replace(u.RawQuery, "rsa-sha256", "hmac-sha256", 1),
		"SHA-1":          strings.Replace(u.RawQuery, url.QueryEscape(samlxml.RSASHA256), url.QueryEscape("http://www.w3.org/2000/09/xmldsig#rsa-sha1"), 1),
		"nothing":        "",
	} {
		if _, err := r.bring(logoutURL+"?"+query, nil); !errors.Is(err, sp.ErrInvalid) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := r.bring(out.Address, nil); err != nil {
		t.Errorf("the genuine one: %v", err)
	}
}

func second(_ *samlsp.Logout, err error) error { return err }

func (r *rig) at(name *saml.NameID, by time.Duration) *samlxml.LogoutRequest {
	m := r.ask(name)
	m.IssueInstant = m.IssueInstant.Add(by)
	return m
}
