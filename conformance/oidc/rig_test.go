package oidc_test

import (
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

const goodbye = "http://localhost/goodbye"

// A rig is a pool and its public app, seen through go-oidc and x/oauth2.
type rig struct {
	*harness.Fixture
	provider *oidc.Provider
	app      oauth2.Config
}

func newRig(t *testing.T, s *harness.Server) *rig {
	t.Helper()
	r := &rig{Fixture: s.Fixture(t)}
	var err error
	if r.provider, err = oidc.NewProvider(t.Context(), r.issuer()); err != nil {
		t.Fatal(err)
	}
	r.app = r.config(r.ClientID, "", oauth2.AuthStyleInParams)
	return r
}

func (r *rig) issuer() string { return r.URL + "/" + r.PoolID }

// config is an app's configuration, for one way to authenticate.
func (r *rig) config(id, secret string, style oauth2.AuthStyle) oauth2.Config {
	endpoint := r.provider.Endpoint()
	endpoint.AuthStyle = style
	return oauth2.Config{ClientID: id, ClientSecret: secret, Endpoint: endpoint, RedirectURL: harness.Callback, Scopes: []string{oidc.ScopeOpenID, "email"}}
}

// A grant is what an app holds between its request and the answer.
type grant struct{ code, verifier, nonce string }

// grant signs in as who and returns the code, with what belongs to it.
func (r *rig) grant(t *testing.T, c oauth2.Config, who *harness.Person) grant {
	t.Helper()
	g := grant{verifier: oauth2.GenerateVerifier(), nonce: rand.Text()}
	state := rand.Text()
	start := c.AuthCodeURL(state, oidc.Nonce(g.nonce), oauth2.S256ChallengeOption(g.verifier))
	q := harness.NewBrowser(t, nil).SignIn(t, start, who, harness.Callback).Query()
	if g.code = q.Get("code"); g.code == "" || q.Get("state") != state {
		t.Fatalf("the app is answered %v", q)
	}
	return g
}

// redeem exchanges the code as the app does.
func (g grant) redeem(t *testing.T, c oauth2.Config) (*oauth2.Token, error) {
	return c.Exchange(t.Context(), g.code, oauth2.VerifierOption(g.verifier))
}

// tokens signs in as who, all the way.
func (r *rig) tokens(t *testing.T, c oauth2.Config, who *harness.Person) *oauth2.Token {
	t.Helper()
	token, err := r.grant(t, c, who).redeem(t, c)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// refresh uses a refresh token as the app does.
func (r *rig) refresh(t *testing.T, c oauth2.Config, token string) (*oauth2.Token, error) {
	return c.TokenSource(t.Context(), &oauth2.Token{RefreshToken: token}).Token()
}

// secretApp adds an app with a secret.
func (r *rig) secretApp(t *testing.T, change func(*idp.CreateUserPoolClientInput)) (id, secret string) {
	t.Helper()
	in := &idp.CreateUserPoolClientInput{UserPoolId: &r.PoolID, ClientName: aws.String("server app"), GenerateSecret: true,
		AllowedOAuthFlows: []types.OAuthFlowType{types.OAuthFlowTypeCode}, AllowedOAuthFlowsUserPoolClient: true,
		AllowedOAuthScopes: []string{"openid", "email"}, CallbackURLs: []string{harness.Callback},
		SupportedIdentityProviders: []string{"COGNITO"}}
	if change != nil {
		change(in)
	}
	out, err := r.Root().IDP.CreateUserPoolClient(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return *out.UserPoolClient.ClientId, *out.UserPoolClient.ClientSecret
}

// authorizeURL is a request of the public app with other parameters; an empty
// one is left out.
func (r *rig) authorizeURL(t *testing.T, change map[string]string) string {
	t.Helper()
	u, err := url.Parse(r.app.AuthCodeURL("some state", oauth2.S256ChallengeOption(oauth2.GenerateVerifier())))
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	for name, value := range change {
		q.Set(name, value)
		if value == "" {
			q.Del(name)
		}
	}
	u.RawQuery = q.Encode()
	return u.String()
}

// post sends a form to the token endpoint and returns status and body.
func (r *rig) post(t *testing.T, form url.Values) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.app.Endpoint.TokenURL, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// wantOAuth fails the test unless err is that error of the token endpoint.
func wantOAuth(t *testing.T, err error, status int, code string) {
	t.Helper()
	var e *oauth2.RetrieveError
	if !errors.As(err, &e) || e.ErrorCode != code || e.Response.StatusCode != status {
		t.Fatalf("error %v, want %d %s", err, status, code)
	}
}
