package federation_test

import (
	"encoding/base64"
	"encoding/json"
	"html"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// onLocalhost gives a server another name than the others have, so that a browser
// keeps its cookies apart from theirs.
func onLocalhost(s *harness.Server) {
	s.URL = strings.Replace(s.URL, "127.0.0.1", "localhost", 1)
	harness.Args("--public-url", s.URL)(s)
}

// An openIDParty is a pool whose app lets people in from providers alone.
type openIDParty struct {
	*harness.Fixture
	app string // client ID
}

func newOpenIDParty(t *testing.T, s *harness.Server) *openIDParty {
	return &openIDParty{Fixture: s.Fixture(t)}
}

// callback is what is registered at providers.
func (p *openIDParty) callback() string { return p.URL + "/" + p.PoolID + "/oauth2/idpresponse" }

// provider makes a provider, and an app that has no other. It returns the provider's
// details as they are reported.
func (p *openIDParty) provider(t *testing.T, name string, kind types.IdentityProviderTypeType, details map[string]string, mapping map[string]string) map[string]string {
	t.Helper()
	api := p.Root().IDP
	made, err := api.CreateIdentityProvider(t.Context(), &cip.CreateIdentityProviderInput{UserPoolId: &p.PoolID, ProviderName: &name, ProviderType: kind,
		ProviderDetails: details, AttributeMapping: mapping})
	if err != nil {
		t.Fatal(err)
	}
	client, err := api.CreateUserPoolClient(t.Context(), &cip.CreateUserPoolClientInput{UserPoolId: &p.PoolID, ClientName: &name,
		AllowedOAuthFlows: []types.OAuthFlowType{types.OAuthFlowTypeCode}, AllowedOAuthFlowsUserPoolClient: true,
		AllowedOAuthScopes: []string{"openid", "email", "profile"}, CallbackURLs: []string{harness.Callback}, SupportedIdentityProviders: []string{name}})
	if err != nil {
		t.Fatal(err)
	}
	p.app = *client.UserPoolClient.ClientId
	return made.IdentityProvider.ProviderDetails
}

// start is where the app sends people.
func (p *openIDParty) start(provider string) string {
	return p.URL + "/" + p.PoolID + "/oauth2/authorize?" + url.Values{"client_id": {p.app}, "redirect_uri": {harness.Callback}, "response_type": {"code"},
		"scope": {"openid email profile"}, "state": {"app state"}, "identity_provider": {provider}}.Encode()
}

// idToken exchanges what came to the app's callback and returns the ID token's claims.
func (p *openIDParty) idToken(t *testing.T, answer *url.URL) map[string]any {
	t.Helper()
	if answer.Query().Get("code") == "" || answer.Query().Get("state") != "app state" {
		t.Fatalf("the app is answered %v", answer.Query())
	}
	res, err := http.PostForm(p.URL+"/"+p.PoolID+"/oauth2/token", url.Values{"grant_type": {"authorization_code"}, "client_id": {p.app},
		"code": {answer.Query().Get("code")}, "redirect_uri": {harness.Callback}})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var out struct {
		ID string `json:"id_token"`
	}
	body, _ := io.ReadAll(res.Body)
	if err := json.Unmarshal(body, &out); err != nil || out.ID == "" {
		t.Fatalf("%s, %v", body, err)
	}
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(out.ID, ".")[1])
	claims := map[string]any{}
	if err != nil || json.Unmarshal(raw, &claims) != nil {
		t.Fatal(err)
	}
	return claims
}

// wantClaims compares some claims of a token.
func wantClaims(t *testing.T, got map[string]any, want map[string]any) {
	t.Helper()
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s is %v, want %v", name, got[name], value)
		}
	}
}

// arrive walks a browser from the app to a provider and back. Posted answers and pages
// that lead on by themselves are followed.
func arrive(t *testing.T, b *harness.Browser, address string, who *harness.Person) *url.URL {
	t.Helper()
	done := harness.Leads(harness.Callback)
	for range 5 {
		p := b.Walk(t, address, who, func(p *harness.Page) bool {
			return done(p) || p.Form("id_token") != nil || p.Form("code") != nil || onward(p) != ""
		})
		switch {
		case done(p):
			return p.URL
		case p.Form("code") != nil:
			if p = b.Submit(t, p, *p.Form("code")); p.Redirects() || onward(p) != "" {
				address = firstOf(p)
				continue
			}
		case onward(p) != "":
			address = firstOf(p)
			continue
		}
		t.Fatalf("the sign-in ended at %s, status %d:\n%s", p.URL, p.Status, p.Body)
	}
	t.Fatal("the sign-in does not end")
	return nil
}

func firstOf(p *harness.Page) string {
	if p.Redirects() {
		return p.URL.String()
	}
	to, err := p.URL.Parse(onward(p))
	if err != nil {
		return ""
	}
	return to.String()
}

// onward is where a page goes on to without being asked.
func onward(p *harness.Page) string {
	_, rest, _ := strings.Cut(p.Body, `<meta http-equiv="refresh" content="0;url=`)
	to, _, _ := strings.Cut(rest, `"`)
	return strings.ReplaceAll(to, "&amp;", "&")
}

// TestPoolhouseUpstream signs in at one Poolhouse with the account of another, by
// OpenID Connect, whose addresses are discovered.
func TestPoolhouseUpstream(t *testing.T) {
	harness.EachProfile(t, func(t *testing.T, s *harness.Server) {
		up := harness.Start(t, harness.Embedded, onLocalhost).Fixture(t)
		here := newOpenIDParty(t, s)
		client, err := up.Root().IDP.CreateUserPoolClient(t.Context(), &cip.CreateUserPoolClientInput{UserPoolId: &up.PoolID, ClientName: aws.String("here"),
			GenerateSecret: true, AllowedOAuthFlows: []types.OAuthFlowType{types.OAuthFlowTypeCode}, AllowedOAuthFlowsUserPoolClient: true,
			AllowedOAuthScopes: []string{"openid", "email", "profile"}, CallbackURLs: []string{here.callback()}, LogoutURLs: []string{here.URL + "/" + here.PoolID + "/oauth2/idpsignout"}, SupportedIdentityProviders: []string{"COGNITO"}})
		if err != nil {
			t.Fatal(err)
		}
		issuer := up.URL + "/" + up.PoolID
		details := here.provider(t, "Upstream", types.IdentityProviderTypeTypeOidc, map[string]string{"client_id": *client.UserPoolClient.ClientId,
			"client_secret": *client.UserPoolClient.ClientSecret, "oidc_issuer": issuer, "authorize_scopes": "openid email profile", "attributes_request_method": "GET"},
			map[string]string{"email": "email", "email_verified": "email_verified"})
		if details["authorize_url"] != issuer+"/oauth2/authorize" || details["jwks_uri"] == "" || details["token_url"] == "" || details["attributes_url"] == "" {
			t.Errorf("discovered %v", details)
		}
		here.Poolhouse(t, "PutIdentityProviderSettings", map[string]any{"UserPoolId": here.PoolID, "ProviderName": "Upstream", "Settings": `{"OIDC":{"SignOut":true}}`}, new(any))
		b := harness.NewBrowser(t, nil)
		claims := here.idToken(t, arrive(t, b, here.start("Upstream"), &up.Alice))
		wantClaims(t, claims, map[string]any{"email": up.Alice.Email, "email_verified": true})
		name, _ := claims["cognito:username"].(string)
		if !strings.HasPrefix(strings.ToLower(name), "upstream_") {
			t.Errorf("the user is %q", name)
		}
		user, err := here.Root().IDP.AdminGetUser(t.Context(), &cip.AdminGetUserInput{UserPoolId: &here.PoolID, Username: &name})
		if err != nil || user.UserStatus != types.UserStatusTypeExternalProvider {
			t.Errorf("%+v, %v", user, err)
		}
		here.signOut(t, b, issuer)
		if p := b.Open(t, issuer+"/oauth2/authorize?"+url.Values{"client_id": {*client.UserPoolClient.ClientId}, "redirect_uri": {here.callback()},
			"response_type": {"code"}, "scope": {"openid"}, "prompt": {"none"}}.Encode()); p.URL.Query().Get("error") != "login_required" {
			t.Errorf("still signed in there: %s", p.URL)
		}
		// Again, in a browser of its own: the same user, and another person another one.
		again := here.idToken(t, arrive(t, harness.NewBrowser(t, nil), here.start("Upstream"), &up.Alice))
		bob := here.idToken(t, arrive(t, harness.NewBrowser(t, nil), here.start("Upstream"), &up.Bob))
		if again["sub"] != claims["sub"] || bob["sub"] == claims["sub"] || bob["email"] != up.Bob.Email {
			t.Errorf("again %v, bob %v, first %v", again, bob, claims)
		}
	})
}

// signOut signs a browser out here, which leads past the provider and back.
func (p *openIDParty) signOut(t *testing.T, b *harness.Browser, issuer string) {
	t.Helper()
	pool, bye := p.URL+"/"+p.PoolID, "http://localhost/bye"
	if _, err := p.Root().IDP.UpdateUserPoolClient(t.Context(), &cip.UpdateUserPoolClientInput{UserPoolId: &p.PoolID, ClientId: &p.app, LogoutURLs: []string{bye},
		AllowedOAuthFlows: []types.OAuthFlowType{types.OAuthFlowTypeCode}, AllowedOAuthFlowsUserPoolClient: true, AllowedOAuthScopes: []string{"openid", "email", "profile"},
		CallbackURLs: []string{harness.Callback}, SupportedIdentityProviders: []string{"Upstream"}}); err != nil {
		t.Fatal(err)
	}
	var there bool
	passing := func(q *harness.Page) bool {
		there = there || strings.HasPrefix(q.URL.String(), issuer+"/logout?")
		return harness.Leads(bye)(q)
	}
	at := b.Walk(t, pool+"/logout?"+url.Values{"client_id": {p.app}, "logout_uri": {bye}}.Encode(), nil, passing)
	if leave := leaveLink.FindStringSubmatch(at.Body); leave != nil { // the page that goes on by itself, in a browser with scripts
		to, err := at.URL.Parse(html.UnescapeString(leave[1]))
		if err != nil {
			t.Fatal(err)
		}
		at = b.Walk(t, to.String(), nil, passing)
	}
	if !there || !harness.Leads(bye)(at) {
		t.Fatalf("at the provider %v, ended at %s, status %d:\n%s", there, at.URL, at.Status, at.Body)
	}
}

// with is a copy of details with more.
func with(details map[string]string, more map[string]string) map[string]string {
	out := maps.Clone(details)
	maps.Copy(out, more)
	return out
}
