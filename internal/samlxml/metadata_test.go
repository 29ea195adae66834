package samlxml_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/samlxml"
)

const spMetadata = `<?xml version="1.0"?>
<!-- comments are common in metadata -->
<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" validUntil="2027-01-01T00:00:00Z">
 <md:EntityDescriptor entityID="https://idp.example"/>
 <md:EntitiesDescriptor validUntil="2026-12-01T00:00:00Z">
  <md:EntityDescriptor entityID="https://sp.example" validUntil="2028-01-01T00:00:00Z">
   <md:SPSSODescriptor AuthnRequestsSigned="1" protocolSupportEnumeration="urn:x urn:oasis:names:tc:SAML:2.0:protocol">
    <md:KeyDescriptor><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>
      CERT
    </ds:X509Certificate></ds:X509Data></ds:KeyInfo><md:EncryptionMethod Algorithm="http://www.w3.org/2009/xmlenc11#aes128-gcm"/></md:KeyDescriptor>
    <md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>
      <ds:X509Certificate>AAAA</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
    <md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://sp.example/acs" index="0"/>
   </md:SPSSODescriptor>
  </md:EntityDescriptor>
 </md:EntitiesDescriptor>
</md:EntitiesDescriptor>`

const idpMetadata = `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.example">
<IDPSSODescriptor WantAuthnRequestsSigned="true" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
<KeyDescriptor use="encryption"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>CERT2</X509Certificate></X509Data></KeyInfo></KeyDescriptor>
<KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>CERT</X509Certificate></X509Data></KeyInfo></KeyDescriptor>
<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example/sso?a=b"/>
</IDPSSODescriptor></EntityDescriptor>`

func withCerts(metadata string) []byte {
	one := base64.StdEncoding.EncodeToString(keys().idp.Certificate.Raw)
	two := base64.StdEncoding.EncodeToString(keys().other.Certificate.Raw)
	return []byte(strings.NewReplacer("CERT2", two, "CERT", one[:20]+"\n   "+one[20:]).Replace(metadata))
}

func TestParseSPMetadata(t *testing.T) {
	m, err := samlxml.ParseSPMetadata(withCerts(spMetadata))
	if err != nil {
		t.Fatal(err)
	}
	role := m.Entity.SPSSODescriptors[0]
	if m.Entity.EntityID != "https://sp.example" || len(m.Signing) != 1 || len(m.Encryption) != 1 ||
		!m.Signing[0].Equal(keys().idp.Certificate) || len(m.Encryption[0].Methods) != 1 || !*role.AuthnRequestsSigned {
		t.Errorf("metadata %+v", m)
	}
	if want := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC); !m.ValidUntil.Equal(want) {
		t.Errorf("valid until %s, want the earliest on the way, %s", m.ValidUntil, want)
	}
}

func TestParseIDPMetadata(t *testing.T) {
	m, err := samlxml.ParseIDPMetadata(withCerts(idpMetadata))
	if err != nil {
		t.Fatal(err)
	}
	if m.EntityID != "https://idp.example" || len(m.Certificates) != 1 || !m.Certificates[0].Equal(keys().idp.Certificate) ||
		!m.WantAuthnRequestsSigned || len(m.SSO) != 1 || m.SSO[0].Location != "https://idp.example/sso?a=b" {
		t.Errorf("metadata %+v", m)
	}
}

func TestMetadataRefused(t *testing.T) {
	good := string(withCerts(idpMetadata))
	tests := []struct {
		name, doc string
		want      error
	}{
		{"another root", "<a/>", samlxml.ErrMetadata},
		{"no role", strings.ReplaceAll(good, "IDPSSODescriptor", "PDPDescriptor"), samlxml.ErrMetadata},
		{"SAML 1.1 only", strings.Replace(good, "SAML:2.0:protocol", "SAML:1.1:protocol", 1), samlxml.ErrMetadata},
		{"no entityID", strings.Replace(good, "entityID", "x", 1), samlxml.ErrMetadata},
		{"script location", strings.Replace(good, "https://idp.example/sso?a=b", "javascript:alert(1)", 1), samlxml.ErrMetadata},
		{"no location", strings.Replace(good, "Location", "Place", 1), samlxml.ErrMetadata},
		{"no signing key", strings.Replace(good, `use="signing"`, `use="encryption"`, 1), samlxml.ErrMetadata},
		{"a DTD", "<!DOCTYPE x>" + good, samlxml.ErrMalformed},
		{"too long", good + strings.Repeat(" ", 1<<20), samlxml.ErrTooLarge},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := samlxml.ParseIDPMetadata([]byte(tt.doc)); !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
		})
	}
}
