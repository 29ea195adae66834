package federation_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"html"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/conformance/harness"
	"github.com/poolhouse/poolhouse/internal/samlxml"
)

// A company is a SAML provider that signs everybody in as one user, and out.
type company struct {
	*httptest.Server
	t      *testing.T
	signer samlxml.Signer
	back   string // where the pool takes logout messages
	logins int
	asked  *samlxml.LogoutRequest // what it was last asked to end
	heard  *samlxml.LogoutResponse
}

func newCompany(t *testing.T) *company {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "company"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	c := &company{t: t, signer: samlxml.Signer{Key: key, Certificate: cert}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /sso", c.sso)
	mux.HandleFunc("GET /slo", c.slo)
	c.Server = httptest.NewServer(mux)
	t.Cleanup(c.Close)
	return c
}

func (c *company) metadata() string {
	const redirect = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
	return `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="` + c.URL + `"><IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
		<KeyDescriptor><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>` + base64.StdEncoding.EncodeToString(c.signer.Certificate.Raw) + `</X509Certificate></X509Data></KeyInfo></KeyDescriptor>
		<SingleLogoutService Binding="` + redirect + `" Location="` + c.URL + `/slo"/><SingleSignOnService Binding="` + redirect + `" Location="` + c.URL + `/sso"/></IDPSSODescriptor></EntityDescriptor>`
}

// sso answers at once.
func (c *company) sso(w http.ResponseWriter, r *http.Request) {
	in, err := samlxml.ParseRedirect(r.URL.RawQuery)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	req, err := samlxml.ParseAuthnRequest(in.Message)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	c.logins++
	now := time.Now()
	raw, err := c.signer.WriteResponse(&samlxml.Outgoing{ID: samlxml.NewID(), Issuer: c.URL, Destination: req.ACSURL, InResponseTo: req.ID, IssueInstant: now,
		Status: samlxml.Status{Code: saml.StatusSuccess}, SignAssertion: true, Assertion: &saml.Assertion{ID: samlxml.NewID(), IssueInstant: now, Issuer: saml.Issuer{Value: c.URL},
			Subject: &saml.Subject{NameID: c.name(), SubjectConfirmations: []saml.SubjectConfirmation{{Method: samlxml.Bearer,
				SubjectConfirmationData: &saml.SubjectConfirmationData{Recipient: req.ACSURL, InResponseTo: req.ID, NotOnOrAfter: now.Add(time.Minute)}}}},
			Conditions:          &saml.Conditions{AudienceRestrictions: []saml.AudienceRestriction{{Audience: saml.Audience{Value: req.Issuer}}}},
			AuthnStatements:     []saml.AuthnStatement{{AuthnInstant: now, SessionIndex: "s1"}},
			AttributeStatements: []saml.AttributeStatement{{Attributes: []saml.Attribute{{Name: "mail", Values: []saml.AttributeValue{{Value: "carol@example.com"}}}}}}}})
	if err != nil {
		c.t.Error(err)
	}
	fmt.Fprintf(w, `<form method="post" action="%s"><input type="hidden" name="SAMLResponse" value="%s"><input type="hidden" name="RelayState" value="%s"></form>`,
		html.EscapeString(req.ACSURL), base64.StdEncoding.EncodeToString(raw), html.EscapeString(in.RelayState))
}

func (c *company) name() *saml.NameID {
	return &saml.NameID{Value: "carol", Format: string(saml.PersistentNameIDFormat), NameQualifier: c.URL}
}

// slo notes what it hears, and answers requests.
func (c *company) slo(w http.ResponseWriter, r *http.Request) {
	l, err := samlxml.LogoutByRedirect(r.URL.RawQuery)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if l.Response != nil {
		c.heard = l.Response
		_, _ = w.Write([]byte("signed out"))
		return
	}
	c.asked = l.Request
	out, err := c.signer.SendLogout(&samlxml.LogoutResponse{Envelope: c.envelope(), InResponseTo: l.Request.ID, Status: samlxml.Status{Code: saml.StatusSuccess}},
		saml.HTTPRedirectBinding, c.back, l.RelayState)
	if err != nil {
		c.t.Error(err)
	}
	http.Redirect(w, r, out.Address, http.StatusSeeOther)
}

func (c *company) envelope() samlxml.Envelope {
	return samlxml.Envelope{ID: samlxml.NewID(), Issuer: c.URL, IssueInstant: time.Now()}
}

// leaveLink is where the page between two stops of a sign-out leads.
var leaveLink = regexp.MustCompile(`id="go" href="([^"]*)"`)

// TestSAMLLogout: who signs out here signs out at the provider, and who signs out there
// is signed out here.
func TestSAMLLogout(t *testing.T) {
	s := harness.Start(t, harness.Embedded)
	f, c := s.Fixture(t), newCompany(t)
	pool, bye := f.URL+"/"+f.PoolID, "http://localhost/bye"
	id, start := c.join(t, f, bye)
	b := harness.NewBrowser(t, nil)
	signIn := func(logins int) {
		t.Helper()
		if b.SignIn(t, start, nil, harness.Callback).Query().Get("code") == "" || c.logins != logins {
			t.Fatalf("%d sign-ins at the provider, want %d", c.logins, logins)
		}
	}
	signIn(1)
	signIn(1) // by our session

	c.leave(t, b, pool, id, bye)
	if *c.asked.NameID != *c.name() || len(c.asked.SessionIndexes) != 1 || c.asked.SessionIndexes[0] != "s1" {
		t.Errorf("the provider was asked to end %+v %v", c.asked.NameID, c.asked.SessionIndexes)
	}
	signIn(2)

	sent, err := c.signer.SendLogout(&samlxml.LogoutRequest{Envelope: c.envelope(), NameID: c.name(), SessionIndexes: []string{"s1"}}, saml.HTTPRedirectBinding, c.back, "relay")
	if err != nil {
		t.Fatal(err)
	}
	page := b.Walk(t, sent.Address, nil, nil)
	if !strings.HasPrefix(page.URL.String(), c.URL+"/slo?") || c.heard == nil || c.heard.Status.Code != saml.StatusSuccess {
		t.Fatalf("ended at %s, status %d:\n%s", page.URL, page.Status, page.Body)
	}
	signIn(3)
	if again := b.Open(t, sent.Address); again.Status != http.StatusBadRequest {
		t.Errorf("the request counts twice: %d", again.Status)
	}
}

// join makes the company a provider of the pool, and an app that has no other. It returns
// the app's ID, and where its sign-ins begin.
func (c *company) join(t *testing.T, f *harness.Fixture, bye string) (id, start string) {
	t.Helper()
	pool, name := f.URL+"/"+f.PoolID, "Company"
	c.back = pool + "/saml2/logout"
	_, err := f.Root().IDP.CreateIdentityProvider(t.Context(), &cip.CreateIdentityProviderInput{UserPoolId: &f.PoolID, ProviderName: &name, ProviderType: types.IdentityProviderTypeTypeSaml,
		ProviderDetails: map[string]string{"MetadataFile": c.metadata(), "IDPSignout": "true"}, AttributeMapping: map[string]string{"email": "mail"}})
	if err != nil {
		t.Fatal(err)
	}
	client, err := f.Root().IDP.CreateUserPoolClient(t.Context(), &cip.CreateUserPoolClientInput{UserPoolId: &f.PoolID, ClientName: &name,
		AllowedOAuthFlows: []types.OAuthFlowType{types.OAuthFlowTypeCode}, AllowedOAuthFlowsUserPoolClient: true, AllowedOAuthScopes: []string{"openid"},
		CallbackURLs: []string{harness.Callback}, LogoutURLs: []string{bye}, SupportedIdentityProviders: []string{name}})
	if err != nil {
		t.Fatal(err)
	}
	id = *client.UserPoolClient.ClientId
	return id, pool + "/oauth2/authorize?" + url.Values{"client_id": {id}, "response_type": {"code"}, "scope": {"openid"}, "redirect_uri": {harness.Callback}}.Encode()
}

// leave signs a browser out at an address of the pool's, which leads past the company.
func (c *company) leave(t *testing.T, b *harness.Browser, pool, id, bye string) {
	t.Helper()
	out := b.Walk(t, pool+"/logout?"+url.Values{"client_id": {id}, "logout_uri": {bye}}.Encode(), nil, harness.Leads(bye))
	if leave := leaveLink.FindStringSubmatch(out.Body); leave != nil { // the page that goes on by itself, in a browser with scripts
		to, err := out.URL.Parse(html.UnescapeString(leave[1]))
		if err != nil {
			t.Fatal(err)
		}
		out = b.Walk(t, to.String(), nil, harness.Leads(bye))
	}
	if !harness.Leads(bye)(out) || c.asked == nil {
		t.Fatalf("ended at %s, status %d:\n%s", out.URL, out.Status, out.Body)
	}
}

// TestSAMLLogoutAtADomain: a sign-out that begins at a domain of the pool's goes on there,
// although the provider's answer comes to the one address that it knows.
func TestSAMLLogoutAtADomain(t *testing.T) {
	s := harness.Start(t, harness.Embedded)
	f, c := s.Fixture(t), newCompany(t)
	bye, domain := "http://localhost/bye", "company"
	id, start := c.join(t, f, bye)
	if _, err := f.Root().IDP.CreateUserPoolDomain(t.Context(), &cip.CreateUserPoolDomainInput{UserPoolId: &f.PoolID, Domain: &domain}); err != nil {
		t.Fatal(err)
	}
	address := strings.TrimPrefix(f.URL, "http://")
	host := domain + ".auth." + address
	transport := &http.Transport{DialContext: func(ctx context.Context, network, to string) (net.Conn, error) {
		if to == host {
			to = address
		}
		return new(net.Dialer).DialContext(ctx, network, to)
	}}
	t.Cleanup(transport.CloseIdleConnections)
	b := harness.NewBrowser(t, transport)
	if b.SignIn(t, strings.Replace(start, address+"/"+f.PoolID, host, 1), nil, harness.Callback).Query().Get("code") == "" {
		t.Fatal("no sign-in")
	}
	c.leave(t, b, "http://"+host, id, bye)
}

// A desk is a SAML app of our pool, which answers when it is asked to sign out.
type desk struct {
	*company
	asked int
}

// newDesk registers the app. back is where our pool takes its answers.
func newDesk(t *testing.T, f *harness.Fixture) (*desk, string) {
	t.Helper()
	d := &desk{company: newCompany(t)}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /acs", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("at the desk")) })
	mux.HandleFunc("GET /slo", func(w http.ResponseWriter, r *http.Request) {
		d.asked++
		d.slo(w, r)
	})
	d.Config.Handler = mux
	d.back = f.URL + "/" + f.PoolID + "/saml/slo"
	const redirect, post = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect", "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
	app := f.SAMLApplication(t, "Desk", `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="`+d.URL+`"><SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
		<KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>`+base64.StdEncoding.EncodeToString(d.signer.Certificate.Raw)+`</X509Certificate></X509Data></KeyInfo></KeyDescriptor>
		<SingleLogoutService Binding="`+redirect+`" Location="`+d.URL+`/slo"/><AssertionConsumerService Binding="`+post+`" Location="`+d.URL+`/acs" index="0"/></SPSSODescriptor></EntityDescriptor>`, false)
	f.Poolhouse(t, "UpdateSamlApplication", map[string]any{"UserPoolId": f.PoolID, "ApplicationId": app.Application.ApplicationId, "NameIdFormat": "persistent"}, new(any))
	return d, f.URL + "/" + f.PoolID + "/saml/init/" + app.Application.ApplicationId
}

// TestSAMLLogoutPastApps: a provider's LogoutRequest leads the browser past the SAML apps
// that the session was used at, and back to the provider with our answer.
func TestSAMLLogoutPastApps(t *testing.T) {
	s := harness.Start(t, harness.Embedded)
	f, c := s.Fixture(t), newCompany(t)
	pool, name := f.URL+"/"+f.PoolID, "Company"
	c.back = pool + "/saml2/logout"
	_, err := f.Root().IDP.CreateIdentityProvider(t.Context(), &cip.CreateIdentityProviderInput{UserPoolId: &f.PoolID, ProviderName: &name, ProviderType: types.IdentityProviderTypeTypeSaml,
		ProviderDetails: map[string]string{"MetadataFile": c.metadata()}, AttributeMapping: map[string]string{"email": "mail"}})
	if err != nil {
		t.Fatal(err)
	}
	client, err := f.Root().IDP.CreateUserPoolClient(t.Context(), &cip.CreateUserPoolClientInput{UserPoolId: &f.PoolID, ClientName: &name,
		AllowedOAuthFlows: []types.OAuthFlowType{types.OAuthFlowTypeCode}, AllowedOAuthFlowsUserPoolClient: true, AllowedOAuthScopes: []string{"openid"},
		CallbackURLs: []string{harness.Callback}, SupportedIdentityProviders: []string{name}})
	if err != nil {
		t.Fatal(err)
	}
	d, start := newDesk(t, f)
	b := harness.NewBrowser(t, nil)
	b.SignIn(t, pool+"/oauth2/authorize?"+url.Values{"client_id": {*client.UserPoolClient.ClientId}, "response_type": {"code"}, "scope": {"openid"}, "redirect_uri": {harness.Callback}}.Encode(), nil, harness.Callback)
	if at := b.Walk(t, start, nil, nil); at.Body != "at the desk" {
		t.Fatalf("ended at %s, status %d:\n%s", at.URL, at.Status, at.Body)
	}
	sent, err := c.signer.SendLogout(&samlxml.LogoutRequest{Envelope: c.envelope(), NameID: c.name(), SessionIndexes: []string{"s1"}}, saml.HTTPRedirectBinding, c.back, "relay")
	if err != nil {
		t.Fatal(err)
	}
	at := b.Walk(t, sent.Address, nil, nil)
	if d.asked != 1 || !strings.HasPrefix(at.URL.String(), c.URL+"/slo?") || c.heard == nil || c.heard.Status != (samlxml.Status{Code: saml.StatusSuccess}) {
		t.Fatalf("the app was asked %d times, ended at %s, status %d, the provider heard %+v:\n%s", d.asked, at.URL, at.Status, c.heard, at.Body)
	}
}
