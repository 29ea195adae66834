package samlsp_test

import (
	"errors"
	"net/url"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/userpool"
)

func TestArrive(t *testing.T) {
	r := newRig(t, nil)
	now := r.clock.Now()
	a, err := r.signIn(r.p, nil)
	if err != nil {
		t.Fatal(err)
	}
	if a.Subject != subject || !slices.Equal(a.Methods, []string{"pwd"}) || !a.At.Equal(now.Truncate(time.Millisecond)) ||
		!a.Ends.Equal(now.Add(8*time.Hour).Truncate(time.Millisecond)) || len(a.Session) == 0 {
		t.Errorf("%+v", a)
	}
	if want := map[string][]string{"mail": {"alice@example.org"}, "groups": {"ops", "staff"}}; !reflect.DeepEqual(a.Claims, want) {
		t.Errorf("claims %v", a.Claims)
	}
	inbound := userpool.InboundSAML{Attributes: map[string]any{"mail": "alice@example.org", "groups": []string{"ops", "staff"}}}
	if !reflect.DeepEqual(a.Inbound, inbound) {
		t.Errorf("inbound %v", a.Inbound)
	}
}

func TestArriveHarmless(t *testing.T) {
	r := newRig(t, func(p *userpool.Provider) { p.Details["MetadataFile"] = metadata(idpEntity, signers()[1], trusted()) })
	for name, change := range map[string]func(*samlxml.Outgoing){
		"both signed":     func(o *samlxml.Outgoing) { o.SignResponse = true },
		"response signed": func(o *samlxml.Outgoing) { o.SignResponse, o.SignAssertion = true, false },
		"no destination":  func(o *samlxml.Outgoing) { o.Destination = "" },
		"one time":        func(o *samlxml.Outgoing) { o.Assertion.Conditions.OneTimeUse = &saml.OneTimeUse{} },
		"no times but the confirmation's": func(o *samlxml.Outgoing) {
			o.Assertion.Conditions.NotBefore, o.Assertion.Conditions.NotOnOrAfter = time.Time{}, time.Time{}
		},
		"second confirmation holds": func(o *samlxml.Outgoing) {
			all := &o.Assertion.Subject.SubjectConfirmations
			*all = append([]saml.SubjectConfirmation{{Method: "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches", SubjectConfirmationData: &saml.SubjectConfirmationData{}},
				{Method: samlxml.Bearer, SubjectConfirmationData: &saml.SubjectConfirmationData{Recipient: "https://other.example", NotOnOrAfter: r.clock.Now().Add(time.Minute)}}}, *all...)
		},
		"clock ahead": func(o *samlxml.Outgoing) {
			o.IssueInstant = o.IssueInstant.Add(2 * time.Minute)
			o.Assertion.IssueInstant, o.Assertion.Conditions.NotBefore = o.IssueInstant, o.IssueInstant
		},
		"no attributes": func(o *samlxml.Outgoing) { o.Assertion.AttributeStatements = nil },
		"no session end": func(o *samlxml.Outgoing) {
			o.Assertion.AuthnStatements[0].SessionNotOnOrAfter, o.Assertion.AuthnStatements[0].SessionIndex = nil, ""
		},
	} {
		if a, err := r.signIn(r.p, change); err != nil || a.Subject != subject {
			t.Errorf("%s: %+v, %v", name, a, err)
		}
	}
}

// TestRules: each rule refuses what only it is against.
func TestRules(t *testing.T) {
	r := newRig(t, nil)
	now := r.clock.Now()
	data := func(o *samlxml.Outgoing) *saml.SubjectConfirmationData {
		return o.Assertion.Subject.SubjectConfirmations[0].SubjectConfirmationData
	}
	past := now.Add(-time.Second)
	for name, change := range map[string]func(*samlxml.Outgoing){
		"issuer": func(o *samlxml.Outgoing) {
			o.Issuer, o.Assertion.Issuer.Value = "https://other.example", "https://other.example"
		},
		"issuers differ":             func(o *samlxml.Outgoing) { o.Issuer = "https://other.example" },
		"destination":                func(o *samlxml.Outgoing) { o.Destination = "https://other.example" },
		"destination, other pool's":  func(o *samlxml.Outgoing) { o.Destination = "https://id.example/us-east-1_Test00002/saml2/idpresponse" },
		"signed without destination": func(o *samlxml.Outgoing) { o.SignResponse, o.Destination = true, "" },
		"response to another":        func(o *samlxml.Outgoing) { o.InResponseTo = "_other" },
		"response to none":           func(o *samlxml.Outgoing) { o.InResponseTo = "" },
		"confirmed for another":      func(o *samlxml.Outgoing) { data(o).InResponseTo = "_other" },
		"confirmed for none":         func(o *samlxml.Outgoing) { data(o).InResponseTo = "" },
		"no recipient":               func(o *samlxml.Outgoing) { data(o).Recipient = "" },
		"another recipient":          func(o *samlxml.Outgoing) { data(o).Recipient = acs + "/" },
		"no end of confirmation":     func(o *samlxml.Outgoing) { data(o).NotOnOrAfter = time.Time{} },
		"confirmation over":          func(o *samlxml.Outgoing) { data(o).NotOnOrAfter = now.Add(-4 * time.Minute) },
		"sender vouches": func(o *samlxml.Outgoing) {
			o.Assertion.Subject.SubjectConfirmations[0].Method = "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"
		},
		"parts of two confirmations": func(o *samlxml.Outgoing) {
			second := *data(o)
			second.Recipient = "https://other.example"
			data(o).InResponseTo = "_other"
			o.Assertion.Subject.SubjectConfirmations = append(o.Assertion.Subject.SubjectConfirmations, saml.SubjectConfirmation{Method: samlxml.Bearer, SubjectConfirmationData: &second})
		},
		"no audience": func(o *samlxml.Outgoing) { o.Assertion.Conditions.AudienceRestrictions = nil },
		"sibling pool's audience": func(o *samlxml.Outgoing) {
			o.Assertion.Conditions.AudienceRestrictions[0].Audience.Value = "urn:amazon:cognito:sp:us-east-1_Test00002"
		},
		"one audience of two": func(o *samlxml.Outgoing) {
			all := &o.Assertion.Conditions.AudienceRestrictions
			*all = append(*all, saml.AudienceRestriction{Audience: saml.Audience{Value: "https://other.example"}})
		},
		"conditions later": func(o *samlxml.Outgoing) { o.Assertion.Conditions.NotBefore = now.Add(4 * time.Minute) },
		"conditions over":  func(o *samlxml.Outgoing) { o.Assertion.Conditions.NotOnOrAfter = now.Add(-4 * time.Minute) },
		"from the future":  func(o *samlxml.Outgoing) { o.Assertion.IssueInstant = now.Add(4 * time.Minute) },
		"from long ago":    func(o *samlxml.Outgoing) { o.Assertion.IssueInstant = now.Add(-2 * time.Hour) },
		"session over":     func(o *samlxml.Outgoing) { o.Assertion.AuthnStatements[0].SessionNotOnOrAfter = &past },
		"no statement":     func(o *samlxml.Outgoing) { o.Assertion.AuthnStatements = nil },
		"no name":          func(o *samlxml.Outgoing) { o.Assertion.Subject.NameID = nil },
		"empty name":       func(o *samlxml.Outgoing) { o.Assertion.Subject.NameID.Value = "" },
		"padded name":      func(o *samlxml.Outgoing) { o.Assertion.Subject.NameID.Value = subject + " " },
		"transient name":   func(o *samlxml.Outgoing) { o.Assertion.Subject.NameID.Format = string(saml.TransientNameIDFormat) },
		"another's name":   func(o *samlxml.Outgoing) { o.Assertion.Subject.NameID.NameQualifier = "https://other.example" },
		"name for another": func(o *samlxml.Outgoing) {
			o.Assertion.Subject.NameID.SPNameQualifier = "urn:amazon:cognito:sp:us-east-1_Test00002"
		},
		"attribute in two formats": func(o *samlxml.Outgoing) {
			o.Assertion.AttributeStatements[0].Attributes = append(o.Assertion.AttributeStatements[0].Attributes,
				saml.Attribute{Name: "mail", NameFormat: "urn:x", Values: []saml.AttributeValue{{Value: "mallory@example.org"}}})
		},
	} {
		if a, err := r.signIn(r.p, change); !errors.Is(err, sp.ErrInvalid) {
			t.Errorf("%s: %+v, %v", name, a, err)
		}
	}
}

func TestAttributesAreKnownByName(t *testing.T) {
	r := newRig(t, nil)
	a, err := r.signIn(r.p, func(o *samlxml.Outgoing) {
		o.Assertion.AttributeStatements = append(o.Assertion.AttributeStatements, saml.AttributeStatement{Attributes: []saml.Attribute{
			{Name: "urn:evil", FriendlyName: "mail", Values: []saml.AttributeValue{{Value: "mallory@example.org"}}},
			{Name: "groups", Values: []saml.AttributeValue{{Value: "late"}}}}})
	})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(a.Claims["mail"], []string{"alice@example.org"}) || !slices.Equal(a.Claims["groups"], []string{"ops", "staff", "late"}) {
		t.Errorf("claims %v", a.Claims)
	}
}

func TestSubjectAttribute(t *testing.T) {
	r := newRig(t, func(p *userpool.Provider) { p.Settings.SAML.SubjectAttribute = "mail" })
	transient := func(o *samlxml.Outgoing) {
		o.Assertion.Subject.NameID.Format, o.Assertion.Subject.NameID.Value = string(saml.TransientNameIDFormat), "_1"
	}
	if a, err := r.signIn(r.p, transient); err != nil || a.Subject != "alice@example.org" {
		t.Errorf("%+v, %v", a, err)
	}
	if a, err := r.signIn(r.p, func(o *samlxml.Outgoing) { o.Assertion.Subject.NameID = nil }); err != nil || a.Session != nil {
		t.Errorf("without a name: %+v, %v", a, err)
	}
	for name, values := range map[string][]saml.AttributeValue{"none": nil, "two": {{Value: "a"}, {Value: "b"}}, "empty": {{Value: ""}}} {
		_, err := r.signIn(r.p, func(o *samlxml.Outgoing) { o.Assertion.AttributeStatements[0].Attributes[0].Values = values })
		if !errors.Is(err, sp.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestContexts(t *testing.T) {
	const ppt = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
	r := newRig(t, func(p *userpool.Provider) { p.Settings.SAML.Contexts = []string{"https://refeds.org/profile/mfa", ppt} })
	if _, err := r.signIn(r.p, nil); err != nil {
		t.Error(err)
	}
	for _, class := range []*saml.AuthnContextClassRef{nil, {Value: "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"}} {
		_, err := r.signIn(r.p, func(o *samlxml.Outgoing) { o.Assertion.AuthnStatements[0].AuthnContext.AuthnContextClassRef = class })
		if !errors.Is(err, sp.ErrInvalid) {
			t.Errorf("%v: %v", class, err)
		}
	}
}

// TestForcedSignInIsFresh: a provider that ignores ForceAuthn proves nothing.
func TestForcedSignInIsFresh(t *testing.T) {
	r := newRig(t, func(p *userpool.Provider) { p.Settings.SAML.ForceAuthn = true })
	if _, err := r.signIn(r.p, nil); err != nil {
		t.Error(err)
	}
	_, err := r.signIn(r.p, func(o *samlxml.Outgoing) { o.Assertion.AuthnStatements[0].AuthnInstant = r.clock.Now().Add(-time.Hour) })
	if !errors.Is(err, sp.ErrInvalid) {
		t.Error(err)
	}
}

func TestSkewSetting(t *testing.T) {
	r := newRig(t, func(p *userpool.Provider) { p.Settings.SAML.Skew = 10 * time.Minute })
	slow := func(by time.Duration) func(o *samlxml.Outgoing) {
		return func(o *samlxml.Outgoing) {
			o.Assertion.Conditions.NotOnOrAfter = r.clock.Now().Add(-by)
			o.Assertion.Subject.SubjectConfirmations[0].SubjectConfirmationData.NotOnOrAfter = r.clock.Now().Add(-by)
		}
	}
	if _, err := r.signIn(r.p, slow(9*time.Minute)); err != nil {
		t.Error(err)
	}
	if _, err := r.signIn(r.p, slow(10*time.Minute)); !errors.Is(err, sp.ErrInvalid) {
		t.Error(err)
	}
}

func TestStatus(t *testing.T) {
	r := newRig(t, nil)
	refused := func(o *samlxml.Outgoing) {
		o.Assertion, o.SignAssertion, o.SignResponse = nil, false, true
		o.Status = samlxml.Status{Code: saml.StatusResponder, Second: saml.StatusAuthnFailed, Message: "no\nway"}
	}
	if _, err := r.signIn(r.p, refused); !errors.Is(err, sp.ErrRefused) {
		t.Error(err)
	}
	_, err := r.signIn(r.p, func(o *samlxml.Outgoing) { refused(o); o.Issuer = "https://other.example" })
	if !errors.Is(err, sp.ErrInvalid) {
		t.Errorf("somebody else's: %v", err)
	}
}

func TestIDPInitiated(t *testing.T) {
	r := newRig(t, func(p *userpool.Provider) { p.Details["IDPInit"] = "true" })
	if a, err := r.arrive(r.p, nil, r.write(trusted(), r.response(""))); err != nil || a.Subject != subject {
		t.Errorf("%+v, %v", a, err)
	}
	atDomain := r.response("")
	atDomain.Destination = "https://corp.example/saml2/idpresponse"
	atDomain.Assertion.Subject.SubjectConfirmations[0].SubjectConfirmationData.Recipient = atDomain.Destination
	if _, err := r.arrive(r.p, nil, r.write(trusted(), atDomain)); err != nil {
		t.Errorf("at the pool's domain: %v", err)
	}
	req, _ := r.depart(r.p)
	if _, err := r.arrive(r.p, nil, r.write(trusted(), r.response(req.ID))); !errors.Is(err, sp.ErrInvalid) {
		t.Errorf("an answer to somebody's request as an unasked one: %v", err)
	}
	half := r.response("")
	half.Assertion.Subject.SubjectConfirmations[0].SubjectConfirmationData.InResponseTo = req.ID
	if _, err := r.arrive(r.p, nil, r.write(trusted(), half)); !errors.Is(err, sp.ErrInvalid) {
		t.Errorf("confirmed for a request: %v", err)
	}
	off := r.provider("Off", nil)
	if _, err := r.arrive(off, nil, r.write(trusted(), r.response(""))); !errors.Is(err, sp.ErrInvalid) {
		t.Errorf("where it is off: %v", err)
	}
}

func TestArriveByPostOnly(t *testing.T) {
	r := newRig(t, nil)
	req, memo := r.depart(r.p)
	raw := r.write(trusted(), r.response(req.ID))
	address, err := samlxml.RedirectURL(acs, "SAMLResponse", raw, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	u, _ := url.Parse(address)
	for name, answer := range map[string]*sp.Answer{
		"redirect": {Query: u.RawQuery, Form: u.Query()},
		"none":     {Form: url.Values{}},
		"two":      {Form: url.Values{"SAMLResponse": {"a", "b"}}},
		"no XML":   {Form: url.Values{"SAMLResponse": {"%"}}},
	} {
		answer.Provider, answer.Memo = r.p, memo
		if _, err := r.Arrive(t.Context(), answer); !errors.Is(err, sp.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
