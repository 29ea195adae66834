package awsgo_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	identity "github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity/types"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	idptypes "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// An issuer is an OpenID provider elsewhere.
type issuer struct {
	t   testing.TB
	url string
	key *rsa.PrivateKey
}

const issuerClient = "elsewhere"

func newIssuer(t testing.TB) *issuer {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	i := &issuer{t: t, key: key}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		json.NewEncoder(w).Encode(map[string]any{"issuer": i.url, "jwks_uri": i.url + "/keys", "authorization_endpoint": i.url + "/a", "token_endpoint": i.url + "/t",
			"response_types_supported": []string{"id_token"}, "subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"RS256"}})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k", Use: "sig", Algorithm: "RS256"}}})
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	i.url = server.URL
	return i
}

// name is what logins of the issuer are called.
func (i *issuer) name() string { return strings.TrimPrefix(i.url, "http://") }

// token returns an ID token; more claims replace the usual.
func (i *issuer) token(sub string, more map[string]any) string {
	claims := map[string]any{"iss": i.url, "sub": sub, "aud": issuerClient, "iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix()}
	maps.Copy(claims, more)
	return i.signed(jose.RS256, i.key, claims)
}

func (i *issuer) signed(alg jose.SignatureAlgorithm, key any, claims map[string]any) string {
	i.t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", "k"))
	must(i.t, err)
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	must(i.t, err)
	return token
}

// An identityWorld is an identity pool with everything that it can have.
type identityWorld struct {
	*testing.T
	f         *harness.Fixture
	root, app *identity.Client
	issuer    *issuer
	dead      string // an OpenID provider that does not answer
	saml      string // ARN of a SAML provider
	samlRole  string
	pool      string
	guestRole string
	userRole  string
}

const (
	backend = "login.example" // the developer provider
	nobody  = harness.Region + ":00000000-0000-4000-8000-000000000000"
)

func newIdentityWorld(t *testing.T, f *harness.Fixture) *identityWorld {
	w := &identityWorld{T: t, f: f, root: f.Root().Identity, app: f.Anonymous().Identity, issuer: newIssuer(t), dead: harness.FreeAddress(t)}
	ctx := t.Context()
	var arns []string
	for _, url := range []string{w.issuer.url, "http://" + w.dead} {
		p, err := f.Root().IAM.CreateOpenIDConnectProvider(ctx, &iam.CreateOpenIDConnectProviderInput{Url: &url, ClientIDList: []string{issuerClient}})
		must(t, err)
		arns = append(arns, *p.OpenIDConnectProviderArn)
	}
	_, w.saml = trustPool(t, f)
	w.pool = w.newPool(func(in *identity.CreateIdentityPoolInput) {
		in.DeveloperProviderName, in.OpenIdConnectProviderARNs, in.SamlProviderARNs = aws.String(backend), arns, []string{w.saml}
		in.SupportedLoginProviders = map[string]string{"api.twitter.com": "key;secret", "accounts.google.com": "google"}
	})
	w.guestRole = w.role("Guest", "unauthenticated", `{"Effect":"Allow","Action":["iam:ListRoles","cognito-idp:ListUserPools"],"Resource":"*"}`)
	w.userRole = w.role("User", "authenticated", `{"Effect":"Allow","Action":"iam:ListRoles","Resource":"*"},
		{"Effect":"Allow","Action":"cognito-idp:ListUserPools","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/department":"eng"}}}`)
	w.samlRole = w.role("Staff", "authenticated", `{"Effect":"Allow","Action":"iam:ListRoles","Resource":"*",
		"Condition":{"ForAnyValue:StringLike":{"cognito-identity.amazonaws.com:amr":"arn:aws:iam::*:saml-provider/*"},
		"StringEquals":{"cognito-identity.amazonaws.com:aud":"`+w.pool+`"},"StringLike":{"cognito-identity.amazonaws.com:sub":"us-east-1:*"}}}`)
	w.setRoles(nil)
	return w
}

// otherUsers makes another user pool with a client and alice.
func (w *identityWorld) otherUsers() *harness.Fixture {
	w.Helper()
	f := &harness.Fixture{Server: w.f.Server, Alice: w.f.Alice}
	api := f.Root().IDP
	pool, err := api.CreateUserPool(w.Context(), &idp.CreateUserPoolInput{PoolName: aws.String("other")})
	must(w, err)
	f.PoolID = *pool.UserPool.Id
	client, err := api.CreateUserPoolClient(w.Context(), &idp.CreateUserPoolClientInput{UserPoolId: &f.PoolID, ClientName: aws.String("app"),
		ExplicitAuthFlows: []idptypes.ExplicitAuthFlowsType{idptypes.ExplicitAuthFlowsTypeAllowUserPasswordAuth, idptypes.ExplicitAuthFlowsTypeAllowRefreshTokenAuth}})
	must(w, err)
	f.ClientID = *client.UserPoolClient.ClientId
	f.AddUser(w, f.Alice)
	return f
}

func (w *identityWorld) newPool(change func(*identity.CreateIdentityPoolInput)) string {
	w.Helper()
	in := &identity.CreateIdentityPoolInput{IdentityPoolName: aws.String("all of it"), AllowUnauthenticatedIdentities: true,
		CognitoIdentityProviders: []types.CognitoIdentityProvider{{ProviderName: aws.String(w.f.LoginProvider()), ClientId: &w.f.ClientID, ServerSideTokenCheck: aws.Bool(true)}}}
	change(in)
	out, err := w.root.CreateIdentityPool(w.Context(), in)
	must(w, err)
	return *out.IdentityPoolId
}

// role makes a role for those of the pool who authenticated in a way.
func (w *identityWorld) role(name, amr, statements string) string {
	w.Helper()
	trust := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"cognito-identity.amazonaws.com"},
		"Action":["sts:AssumeRoleWithWebIdentity","sts:TagSession"],"Condition":{"StringEquals":{"cognito-identity.amazonaws.com:aud":%q},
		"ForAnyValue:StringLike":{"cognito-identity.amazonaws.com:amr":%q}}}]}`, w.pool, amr)
	api := w.f.Root().IAM
	out, err := api.CreateRole(w.Context(), &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: &trust})
	must(w, err)
	_, err = api.PutRolePolicy(w.Context(), &iam.PutRolePolicyInput{RoleName: &name, PolicyName: aws.String("all"),
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[` + statements + `]}`)})
	must(w, err)
	return *out.Role.Arn
}

func (w *identityWorld) setRoles(mappings map[string]types.RoleMapping) {
	w.Helper()
	_, err := w.root.SetIdentityPoolRoles(w.Context(), &identity.SetIdentityPoolRolesInput{IdentityPoolId: &w.pool,
		Roles: map[string]string{"authenticated": w.userRole, "unauthenticated": w.guestRole}, RoleMappings: mappings})
	must(w, err)
}

func (w *identityWorld) getID(logins map[string]string) (string, error) {
	out, err := w.app.GetId(w.Context(), &identity.GetIdInput{IdentityPoolId: &w.pool, Logins: logins})
	if err != nil {
		return "", err
	}
	return *out.IdentityId, nil
}

func (w *identityWorld) id(logins map[string]string) string {
	w.Helper()
	id, err := w.getID(logins)
	must(w, err)
	return id
}

func (w *identityWorld) credentials(id string, logins map[string]string, role string) (*identity.GetCredentialsForIdentityOutput, error) {
	in := &identity.GetCredentialsForIdentityInput{IdentityId: &id, Logins: logins}
	if role != "" {
		in.CustomRoleArn = &role
	}
	return w.app.GetCredentialsForIdentity(w.Context(), in)
}

// as returns the clients of credentials that an identity gets.
func (w *identityWorld) as(id string, logins map[string]string, role string) *harness.AWS {
	w.Helper()
	out, err := w.credentials(id, logins, role)
	must(w, err)
	c := out.Credentials
	if time.Until(*c.Expiration) > time.Hour {
		w.Errorf("credentials for more than an hour: %v", *c.Expiration)
	}
	return w.f.As(*c.AccessKeyId, *c.SecretKey, *c.SessionToken)
}

func (w *identityWorld) token(id string, logins map[string]string) (string, error) {
	out, err := w.app.GetOpenIdToken(w.Context(), &identity.GetOpenIdTokenInput{IdentityId: &id, Logins: logins})
	if err != nil {
		return "", err
	}
	return *out.Token, nil
}

func (w *identityWorld) unlink(id string, logins map[string]string, remove ...string) error {
	_, err := w.app.UnlinkIdentity(w.Context(), &identity.UnlinkIdentityInput{IdentityId: &id, Logins: logins, LoginsToRemove: remove})
	return err
}

// elsewhere is a login of the issuer.
func (w *identityWorld) elsewhere(sub string) map[string]string {
	return map[string]string{w.issuer.name(): w.issuer.token(sub, nil)}
}

// want checks an error; a text is a part of the message.
func (w *identityWorld) want(what string, err error, code, text string) {
	w.Helper()
	if harness.Code(err) != code || !strings.Contains(err.Error(), text) {
		w.Errorf("%s: %v, want %s %q", what, err, code, text)
	}
	harness.Wanted(err)
}
