package bench_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"testing"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
	"github.com/russellhaering/goxmldsig/etreeutils"

	"github.com/poolhouse/poolhouse/internal/awsclient"
	"github.com/poolhouse/poolhouse/internal/demodata"
	"github.com/poolhouse/poolhouse/internal/samlxml"
)

var samlResponse = regexp.MustCompile(`name="SAMLResponse" value="([^"]+)"`)

// awsSignIn returns how a browser with a session fetches a response for AWS.
func (w *world) awsSignIn() (fetch func() string) {
	w.Helper()
	var list struct {
		Applications []struct{ ApplicationId, Name string }
	}
	w.admin("Poolhouse.ListSamlApplications", obj{"UserPoolId": demodata.PoolID}, &list)
	app := ""
	for _, a := range list.Applications {
		if a.Name == demodata.AWSAppName {
			app = a.ApplicationId
		}
	}
	cookies := w.browser()
	return func() string {
		page := w.visit(w.server.URL()+"/"+demodata.PoolID+"/saml/init/"+app, cookies).Body.String()
		m := samlResponse.FindStringSubmatch(page)
		if m == nil {
			w.Fatalf("no response on the page:\n%s", page)
		}
		return html.UnescapeString(m[1])
	}
}

// Of a browser with a session, one signature. The floor is that signature.
func BenchmarkSAMLResponse(b *testing.B) {
	onEach(b, func(w *world) {
		fetch := w.awsSignIn()
		w.run(func() { fetch() }, signatures(b, 1))
	})
}

// The floor parses the assertion and verifies its signature.
func BenchmarkAssumeRoleWithSAML(b *testing.B) {
	onEach(b, func(w *world) {
		fetch := w.awsSignIn()
		certs := w.certificates()
		var response string
		w.run(func() {
			response = fetch()
			w.operation = 0 // fetching it is another benchmark
			var out struct {
				Key string `xml:"AssumeRoleWithSAMLResult>Credentials>AccessKeyId"`
			}
			w.query("AssumeRoleWithSAML", url.Values{"RoleArn": {demodata.RoleARN(demodata.EmployeeRole)},
				"PrincipalArn": {demodata.SAMLProviderARN()}, "SAMLAssertion": {response}}, &out, nil)
			if out.Key == "" {
				w.Fatal("no credentials")
			}
		}, func() { w.verifyXML(response, certs) })
	})
}

func (w *world) certificates() []*x509.Certificate {
	w.Helper()
	resp, err := http.Get(w.server.URL() + "/" + demodata.PoolID + "/saml/metadata")
	w.check(err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	w.check(err)
	metadata, err := samlxml.ParseIDPMetadata(raw)
	w.check(err)
	return metadata.Certificates
}

// verifyXML is the least that a verifier does, by the usual libraries.
func (w *world) verifyXML(response string, certs []*x509.Certificate) {
	w.Helper()
	raw, err := base64.StdEncoding.DecodeString(response)
	w.check(err)
	doc := etree.NewDocument()
	w.check(doc.ReadFromBytes(raw))
	assertion := doc.FindElement("//Assertion")
	parents, err := etreeutils.NSBuildParentContext(assertion)
	w.check(err)
	alone, err := etreeutils.NSDetatch(parents, assertion)
	w.check(err)
	_, err = dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: certs}).Validate(alone)
	w.check(err)
}

// device is an identity and its credentials.
type device struct {
	identity, token string // token is of GetOpenIdToken
	key             awsclient.Key
}

// enrol makes alice's identity known and fetches credentials for it.
func (w *world) enrol() (d device) {
	w.Helper()
	provider := "cognito-idp." + demodata.Region + ".amazonaws.com/" + demodata.PoolID
	w.admin(identity+"UpdateIdentityPool", obj{"IdentityPoolId": demodata.IdentityPool, "IdentityPoolName": "Demo", "AllowClassicFlow": true,
		"AllowUnauthenticatedIdentities": true, "CognitoIdentityProviders": []obj{{"ProviderName": provider, "ClientId": demodata.ClientID}}}, new(obj))
	logins := obj{provider: w.passwordSignIn().AuthenticationResult.IdToken}
	var id struct{ IdentityId string }
	w.call(identity+"GetId", obj{"IdentityPoolId": demodata.IdentityPool, "Logins": logins}, &id)
	var open struct{ Token string }
	w.call(identity+"GetOpenIdToken", obj{"IdentityId": id.IdentityId, "Logins": logins}, &open)
	var out struct {
		Credentials struct{ AccessKeyId, SecretKey, SessionToken string }
	}
	w.call(identity+"GetCredentialsForIdentity", obj{"IdentityId": id.IdentityId, "Logins": logins}, &out)
	c := out.Credentials
	return device{id.IdentityId, open.Token, awsclient.Key{AccessKeyID: c.AccessKeyId, SecretAccessKey: c.SecretKey, SessionToken: c.SessionToken}}
}

// With the token of an identity pool. The floor verifies its signature.
func BenchmarkAssumeRoleWithWebIdentity(b *testing.B) {
	onEach(b, func(w *world) {
		d := w.enrol()
		w.run(func() {
			var out struct {
				Key string `xml:"AssumeRoleWithWebIdentityResult>Credentials>AccessKeyId"`
			}
			w.query("AssumeRoleWithWebIdentity", url.Values{"RoleArn": {demodata.RoleARN(demodata.AppRole)}, "RoleSessionName": {"alice"},
				"WebIdentityToken": {d.token}}, &out, nil)
			if out.Key == "" {
				w.Fatal("no credentials")
			}
		}, verification(b))
	})
}

// By a session. The floor opens the session token and computes the signature.
func BenchmarkGetCallerIdentity(b *testing.B) {
	onEach(b, func(w *world) {
		d := w.enrol()
		var out struct {
			Arn string `xml:"GetCallerIdentityResult>Arn"`
		}
		w.run(func() { w.query("GetCallerIdentity", nil, &out, &d.key) }, w.credentialFloor(d))
		if out.Arn == "" {
			w.Fatal("no caller")
		}
	})
}

// credentialFloor is the arithmetic of a request signed by a session: one AEAD
// over the token, two hashes over the request, five HMACs.
func (w *world) credentialFloor(d device) func() {
	w.Helper()
	block, err := aes.NewCipher(make([]byte, 32))
	w.check(err)
	aead, err := cipher.NewGCM(block)
	w.check(err)
	nonce := make([]byte, aead.NonceSize())
	sealed := aead.Seal(nil, nonce, make([]byte, len(d.key.SessionToken)*3/4), nil)
	body, canonical := make([]byte, 43), make([]byte, 256+len(d.key.SessionToken))
	return func() {
		_, err := aead.Open(nil, nonce, sealed, nil)
		w.check(err)
		sha256.Sum256(body)
		sha256.Sum256(canonical)
		key := []byte(d.key.SecretAccessKey)
		for range 5 {
			mac := hmac.New(sha256.New, key)
			mac.Write(body)
			key = mac.Sum(nil)
		}
	}
}
