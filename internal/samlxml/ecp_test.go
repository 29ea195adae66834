package samlxml_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/internal/samlxml"
)

const envelopeHead, envelopeTail = `<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body>`, `</S:Body></S:Envelope>`

// TestAuthnRequestBySOAP: the request is read as it stands in the envelope, whose
// prefixes it may use, and stands for itself afterwards.
func TestAuthnRequestBySOAP(t *testing.T) {
	signed, err := keys().idp.WriteRequest(outgoingRequest())
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(signed), ` xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"`, "", 1)
	head := strings.Replace(envelopeHead, "<S:Envelope ", `<S:Envelope xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" `, 1)
	r, document, err := samlxml.AuthnRequestBySOAP([]byte(head + text + envelopeTail))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Verify(idpCerts()); err != nil {
		t.Error(err)
	}
	again, err := samlxml.ParseAuthnRequest(document)
	if err != nil || again.ID != r.ID || again.Verify(idpCerts()) != nil {
		t.Errorf("%v: %s", err, document)
	}
	for _, header := range []string{`S:mustUnderstand="1"`, `S:mustUnderstand="true"`} {
		with := strings.Replace(envelopeHead, "<S:Body>", `<S:Header><x `+header+`/></S:Header><S:Body>`, 1)
		if _, _, err := samlxml.AuthnRequestBySOAP([]byte(with + string(signed) + envelopeTail)); !errors.Is(err, samlxml.ErrMalformed) {
			t.Errorf("%s: %v", header, err)
		}
	}
}

// TestForeignEndpoint: crewjam would take it for one of the metadata's.
func TestForeignEndpoint(t *testing.T) {
	metadata := `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="urn:sp"><SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">` +
		`<AssertionConsumerService xmlns="urn:x" Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://evil.example/acs" index="0"/>` +
		`<AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:PAOS" Location="https://sp.example/paos" index="1"/></SPSSODescriptor></EntityDescriptor>`
	if _, err := samlxml.ParseSPMetadata([]byte(metadata)); !errors.Is(err, samlxml.ErrMetadata) {
		t.Errorf("taken: %v", err)
	}
	before, rest, _ := strings.Cut(metadata, `<AssertionConsumerService xmlns="urn:x"`)
	_, after, _ := strings.Cut(rest, "/>")
	sp, err := samlxml.ParseSPMetadata([]byte(before + after))
	if err != nil || sp.Entity.SPSSODescriptors[0].AssertionConsumerServices[0].Location != "https://sp.example/paos" {
		t.Errorf("%+v, %v", sp, err)
	}
}
