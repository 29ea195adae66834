package sts_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"

	"github.com/poolhouse/poolhouse/internal/samlxml"
)

const (
	entityID    = "https://idp.example/metadata"
	providerARN = "arn:aws:iam::000000000000:saml-provider/corp"
	awsSAML     = "https://signin.aws.amazon.com/saml"
	attributes  = "https://aws.amazon.com/SAML/Attributes/"
)

// An idp signs assertions of whatever content a test wants.
type idp struct {
	key  *rsa.PrivateKey
	cert []byte
}

var idps = sync.OnceValue(func() [2]*idp { return [2]*idp{newIDP(), newIDP()} })

func newIDP() *idp {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	t := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "idp"}, NotBefore: start, NotAfter: start}
	cert, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	if err != nil {
		panic(err)
	}
	return &idp{key, cert}
}

func (i *idp) metadata() string {
	return `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="` + entityID + `">` +
		`<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><KeyDescriptor use="signing">` +
		`<KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>` + base64.StdEncoding.EncodeToString(i.cert) +
		`</X509Certificate></X509Data></KeyInfo></KeyDescriptor>` +
		`<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example/sso"/>` +
		`</IDPSSODescriptor></EntityDescriptor>`
}

// A claim is the content of an assertion; a zero time is left out.
type claim struct {
	id, issuer, nameID, format, recipient, audience string
	confirmations                                   int
	notBefore, until, session                       time.Time
	attributes                                      [][2]string // name, value
}

func (e *env) claim() *claim {
	return &claim{id: samlxml.NewID(), issuer: entityID, nameID: "alice", recipient: awsSAML, audience: "urn:amazon:webservices",
		format: "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent", confirmations: 1,
		notBefore: e.now().Add(-time.Minute), until: e.now().Add(5 * time.Minute),
		attributes: [][2]string{{attributes + "Role", roleARN("dev") + "," + providerARN}, {attributes + "RoleSessionName", "alice"}}}
}

func stamp(t time.Time) string { return t.Format("2006-01-02T15:04:05.000Z") }

func (c *claim) xml(now time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="%s" Version="2.0" IssueInstant="%s"><saml:Issuer>%s</saml:Issuer><saml:Subject>`, c.id, stamp(now), c.issuer)
	if c.nameID != "" {
		fmt.Fprintf(&b, `<saml:NameID Format="%s">%s</saml:NameID>`, c.format, c.nameID)
	}
	for range c.confirmations {
		fmt.Fprintf(&b, `<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData NotOnOrAfter="%s" Recipient="%s"/></saml:SubjectConfirmation>`, stamp(c.until), c.recipient)
	}
	fmt.Fprintf(&b, `</saml:Subject><saml:Conditions NotBefore="%s" NotOnOrAfter="%s">`, stamp(c.notBefore), stamp(c.until))
	if c.audience != "" {
		fmt.Fprintf(&b, `<saml:AudienceRestriction><saml:Audience>%s</saml:Audience></saml:AudienceRestriction>`, c.audience)
	}
	fmt.Fprintf(&b, `</saml:Conditions><saml:AuthnStatement AuthnInstant="%s"`, stamp(now))
	if !c.session.IsZero() {
		fmt.Fprintf(&b, ` SessionNotOnOrAfter="%s"`, stamp(c.session))
	}
	b.WriteString(`><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement><saml:AttributeStatement>`)
	for _, a := range c.attributes {
		fmt.Fprintf(&b, `<saml:Attribute Name="%s"><saml:AttributeValue>%s</saml:AttributeValue></saml:Attribute>`, a[0], a[1])
	}
	b.WriteString(`</saml:AttributeStatement></saml:Assertion>`)
	return b.String()
}

// response returns a Response with the signed assertion.
func (i *idp) response(t testing.TB, c *claim, now time.Time) string {
	t.Helper()
	inner := etree.NewDocument()
	if err := inner.ReadFromString(c.xml(now)); err != nil {
		t.Fatal(err)
	}
	ctx := dsig.NewDefaultSigningContext(dsig.TLSCertKeyStore{PrivateKey: i.key, Certificate: [][]byte{i.cert}})
	ctx.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	ctx.Hash = crypto.SHA256
	signed, err := ctx.SignEnveloped(inner.Root())
	if err != nil {
		t.Fatal(err)
	}
	signature := signed.Child[len(signed.Child)-1]
	signed.RemoveChildAt(len(signed.Child) - 1)
	signed.InsertChildAt(1, signature)
	doc := etree.NewDocument()
	err = doc.ReadFromString(fmt.Sprintf(`<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="%s" Version="2.0" IssueInstant="%s"><saml:Issuer>%s</saml:Issuer>`+
		`<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status></samlp:Response>`, samlxml.NewID(), stamp(now), c.issuer))
	if err != nil {
		t.Fatal(err)
	}
	doc.Root().AddChild(signed)
	raw, err := doc.WriteToString()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
