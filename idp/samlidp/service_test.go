package samlidp_test

import (
	"encoding/xml"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/idp/samlidp"
	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/userpool"
)

func TestCreateDefaults(t *testing.T) {
	r := newRig(t, nil)
	a := r.app
	if a.NameIDFormat != "persistent" || !a.SignAssertion || a.SignResponse || a.EncryptAssertion ||
		a.EntityID != spEntity || !slices.Equal(a.ACS, []string{spACS}) || len(a.ID) != 26 {
		t.Errorf("application %+v", a)
	}
}

func TestCreateRefuses(t *testing.T) {
	r := newRig(t, nil)
	good := *r.spMetadata(t)
	tests := []struct {
		name   string
		change func(*samlidp.Spec)
	}{
		{"no metadata", func(s *samlidp.Spec) { s.MetadataXML = nil }},
		{"metadata twice", func(s *samlidp.Spec) { s.MetadataURL = ptr("https://x") }},
		{"no name", func(s *samlidp.Spec) { s.Name = nil }},
		{"nothing signed", func(s *samlidp.Spec) { s.SignAssertion = ptr(false) }},
		{"odd format", func(s *samlidp.Spec) { s.NameIDFormat = ptr("email") }},
		{"a format that nothing makes", func(s *samlidp.Spec) { s.NameIDFormat = ptr("kerberos") }},
		{"a name twice over", func(s *samlidp.Spec) {
			s.NameIDAttribute, s.Settings = ptr("email"), &samlidp.Settings{NameIDExpression: "user.email"}
		}},
		{"a NameID expression that is none", func(s *samlidp.Spec) { s.Settings = &samlidp.Settings{NameIDExpression: "user."} }},
		{"an expression that is none", func(s *samlidp.Spec) {
			s.Attributes = []samlidp.Attribute{{Name: "a", Expression: "nothing.email"}}
		}},
		{"a value and an expression", func(s *samlidp.Spec) {
			s.Attributes = []samlidp.Attribute{{Name: "a", Value: "email", Expression: "user.email"}}
		}},
		{"a bad group pattern", func(s *samlidp.Spec) { s.Settings = &samlidp.Settings{GroupPattern: "("} }},
		{"a costly group pattern", func(s *samlidp.Spec) { s.Settings = &samlidp.Settings{GroupPattern: strings.Repeat("(.?){1000}", 25)} }},
		{"a prefix of all groups", func(s *samlidp.Spec) { s.Settings = &samlidp.Settings{GroupPrefixes: []string{""}} }},
		{"a URN without an attribute", func(s *samlidp.Spec) { s.NameIDFormat = ptr("urn:x") }},
		{"an attribute without a name", func(s *samlidp.Spec) { s.Attributes = []samlidp.Attribute{{Value: "email"}} }},
		{"an attribute without a value", func(s *samlidp.Spec) { s.Attributes = []samlidp.Attribute{{Name: "a"}} }},
		{"an attribute with a long value", func(s *samlidp.Spec) {
			s.Attributes = []samlidp.Attribute{{Name: "a", Value: strings.Repeat("é", 257)}}
		}},
		{"an attribute twice", func(s *samlidp.Spec) {
			s.Attributes = []samlidp.Attribute{{Name: "a", Value: "email"}, {Name: "a", Value: "email"}}
		}},
		{"expired metadata", func(s *samlidp.Spec) {
			s.MetadataXML = ptr(strings.Replace(awsMetadata, "2030", "2020", 1))
		}},
		{"not metadata", func(s *samlidp.Spec) { s.MetadataXML = ptr("<a/>") }},
		{"of an identity provider", func(s *samlidp.Spec) {
			s.MetadataXML = ptr(strings.ReplaceAll(good, "SPSSODescriptor", "IDPSSODescriptor"))
		}},
		{"no POST endpoint", func(s *samlidp.Spec) {
			s.MetadataXML = ptr(strings.ReplaceAll(good, "bindings:HTTP-POST", "bindings:PAOS"))
		}},
		{"a script as endpoint", func(s *samlidp.Spec) {
			s.MetadataXML = ptr(strings.ReplaceAll(good, spACS, "javascript:alert(1)"))
		}},
		{"no encryption key", func(s *samlidp.Spec) {
			s.MetadataXML, s.EncryptAssertion = ptr(strings.ReplaceAll(good, `use="encryption"`, `use="signing"`)), ptr(true)
		}},
		{"an unknown signature", func(s *samlidp.Spec) { s.Settings = &samlidp.Settings{SignatureAlgorithm: "rsa-sha1"} }},
		{"an unknown cipher", func(s *samlidp.Spec) { s.Settings = &samlidp.Settings{EncryptionAlgorithm: "3des"} }},
		{"only CBC, and CBC is not set", func(s *samlidp.Spec) {
			s.MetadataXML, s.EncryptAssertion = ptr(strings.ReplaceAll(good, samlxml.AES128GCM, samlxml.AES128CBC)), ptr(true)
		}},
		{"metadata that cannot be fetched", func(s *samlidp.Spec) { s.MetadataXML, s.MetadataURL = nil, ptr(r.URL+"/nowhere") }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			spec := samlidp.Spec{Name: ptr("x"), MetadataXML: &good}
			tt.change(&spec)
			_, err := r.apps.Create(t.Context(), poolID, spec)
			var fault *userpool.Fault
			if !errors.Is(err, userpool.ErrInvalidParameter) || !errors.As(err, &fault) {
				t.Errorf("error %v", err)
			}
		})
	}
	_, err := r.apps.Create(t.Context(), poolID, samlidp.Spec{Name: ptr("x"), MetadataXML: &good})
	if !errors.Is(err, samlidp.ErrExists) {
		t.Errorf("same entity ID: %v", err)
	}
}

func TestUpdate(t *testing.T) {
	r := newRig(t, nil)
	metadata := strings.ReplaceAll(*r.spMetadata(t), spACS, "https://sp.example/moved")
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(metadata)) }))
	defer srv.Close()
	a, err := r.apps.Update(t.Context(), poolID, r.app.ID, samlidp.Spec{MetadataURL: &srv.URL, NameIDFormat: ptr("transient")})
	if err != nil {
		t.Fatal(err)
	}
	if a.Name != "The Wiki" || a.MetadataURL != srv.URL || a.NameIDFormat != "transient" || !slices.Equal(a.ACS, []string{"https://sp.example/moved"}) {
		t.Errorf("application %+v", a)
	}
	if _, err := r.apps.Update(t.Context(), poolID, "nothere", samlidp.Spec{}); !errors.Is(err, samlidp.ErrNotFound) {
		t.Errorf("error %v", err)
	}
	_, err = r.apps.Update(t.Context(), poolID, a.ID, samlidp.Spec{SignAssertion: ptr(false)})
	if !errors.Is(err, userpool.ErrInvalidParameter) {
		t.Errorf("nothing signed: %v", err)
	}
}

// TestUpdateIsSeen: a cached app must not outlive its change.
func TestUpdateIsSeen(t *testing.T) {
	r := newRig(t, nil)
	r.ask(t, nil)
	clock.Advance(time.Microsecond)
	moved := strings.ReplaceAll(*r.spMetadata(t), spACS, "https://sp.example/moved")
	if _, err := r.apps.Update(t.Context(), poolID, r.app.ID, samlidp.Spec{MetadataXML: &moved}); err != nil {
		t.Fatal(err)
	}
	p, _ := r.ask(t, nil)
	page400(t, p) // the old endpoint
}

func TestMetadata(t *testing.T) {
	r := newRig(t, nil)
	p := r.get(t, r.h.EntityID(poolID))
	if got := p.header.Get("Content-Type"); got != "application/samlmetadata+xml" {
		t.Errorf("Content-Type %q", got)
	}
	m, err := samlxml.ParseIDPMetadata([]byte(p.body))
	if err != nil {
		t.Fatal(err)
	}
	if m.EntityID != r.h.EntityID(poolID) || len(m.SSO) != 2 || m.SSO[0].Location != r.h.SSOURL(poolID) || len(m.SLO) != 3 || m.SLO[1].Location != r.h.SLOURL(poolID) || m.SLO[2].Location != r.h.SOAPLogoutURL(poolID) || m.ValidUntil.IsZero() {
		t.Errorf("metadata %+v", m)
	}
	// A rotated key is published before and after: the old one is still there.
	if _, err := r.h.Keys.Rotate(t.Context(), "pool/"+string(poolID)+"/saml", 48*time.Hour); err != nil {
		t.Fatal(err)
	}
	certs := r.certs(t)
	if len(certs) < 2 || certs[0].Equal(m.Certificates[0]) || !slices.ContainsFunc(certs, m.Certificates[0].Equal) {
		t.Errorf("%d certificates after rotation", len(certs))
	}
	r.sp.IDPMetadata = r.idpMetadata(t)
	answer, _ := r.ask(t, nil)
	if out := r.verified(t, answer); !out.SignedBy.Equal(certs[0]) {
		t.Error("the retired key signs")
	}
}

// awsMetadata is a service provider as AWS describes itself.
const awsMetadata = `<?xml version="1.0"?>
<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="urn:amazon:webservices" validUntil="2030-01-01T00:00:00Z">
  <!-- one role -->
  <SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol" WantAssertionsSigned="true">
    <NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:transient</NameIDFormat>
    <NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</NameIDFormat>
    <AssertionConsumerService index="1" isDefault="true" Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://signin.aws.amazon.com/saml"/>
    <AttributeConsumingService index="1">
      <ServiceName xml:lang="en">AWS Management Console Single Sign-On</ServiceName>
      <RequestedAttribute isRequired="true" Name="https://aws.amazon.com/SAML/Attributes/Role" FriendlyName="RoleEntitlement"/>
      <RequestedAttribute isRequired="true" Name="https://aws.amazon.com/SAML/Attributes/RoleSessionName" FriendlyName="RoleSessionName"/>
    </AttributeConsumingService>
  </SPSSODescriptor>
</EntityDescriptor>`

func TestAWSAsApp(t *testing.T) {
	const prefix = "https://aws.amazon.com/SAML/Attributes/"
	const role = "arn:aws:iam::000000000000:role/dev,arn:aws:iam::000000000000:saml-provider/poolhouse"
	r := newRig(t, nil)
	a, err := r.apps.Create(t.Context(), poolID, samlidp.Spec{Name: ptr("AWS"), MetadataXML: ptr(awsMetadata),
		Attributes: []samlidp.Attribute{{Name: prefix + "Role", Value: `"` + role + `"`}, {Name: prefix + "RoleSessionName", Value: "email"}}})
	if err != nil {
		t.Fatal(err)
	}
	p := r.get(t, r.apps.InitiateURL(a))
	out := r.verified(t, p)
	got := map[string]string{}
	for _, at := range out.Assertion.AttributeStatements[0].Attributes {
		got[at.Name] = at.Values[0].Value
	}
	d := out.Assertion.Subject.SubjectConfirmations[0].SubjectConfirmationData
	if d.Recipient != "https://signin.aws.amazon.com/saml" || out.Audiences[0][0] != "urn:amazon:webservices" ||
		got[prefix+"Role"] != role || got[prefix+"RoleSessionName"] != "alice@example.org" {
		t.Errorf("recipient %q, audiences %q, attributes %q", d.Recipient, out.Audiences, got)
	}
	if len(p.saml64) > 100_000 {
		t.Errorf("%d characters", len(p.saml64))
	}
}

// The schema's order of elements, which some apps insist on.
func TestMetadataOrder(t *testing.T) {
	r := newRig(t, nil)
	var names []string
	d := xml.NewDecoder(strings.NewReader(r.get(t, r.h.EntityID(poolID)).body))
	for {
		tok, err := d.Token()
		if err != nil {
			break
		}
		if e, ok := tok.(xml.StartElement); ok && strings.HasSuffix(e.Name.Space, "metadata") && !slices.Contains(names, e.Name.Local) {
			names = append(names, e.Name.Local)
		}
	}
	if got := strings.Join(names, " "); got != "EntityDescriptor Extensions IDPSSODescriptor KeyDescriptor ArtifactResolutionService SingleLogoutService NameIDFormat SingleSignOnService" {
		t.Errorf("order %s", got)
	}
}
