package samlxml_test

import (
	"crypto/x509"
	"encoding/base64"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/internal/samlxml"
)

// schemas are the OASIS schemas that pysaml2 brings along.
const schemas = "/usr/lib/python3/dist-packages/saml2/data/schemas"

// validator returns a check of documents against all schemas of SAML 2.0.
func validator(t *testing.T) func(name string, document []byte) {
	t.Helper()
	needs(t, "xmllint", schemas)
	dir := t.TempDir()
	catalog := file(t, dir, "catalog.xml", []byte(`<catalog xmlns="urn:oasis:names:tc:entity:xmlns:xml:catalog">`+
		uri("http://www.w3.org/TR/2002/REC-xmldsig-core-20020212/xmldsig-core-schema.xsd", "xmldsig-core-schema.xsd")+
		uri("http://www.w3.org/TR/2002/REC-xmlenc-core-20021210/xenc-schema.xsd", "xenc-schema.xsd")+
		uri("http://schemas.xmlsoap.org/soap/envelope/", "envelope.xsd")+
		uri("http://www.w3.org/2001/xml.xsd", "xml.xsd")+`</catalog>`))
	var all strings.Builder
	for namespace, name := range map[string]string{
		"urn:oasis:names:tc:SAML:2.0:protocol":         "saml-schema-protocol-2.0.xsd",
		"urn:oasis:names:tc:SAML:2.0:metadata":         "saml-schema-metadata-2.0.xsd",
		"urn:oasis:names:tc:SAML:metadata:ui":          "sstc-saml-metadata-ui-v1.0.xsd",
		"urn:oasis:names:tc:SAML:metadata:algsupport":  "sstc-saml-metadata-algsupport-v1.0.xsd",
		"urn:oasis:names:tc:SAML:metadata:attribute":   "sstc-metadata-attr.xsd",
		"http://schemas.xmlsoap.org/soap/envelope/":    "envelope.xsd",
		"urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp": "saml-schema-ecp-2.0.xsd",
	} {
		all.WriteString(`<xs:import namespace="` + namespace + `" schemaLocation="` + filepath.Join(schemas, name) + `"/>`)
	}
	schema := file(t, dir, "saml.xsd", []byte(`<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">`+all.String()+`</xs:schema>`))
	return func(name string, document []byte) {
		t.Helper()
		cmd := exec.Command("xmllint", "--nonet", "--noout", "--schema", schema, file(t, dir, "document.xml", document))
		cmd.Env = append(os.Environ(), "XML_CATALOG_FILES="+catalog)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s is not valid: %v\n%s\n%s", name, err, out, document)
		}
		if strings.Contains(string(document), "<!") {
			t.Errorf("%s has a declaration or comment", name)
		}
	}
}

func uri(name, file string) string {
	return `<uri name="` + name + `" uri="file://` + filepath.Join(schemas, file) + `"/>`
}

// TestSchemas validates each kind of message that is written here.
func TestSchemas(t *testing.T) {
	valid := validator(t)
	both := outgoing()
	both.SignResponse = true
	both.Issuer, both.Assertion.Issuer.Value = long("https://idp.example/"), long("https://idp.example/")
	both.Assertion.Subject.NameID.Value = long("x")
	valid("Response", write(t, keys().idp, both))
	valid("Response by ECDSA", write(t, keys().ec, outgoing()))

	failure := outgoing()
	failure.SignResponse, failure.Assertion = true, nil
	failure.Status = samlxml.Status{Code: saml.StatusResponder, Second: saml.StatusNoPassive, Message: "no"}
	valid("failed Response", write(t, keys().idp, failure))

	secret := outgoing()
	secret.SignResponse = true
	for _, method := range []string{samlxml.AES128GCM, samlxml.AES256GCM, samlxml.AES256CBC} {
		secret.Encrypt = &samlxml.Encryption{Certificate: keys().sp.Certificate, Method: method}
		valid("encrypted Response", write(t, keys().idp, secret))
	}
	for name, response := range map[string][]byte{"ArtifactResponse": write(t, keys().idp, both), "empty ArtifactResponse": nil} {
		raw, err := keys().idp.WriteArtifactResponse("https://idp.example", "_1", now, response)
		if err != nil {
			t.Fatal(err)
		}
		valid(name, raw)
	}
	valid("Response for an enhanced client", samlxml.WriteECPResponse("https://sp.example/paos", true, write(t, keys().idp, both)))
	valid("SOAP fault", samlxml.WriteFault("no"))
	whole := string(write(t, keys().idp, outgoing()))
	valid("assertion, as it is decrypted", []byte(assertionPart.FindString(whole)))
}

// long is a text of 256 characters.
func long(prefix string) string { return prefix + strings.Repeat("x", 256-len(prefix)) }

// TestSchemasOfLogout validates the messages of single logout.
func TestSchemasOfLogout(t *testing.T) {
	valid := validator(t)
	envelope := samlxml.Envelope{ID: samlxml.NewID(), Issuer: "https://idp.example", IssueInstant: now}
	for name, message := range map[string]samlxml.LogoutMessage{
		"LogoutRequest": &samlxml.LogoutRequest{Envelope: envelope, NameID: &saml.NameID{Format: "urn:f", NameQualifier: "a", SPNameQualifier: "b", Value: "alice"},
			SessionIndexes: []string{"1", "2"}},
		"LogoutResponse": &samlxml.LogoutResponse{Envelope: envelope, InResponseTo: "_1", Status: samlxml.Status{Code: saml.StatusSuccess, Second: saml.StatusPartialLogout}},
	} {
		for _, binding := range []string{saml.HTTPPostBinding, saml.HTTPRedirectBinding} {
			out, err := keys().idp.SendLogout(message, binding, "https://sp.example/slo", "relay")
			if err != nil {
				t.Fatal(err)
			}
			valid(name, sent(t, out))
		}
		raw, err := keys().idp.LogoutSOAP(message, "https://sp.example/soap")
		if err != nil {
			t.Fatal(err)
		}
		valid(name+" by SOAP", raw)
	}
}

// sent is the XML of what was sent by either binding.
func sent(t *testing.T, out *samlxml.Sending) []byte {
	t.Helper()
	if out.Form != nil {
		raw, err := base64.StdEncoding.DecodeString(out.Form.Get("SAMLRequest") + out.Form.Get("SAMLResponse"))
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	u, err := url.Parse(out.Address)
	if err != nil {
		t.Fatal(err)
	}
	r, err := samlxml.ParseRedirect(u.RawQuery)
	if err != nil {
		t.Fatal(err)
	}
	return r.Message
}

// TestSchemasOfRequests validates requests and the metadata of both roles.
func TestSchemasOfRequests(t *testing.T) {
	valid := validator(t)
	valid("bare AuthnRequest", outgoingRequest().Write())
	full := outgoingRequest()
	full.ForceAuthn, full.Contexts, full.NameID = true, []string{"urn:a", "urn:b"}, samlxml.NameIDPolicy{Create: true, Format: "urn:f"}
	raw, err := keys().idp.WriteRequest(full)
	if err != nil {
		t.Fatal(err)
	}
	valid("AuthnRequest", raw)

	idp := &samlxml.IDPDescription{ID: "_m", EntityID: long("https://idp.example/"), ValidUntil: now, CacheFor: "PT6H",
		Certificates: []*x509.Certificate{keys().idp.Certificate, keys().ec.Certificate}, NameIDFormats: []string{"urn:f"}, SSO: "https://idp.example/sso"}
	for _, name := range []string{"bare", "full"} {
		if name == "full" {
			idp.SOAPSSO = "https://idp.example/sso/soap"
			idp.SOAPLogout, idp.Artifact, idp.Scopes, idp.ErrorURL = "https://idp.example/slo/soap", "https://idp.example/artifact", []string{"example.org"}, "https://idp.example/help"
			idp.Display = samlxml.Display{Language: "en", Name: "A", Description: "B", Logo: "https://idp.example/logo.png", LogoWidth: 64, LogoHeight: 64,
				Information: "https://idp.example/", Privacy: "https://idp.example/privacy"}
			idp.Organization = samlxml.Organization{Name: "A", DisplayName: "A", URL: "https://idp.example/"}
			idp.Contacts = []samlxml.Contact{{Kind: "technical", Company: "A", GivenName: "B", SurName: "C", Email: "mailto:a@example.org", Telephone: "1"}}
		}
		raw, err := keys().idp.WriteIDPMetadata(idp)
		if err != nil {
			t.Fatal(err)
		}
		valid(name+" metadata of an identity provider", raw)
	}
	raw, err = keys().idp.WriteSPMetadata(&samlxml.SPDescription{ID: "_m", EntityID: "urn:sp", ValidUntil: now, CacheFor: "PT6H",
		Signing: idpCerts(), Encryption: []*x509.Certificate{keys().sp.Certificate}, ACS: []string{"https://a.example/acs"}, SLO: "https://a.example/slo"})
	if err != nil {
		t.Fatal(err)
	}
	valid("metadata of a service provider", raw)
}
