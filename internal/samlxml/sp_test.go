package samlxml_test

import (
	"crypto/x509"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/internal/samlxml"
)

func outgoingRequest() *samlxml.OutgoingRequest {
	return &samlxml.OutgoingRequest{ID: "_r", Issuer: "urn:sp", Destination: "https://idp.example/sso?a=b", IssueInstant: now,
		ACS: "https://sp.example/acs"}
}

func TestWriteRequest(t *testing.T) {
	bare, err := samlxml.ParseAuthnRequest(outgoingRequest().Write())
	if err != nil {
		t.Fatal(err)
	}
	if bare.ID != "_r" || bare.Issuer != "urn:sp" || bare.Destination != "https://idp.example/sso?a=b" || !bare.IssueInstant.Equal(now) ||
		bare.ACSURL != "https://sp.example/acs" || bare.ProtocolBinding != saml.HTTPPostBinding || bare.ForceAuthn || bare.HasSignature() ||
		strings.Contains(string(outgoingRequest().Write()), "NameIDPolicy") || len(bare.Contexts) > 0 {
		t.Errorf("%+v", bare)
	}
	o := outgoingRequest()
	o.ForceAuthn, o.Contexts = true, []string{"urn:a", "urn:b&c"}
	o.NameID = samlxml.NameIDPolicy{Create: true, Format: "urn:f"}
	raw, err := keys().idp.WriteRequest(o)
	if err != nil {
		t.Fatal(err)
	}
	full, err := samlxml.ParseAuthnRequest(raw)
	if err != nil {
		t.Fatal(err)
	}
	if err := full.Verify(idpCerts()); err != nil {
		t.Fatal(err)
	}
	if !full.ForceAuthn || full.NameIDFormat != "urn:f" || full.Comparison != "exact" || !slices.Equal(full.Contexts, o.Contexts) {
		t.Errorf("%+v", full)
	}
	if err := full.Verify([]*x509.Certificate{keys().other.Certificate}); err == nil {
		t.Error("another key verifies")
	}
}

func TestWriteSPMetadata(t *testing.T) {
	raw, err := keys().idp.WriteSPMetadata(&samlxml.SPDescription{ID: "_m", EntityID: "urn:sp", ValidUntil: now, CacheFor: "PT6H",
		Signing:    []*x509.Certificate{keys().idp.Certificate, keys().other.Certificate},
		Encryption: []*x509.Certificate{keys().sp.Certificate}, ACS: []string{"https://a.example/acs", "https://b.example/acs"}, SLO: "https://a.example/slo"})
	if err != nil {
		t.Fatal(err)
	}
	m, err := samlxml.ParseSPMetadata(raw)
	if err != nil {
		t.Fatal(err)
	}
	role := m.Entity.SPSSODescriptors[0]
	if m.Entity.EntityID != "urn:sp" || !m.ValidUntil.Equal(now) || len(m.Signing) != 2 || len(m.Encryption) != 1 ||
		m.Encryption[0].Methods[0].Algorithm != samlxml.AES256GCM || len(role.AssertionConsumerServices) != 2 || len(role.SingleLogoutServices) != 2 ||
		!*role.AssertionConsumerServices[0].IsDefault || role.AssertionConsumerServices[1].Index != 1 {
		t.Errorf("%+v", m)
	}
	doc, err := samlxml.Parse(raw, samlxml.Metadata())
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := samlxml.Verify(doc.Root(), idpCerts()); err != nil {
		t.Error(err)
	}
}

func TestVerifyIDPMetadata(t *testing.T) {
	plain := strings.Replace(string(withCerts(idpMetadata)), "<EntityDescriptor ", `<EntityDescriptor ID="_m" cacheDuration="P1D" `, 1)
	doc, err := samlxml.Parse([]byte(plain), samlxml.Metadata())
	if err != nil {
		t.Fatal(err)
	}
	signed, err := keys().idp.SignElement(doc.Root())
	if err != nil {
		t.Fatal(err)
	}
	m, err := samlxml.VerifyIDPMetadata([]byte(signed), keys().idp.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	if m.EntityID != "https://idp.example" || m.CacheFor != 24*time.Hour || m.Entities != 1 || len(m.Certificates) != 1 {
		t.Errorf("%+v", m)
	}
	for name, tt := range map[string]struct {
		doc  string
		want error
	}{
		"unsigned":       {plain, samlxml.ErrNoSignature},
		"changed":        {strings.Replace(signed, "https://idp.example/sso", "https://evil.example/sso", 1), samlxml.ErrSignature},
		"signed within":  {"<EntitiesDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\">" + signed + "</EntitiesDescriptor>", samlxml.ErrNoSignature},
		"another's role": {strings.Replace(signed, "</EntityDescriptor>", `<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"/></EntityDescriptor>`, 1), samlxml.ErrSignature},
	} {
		if _, err := samlxml.VerifyIDPMetadata([]byte(tt.doc), keys().idp.Certificate); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := samlxml.VerifyIDPMetadata([]byte(signed), keys().other.Certificate); !errors.Is(err, samlxml.ErrSignature) {
		t.Errorf("another key: %v", err)
	}
}

func TestEntitiesAreCounted(t *testing.T) {
	one := string(withCerts(idpMetadata))
	other := strings.Replace(one, "https://idp.example\"", "https://other.example\"", 1)
	sp := `<EntityDescriptor entityID="urn:sp"><SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"/></EntityDescriptor>`
	wrap := func(in string) string {
		return `<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata">` + in + `</EntitiesDescriptor>`
	}
	for doc, want := range map[string]int{one: 1, wrap(sp + one): 1, wrap(one + wrap(sp+other)): 2} {
		m, err := samlxml.ParseIDPMetadata([]byte(doc))
		if err != nil || m.Entities != want || m.EntityID != "https://idp.example" {
			t.Errorf("%+v, %v; want %d", m, err, want)
		}
	}
}
