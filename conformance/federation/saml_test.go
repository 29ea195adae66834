package federation_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// A samlParty is a pool whose app lets people in from another pool by SAML alone.
type samlParty struct {
	*harness.Fixture
	home   *harness.Fixture
	app    string // client ID
	atHome string // ID of the application that we are there
}

// newSAMLParty introduces the pools to each other by their metadata.
func newSAMLParty(t *testing.T, s *harness.Server, encrypt bool, details map[string]string) *samlParty {
	t.Helper()
	allow := harness.Args("--allow-private-fetch")
	p := &samlParty{Fixture: s.Fixture(t), home: harness.Start(t, harness.Embedded, allow).Fixture(t)}
	p.atHome = p.home.SAMLApplication(t, "downstream", p.metadata(t), encrypt).Application.ApplicationId
	all := map[string]string{"MetadataURL": p.home.URL + "/" + p.home.PoolID + "/saml/metadata"}
	for k, v := range details {
		all[k] = v
	}
	name, api := "Home", p.Root().IDP
	made, err := api.CreateIdentityProvider(t.Context(), &cip.CreateIdentityProviderInput{UserPoolId: &p.PoolID, ProviderName: &name, ProviderType: types.IdentityProviderTypeTypeSaml,
		ProviderDetails: all, AttributeMapping: map[string]string{"email": "urn:oid:0.9.2342.19200300.100.1.3"}})
	if err != nil {
		t.Fatal(err)
	}
	got := made.IdentityProvider.ProviderDetails
	if got["SSORedirectBindingURI"] != p.home.URL+"/"+p.home.PoolID+"/saml/sso" || got["ActiveEncryptionCertificate"] == "" {
		t.Errorf("details %v", got)
	}
	client, err := api.CreateUserPoolClient(t.Context(), &cip.CreateUserPoolClientInput{UserPoolId: &p.PoolID, ClientName: &name,
		AllowedOAuthFlows: []types.OAuthFlowType{types.OAuthFlowTypeCode}, AllowedOAuthFlowsUserPoolClient: true,
		AllowedOAuthScopes: []string{"openid", "email"}, CallbackURLs: []string{harness.Callback}, SupportedIdentityProviders: []string{name}})
	if err != nil {
		t.Fatal(err)
	}
	p.app = *client.UserPoolClient.ClientId
	return p
}

// metadata is what the pool says of itself as a service provider.
func (p *samlParty) metadata(t *testing.T) string {
	t.Helper()
	resp, err := http.Get(p.URL + "/" + p.PoolID + "/saml2/metadata")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "application/samlmetadata+xml" {
		t.Fatalf("%d %s %v", resp.StatusCode, raw, err)
	}
	return string(raw)
}

// arrived exchanges the code that the app was given, and returns the claims.
func (p *samlParty) arrived(t *testing.T, back *url.URL) (claims struct {
	Username string `json:"cognito:username"`
	Email    string
}) {
	t.Helper()
	resp, err := http.PostForm(p.URL+"/"+p.PoolID+"/oauth2/token", url.Values{"grant_type": {"authorization_code"}, "client_id": {p.app},
		"code": {back.Query().Get("code")}, "redirect_uri": {harness.Callback}})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var tokens struct {
		IDToken string `json:"id_token"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&tokens); err != nil || tokens.IDToken == "" {
		t.Fatalf("%s: %d %v", back, resp.StatusCode, err)
	}
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(tokens.IDToken, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

func (p *samlParty) start() string {
	return p.URL + "/" + p.PoolID + "/oauth2/authorize?" + url.Values{"client_id": {p.app}, "response_type": {"code"}, "scope": {"openid email"},
		"redirect_uri": {harness.Callback}}.Encode()
}

// TestSAMLVariants: requests signed, assertions encrypted, by one Poolhouse for another.
func TestSAMLVariants(t *testing.T) {
	for name, tt := range map[string]struct {
		encrypt bool
		details map[string]string
	}{
		"signed requests":      {false, map[string]string{"RequestSigningAlgorithm": "rsa-sha256"}},
		"encrypted assertions": {true, map[string]string{"EncryptedResponses": "true"}},
	} {
		t.Run(name, func(t *testing.T) {
			harness.EachProfile(t, func(t *testing.T, s *harness.Server) {
				p := newSAMLParty(t, s, tt.encrypt, tt.details)
				got := p.arrived(t, harness.NewBrowser(t, nil).SignIn(t, p.start(), &p.home.Alice, harness.Callback))
				if got.Username != "Home_"+p.home.Alice.Email || got.Email != p.home.Alice.Email {
					t.Errorf("%+v", got)
				}
			}, harness.Args("--allow-private-fetch"))
		})
	}
}

// TestSAMLClearIsRefused: where an administrator wants secrecy, nobody comes without.
func TestSAMLClearIsRefused(t *testing.T) {
	s := harness.Start(t, harness.Embedded, harness.Args("--allow-private-fetch"))
	p := newSAMLParty(t, s, false, map[string]string{"EncryptedResponses": "true"})
	back := harness.NewBrowser(t, nil).SignIn(t, p.start(), &p.home.Alice, harness.Callback)
	if back.Query().Get("error") != "invalid_request" {
		t.Error(back)
	}
}

// TestSAMLFromTheProvider: a sign-in that begins at the provider ends in the app, where
// the provider may begin one.
func TestSAMLFromTheProvider(t *testing.T) {
	for setting, may := range map[string]bool{"true": true, "false": false} {
		s := harness.Start(t, harness.Embedded, harness.Args("--allow-private-fetch"))
		p := newSAMLParty(t, s, false, map[string]string{"IDPInit": setting})
		relay := url.Values{"identity_provider": {"Home"}, "client_id": {p.app}, "redirect_uri": {harness.Callback}, "response_type": {"code"}, "scope": {"openid email"}}
		tile := p.home.URL + "/" + p.home.PoolID + "/saml/init/" + p.atHome + "?" + url.Values{"RelayState": {relay.Encode()}}.Encode()
		page := harness.NewBrowser(t, nil).Walk(t, tile, &p.home.Alice, harness.Leads(harness.Callback))
		code := harness.Leads(harness.Callback)(page) && page.URL.Query().Get("code") != ""
		if code != may {
			t.Fatalf("IDPInit %s: %s, status %d", setting, page.URL, page.Status)
		}
		if may {
			if got := p.arrived(t, page.URL); got.Username != "Home_"+p.home.Alice.Email {
				t.Errorf("%+v", got)
			}
		}
	}
}

// TestSAMLCertificate: what the SDK is told is what the metadata says.
func TestSAMLCertificate(t *testing.T) {
	s := harness.Start(t, harness.Embedded, harness.Args("--allow-private-fetch"))
	p := newSAMLParty(t, s, false, nil)
	out, err := p.Root().IDP.GetSigningCertificate(t.Context(), &cip.GetSigningCertificateInput{UserPoolId: &p.PoolID})
	if err != nil || !strings.Contains(p.metadata(t), aws.ToString(out.Certificate)) {
		t.Errorf("%+v, %v", out, err)
	}
}
