package oidc_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// TestPoolDomain signs in at {prefix}.auth.{public host}, where Cognito's paths
// work as they are, without the pool's ID.
func TestPoolDomain(t *testing.T) {
	harness.EachProfile(t, func(t *testing.T, s *harness.Server) {
		r := newRig(t, s)
		_, err := r.Root().IDP.CreateUserPoolDomain(t.Context(), &idp.CreateUserPoolDomainInput{UserPoolId: &r.PoolID, Domain: aws.String("acme")})
		if err != nil {
			t.Fatal(err)
		}
		address := strings.TrimPrefix(r.URL, "http://")
		base := "http://acme.auth." + address
		open := func() *harness.Browser { return harness.NewBrowser(t, harness.Dialing(t, address)) }

		t.Run("documents", func(t *testing.T) {
			for _, path := range []string{"/.well-known/openid-configuration", "/.well-known/jwks.json", "/saml/metadata"} {
				want := open().Open(t, r.issuer()+path)
				if got := open().Open(t, base+path); got.Status != 200 || got.Body != want.Body {
					t.Errorf("%s at the pool's host: %d %s\nwant %s", path, got.Status, got.Body, want.Body)
				}
			}
		})
		t.Run("code flow", func(t *testing.T) { testDomainFlow(t, r, base, open()) })
		t.Run("logout", func(t *testing.T) {
			b := open()
			b.SignIn(t, domainURL(t, r, base), &r.Alice, harness.Callback)
			b.SignIn(t, domainURL(t, r, base), nil, harness.Callback) // a session needs no password
			p := b.Open(t, base+"/logout?"+url.Values{"client_id": {r.ClientID}, "logout_uri": {goodbye}}.Encode())
			if p.URL.String() != goodbye {
				t.Fatalf("logout leads to %s, status %d", p.URL, p.Status)
			}
			if p := b.Walk(t, domainURL(t, r, base), nil, nil); p.Form("password") == nil {
				t.Errorf("after logout the browser is at %s", p.URL)
			}
		})
		t.Run("other hosts", func(t *testing.T) {
			for _, host := range []string{"nobody.auth." + address, "acme.auth.evil.example", "a.acme.auth." + address, ".auth." + address} {
				p := open().Open(t, "http://"+host+"/.well-known/openid-configuration")
				if p.Status == 200 {
					t.Errorf("%s is the pool's host: %s", host, p.Body)
				}
			}
		})
	})
}

// testDomainFlow never leaves the pool's host, and its tokens name the issuer.
func testDomainFlow(t *testing.T, r *rig, base string, b *harness.Browser) {
	app := r.app
	app.Endpoint.AuthURL, app.Endpoint.TokenURL = base+"/oauth2/authorize", base+"/oauth2/token"
	verifier := oauth2.GenerateVerifier()
	p := b.Walk(t, app.AuthCodeURL("s", oauth2.S256ChallengeOption(verifier)), &r.Alice, func(p *harness.Page) bool {
		if strings.HasPrefix(p.URL.String(), harness.Callback) {
			return true
		}
		if !strings.HasPrefix(p.URL.String(), base+"/") {
			t.Errorf("the sign-in leaves the pool's host for %s", p.URL)
		}
		if form := p.Form("password"); form != nil && strings.Contains(form.Action, "://") {
			t.Errorf("the form is sent to %s", form.Action)
		}
		return false
	})
	client := &http.Client{Transport: harness.Dialing(t, strings.TrimPrefix(r.URL, "http://"))}
	token, err := app.Exchange(oidc.ClientContext(t.Context(), client), p.URL.Query().Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		t.Fatal(err)
	}
	r.verify(t, token)
}

func domainURL(t *testing.T, r *rig, base string) string {
	t.Helper()
	return base + strings.TrimPrefix(r.authorizeURL(t, nil), r.issuer())
}
