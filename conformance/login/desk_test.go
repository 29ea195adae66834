package login_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	citypes "github.com/aws/aws-sdk-go-v2/service/cognitoidentity/types"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// A desk is where somebody works on the command line: a home directory, a client whose
// refresh tokens rotate without grace, and a role that its users may take.
type desk struct {
	*harness.Fixture
	home, issuer, client, role, binary string
}

func newDesk(t *testing.T, s *harness.Server) *desk {
	t.Helper()
	d := &desk{Fixture: s.Fixture(t), home: t.TempDir(), binary: harness.Binary(t)}
	d.issuer = s.URL + "/" + d.PoolID
	d.makeClient(t)
	d.makeRole(t)
	return d
}

func (d *desk) makeClient(t *testing.T) {
	t.Helper()
	c, err := d.Root().IDP.CreateUserPoolClient(t.Context(), &idp.CreateUserPoolClientInput{UserPoolId: &d.PoolID, ClientName: aws.String("command line"),
		AllowedOAuthFlows: []types.OAuthFlowType{types.OAuthFlowTypeCode}, AllowedOAuthFlowsUserPoolClient: true,
		AllowedOAuthScopes: []string{"openid"}, CallbackURLs: []string{"http://127.0.0.1/callback"}, SupportedIdentityProviders: []string{"COGNITO"},
		RefreshTokenRotation: &types.RefreshTokenRotationType{Feature: types.FeatureTypeEnabled, RetryGracePeriodSeconds: aws.Int32(0)}})
	if err != nil {
		t.Fatal(err)
	}
	d.client = *c.UserPoolClient.ClientId
	settings := `{"grant_types":["urn:ietf:params:oauth:grant-type:device_code"]}`
	d.Poolhouse(t, "PutOpenIDClient", map[string]any{"UserPoolId": d.PoolID, "ClientId": d.client, "Metadata": settings}, new(any))
	_, err = d.Root().Identity.UpdateIdentityPool(t.Context(), &cognitoidentity.UpdateIdentityPoolInput{IdentityPoolId: &d.IdentityPoolID, IdentityPoolName: aws.String("conformance"),
		CognitoIdentityProviders: []citypes.CognitoIdentityProvider{{ProviderName: aws.String(d.LoginProvider()), ClientId: &d.client}}})
	if err != nil {
		t.Fatal(err)
	}
}

func (d *desk) makeRole(t *testing.T) {
	t.Helper()
	p, err := d.Root().IAM.CreateOpenIDConnectProvider(t.Context(), &iam.CreateOpenIDConnectProviderInput{Url: &d.issuer, ClientIDList: []string{d.client}})
	if err != nil {
		t.Fatal(err)
	}
	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity","Principal":{"Federated":"` +
		*p.OpenIDConnectProviderArn + `"},"Condition":{"StringEquals":{"` + strings.TrimPrefix(d.issuer, "http://") + `:aud":"` + d.client + `"}}}]}`
	role, err := d.Root().IAM.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String("cli"), AssumeRolePolicyDocument: &trust})
	if err != nil {
		t.Fatal(err)
	}
	d.role = *role.Role.Arn
}

func (d *desk) env() []string {
	return append(os.Environ(), "POOLHOUSE_HOME="+d.home, "AWS_REGION="+harness.Region)
}

func (d *desk) file() string { return filepath.Join(d.home, "profiles", "default.json") }

func (d *desk) read(t *testing.T, into any) {
	t.Helper()
	text, err := os.ReadFile(d.file())
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

// run runs a command to its end.
func (d *desk) run(args ...string) (string, error) {
	cmd := exec.Command(d.binary, args...)
	cmd.Env = d.env()
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// credentials runs the command that an SDK would.
func (d *desk) credentials(t *testing.T, args ...string) (out struct{ AccessKeyId, SecretAccessKey, SessionToken string }) {
	text, err := d.run(append([]string{"credentials"}, args...)...)
	if err != nil || json.Unmarshal([]byte(text), &out) != nil {
		t.Errorf("credentials: %v\n%s", err, text)
	}
	return out
}

// signIn has alice sign in at the page that a command names, and returns where that
// leads to.
func (d *desk) signIn(t *testing.T, login *command) *url.URL {
	t.Helper()
	page := login.wait(t, `(?m)^  (http\S+)$`)
	u, err := url.Parse(page)
	if err != nil {
		t.Fatal(err)
	}
	return harness.NewBrowser(t, nil).SignIn(t, page, &d.Alice, u.Query().Get("redirect_uri"))
}

// answer has alice sign in where a command waits for it.
func (d *desk) answer(t *testing.T, login *command) {
	t.Helper()
	to := d.signIn(t, login)
	if status, body := d.get(t, to.String(), ""); status != http.StatusOK {
		t.Fatal(status, body)
	}
	login.succeeds(t)
}

func (d *desk) get(t *testing.T, address, authorization string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", authorization)
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

func (d *desk) signOutEverywhere(t *testing.T) {
	t.Helper()
	_, err := d.Root().IDP.AdminUserGlobalSignOut(t.Context(), &idp.AdminUserGlobalSignOutInput{UserPoolId: &d.PoolID, Username: &d.Alice.Username})
	if err != nil {
		t.Fatal(err)
	}
}

// refresh uses a refresh token and returns the status.
func (d *desk) refresh(t *testing.T, token string) int {
	t.Helper()
	resp, err := http.PostForm(d.issuer+"/oauth2/token", url.Values{"grant_type": {"refresh_token"}, "client_id": {d.client}, "refresh_token": {token}})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode
}
