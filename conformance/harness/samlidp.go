package harness

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"math/big"
	"testing"
	"time"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/internal/samlxml"
)

// A SAMLIDP signs assertions for AWS, for a person named erin.
type SAMLIDP struct {
	Key         *rsa.PrivateKey
	Certificate *x509.Certificate
	Provider    string // ARN
}

// SAMLEntity is the name of a SAMLIDP, and SAMLRecipient whom its assertions are for.
const (
	SAMLEntity    = "https://idp.example/sts"
	SAMLRecipient = "https://signin.aws.amazon.com/saml"
)

// NewSAMLIDP makes a provider with a key of its own.
func NewSAMLIDP(t testing.TB) *SAMLIDP {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	return &SAMLIDP{Key: key, Certificate: cert}
}

// Metadata describes the provider, for CreateSAMLProvider.
func (i *SAMLIDP) Metadata() string {
	return `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="` + SAMLEntity + `"><IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">` +
		`<KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>` + base64.StdEncoding.EncodeToString(i.Certificate.Raw) +
		`</X509Certificate></X509Data></KeyInfo></KeyDescriptor><SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example/sso"/></IDPSSODescriptor></EntityDescriptor>`
}

// A SAMLClaim is what an assertion says, and how it goes out.
type SAMLClaim struct {
	Recipient, Issuer, Role string
	Until                   time.Time
	Encrypt                 *x509.Certificate // nil in clear
	Status                  string            // of a sign-in that failed
}

// Response returns a Response, in base64 as AssumeRoleWithSAML takes it.
func (i *SAMLIDP) Response(t testing.TB, change func(*SAMLClaim)) string {
	t.Helper()
	c := &SAMLClaim{Recipient: SAMLRecipient, Issuer: SAMLEntity, Role: "arn:aws:iam::" + Account + ":role/sts-saml", Until: time.Now().Add(5 * time.Minute)}
	if change != nil {
		change(c)
	}
	out := &samlxml.Outgoing{ID: samlxml.NewID(), Issuer: c.Issuer, Destination: c.Recipient, IssueInstant: time.Now(),
		Status: samlxml.Status{Code: saml.StatusSuccess}, Assertion: i.assertion(t, c), SignAssertion: true}
	if c.Status != "" {
		out.Status, out.Assertion, out.SignAssertion, out.SignResponse = samlxml.Status{Code: c.Status}, nil, false, true
	}
	if c.Encrypt != nil {
		out.Encrypt = &samlxml.Encryption{Certificate: c.Encrypt, Method: samlxml.AES256GCM}
	}
	raw, err := samlxml.Signer{Key: i.Key, Certificate: i.Certificate}.WriteResponse(out)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(raw)
}

func (i *SAMLIDP) assertion(t testing.TB, c *SAMLClaim) *saml.Assertion {
	now, until := time.Now().UTC().Format(time.RFC3339), c.Until.UTC().Format(time.RFC3339)
	attribute := func(name, value string) string {
		return `<saml:Attribute Name="https://aws.amazon.com/SAML/Attributes/` + name + `"><saml:AttributeValue>` + value + `</saml:AttributeValue></saml:Attribute>`
	}
	text := fmt.Sprintf(`<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="%s" Version="2.0" IssueInstant="%s"><saml:Issuer>%s</saml:Issuer>`+
		`<saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">erin</saml:NameID>`+
		`<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData NotOnOrAfter="%s" Recipient="%s"/></saml:SubjectConfirmation></saml:Subject>`+
		`<saml:Conditions NotBefore="%s" NotOnOrAfter="%s"><saml:AudienceRestriction><saml:Audience>urn:amazon:webservices</saml:Audience></saml:AudienceRestriction></saml:Conditions>`+
		`<saml:AuthnStatement AuthnInstant="%s"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>`+
		`<saml:AttributeStatement>%s%s</saml:AttributeStatement></saml:Assertion>`, samlxml.NewID(), now, c.Issuer, until, c.Recipient,
		time.Now().Add(-time.Hour).UTC().Format(time.RFC3339), until, now, attribute("Role", c.Role+","+i.Provider), attribute("RoleSessionName", "erin"))
	a := new(saml.Assertion)
	if err := xml.Unmarshal([]byte(text), a); err != nil {
		t.Fatal(err)
	}
	return a
}
