package awsgo_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"encoding/xml"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/conformance/harness"
	"github.com/poolhouse/poolhouse/internal/samlxml"
)

const (
	stsTrust  = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:*"}}`
	allowAny  = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`
	roleARN   = "arn:aws:iam::" + harness.Account + ":role/"
	offRegion = "eu-west-1"
)

// An stsWorld is one server, a user of it, and an identity provider for SAML.
type stsWorld struct {
	*harness.Fixture
	user *harness.AWS
	root *harness.AWS
	idp  *samlIDP
}

func newSTSWorld(t *testing.T, s *harness.Server) *stsWorld {
	w := &stsWorld{Fixture: s.Fixture(t), idp: newSAMLIDP(t)}
	w.root = w.Root()
	ctx := t.Context()
	_, err := w.root.IAM.CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("sts-user")})
	must(t, err)
	_, err = w.root.IAM.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: aws.String("sts-user"), PolicyName: aws.String("all"), PolicyDocument: aws.String(allowAny)})
	must(t, err)
	key, err := w.root.IAM.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: aws.String("sts-user")})
	must(t, err)
	w.user = w.As(*key.AccessKey.AccessKeyId, *key.AccessKey.SecretAccessKey, "")
	w.role(t, "sts-open", stsTrust)
	provider, err := w.root.IAM.CreateSAMLProvider(ctx, &iam.CreateSAMLProviderInput{Name: aws.String("sts-idp"), SAMLMetadataDocument: aws.String(w.idp.metadata())})
	must(t, err)
	w.idp.provider = *provider.SAMLProviderArn
	w.role(t, "sts-saml", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Federated":"`+w.idp.provider+`"},"Action":"sts:AssumeRoleWithSAML"}}`)
	return w
}

func (w *stsWorld) role(t *testing.T, name, trust string) {
	t.Helper()
	_, err := w.root.IAM.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: &trust})
	must(t, err)
	_, err = w.root.IAM.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: &name, PolicyName: aws.String("all"), PolicyDocument: aws.String(allowAny)})
	must(t, err)
}

// in sends a call to a region's endpoint, by AWS's name for it.
func (w *stsWorld) in(region string) func(*sts.Options) {
	address := strings.TrimPrefix(w.URL, "http://")
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, address)
	}}}
	return func(o *sts.Options) {
		o.Region, o.HTTPClient, o.BaseEndpoint = region, client, aws.String("http://sts."+region+".amazonaws.com")
	}
}

// A samlIDP signs assertions for AWS.
type samlIDP struct {
	key      *rsa.PrivateKey
	cert     *x509.Certificate
	provider string // ARN
}

const samlEntity = "https://idp.example/sts"

func newSAMLIDP(t *testing.T) *samlIDP {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(t, err)
	cert, err := x509.ParseCertificate(raw)
	must(t, err)
	return &samlIDP{key: key, cert: cert}
}

func (i *samlIDP) metadata() string {
	return `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="` + samlEntity + `"><IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">` +
		`<KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>` + base64.StdEncoding.EncodeToString(i.cert.Raw) +
		`</X509Certificate></X509Data></KeyInfo></KeyDescriptor><SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example/sso"/></IDPSSODescriptor></EntityDescriptor>`
}

// A samlClaim is what an assertion says, and how it goes out.
type samlClaim struct {
	recipient, issuer, role string
	until                   time.Time
	encrypt                 *x509.Certificate // nil in clear
	status                  string            // of a sign-in that failed
}

// response returns a Response, in base64 as AssumeRoleWithSAML takes it.
func (i *samlIDP) response(t *testing.T, change func(*samlClaim)) string {
	t.Helper()
	c := &samlClaim{recipient: awsACS, issuer: samlEntity, role: roleARN + "sts-saml", until: time.Now().Add(5 * time.Minute)}
	if change != nil {
		change(c)
	}
	out := &samlxml.Outgoing{ID: samlxml.NewID(), Issuer: c.issuer, Destination: c.recipient, IssueInstant: time.Now(),
		Status: samlxml.Status{Code: saml.StatusSuccess}, Assertion: i.assertion(t, c), SignAssertion: true}
	if c.status != "" {
		out.Status, out.Assertion, out.SignAssertion, out.SignResponse = samlxml.Status{Code: c.status}, nil, false, true
	}
	if c.encrypt != nil {
		out.Encrypt = &samlxml.Encryption{Certificate: c.encrypt, Method: samlxml.AES256GCM}
	}
	raw, err := samlxml.Signer{Key: i.key, Certificate: i.cert}.WriteResponse(out)
	must(t, err)
	return base64.StdEncoding.EncodeToString(raw)
}

func (i *samlIDP) assertion(t *testing.T, c *samlClaim) *saml.Assertion {
	now, until := time.Now().UTC().Format(time.RFC3339), c.until.UTC().Format(time.RFC3339)
	attribute := func(name, value string) string {
		return `<saml:Attribute Name="https://aws.amazon.com/SAML/Attributes/` + name + `"><saml:AttributeValue>` + value + `</saml:AttributeValue></saml:Attribute>`
	}
	text := fmt.Sprintf(`<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="%s" Version="2.0" IssueInstant="%s"><saml:Issuer>%s</saml:Issuer>`+
		`<saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">erin</saml:NameID>`+
		`<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData NotOnOrAfter="%s" Recipient="%s"/></saml:SubjectConfirmation></saml:Subject>`+
		`<saml:Conditions NotBefore="%s" NotOnOrAfter="%s"><saml:AudienceRestriction><saml:Audience>urn:amazon:webservices</saml:Audience></saml:AudienceRestriction></saml:Conditions>`+
		`<saml:AuthnStatement AuthnInstant="%s"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>`+
		`<saml:AttributeStatement>%s%s</saml:AttributeStatement></saml:Assertion>`, samlxml.NewID(), now, c.issuer, until, c.recipient,
		time.Now().Add(-time.Hour).UTC().Format(time.RFC3339), until, now, attribute("Role", c.role+","+i.provider), attribute("RoleSessionName", "erin"))
	a := new(saml.Assertion)
	must(t, xml.Unmarshal([]byte(text), a))
	return a
}

// encryptionKey is a new key in PEM, with a certificate to encrypt to it.
func encryptionKey(t *testing.T) (string, *x509.Certificate) {
	i := newSAMLIDP(t)
	der, err := x509.MarshalPKCS8PrivateKey(i.key)
	must(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), i.cert
}
