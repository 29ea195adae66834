package openid_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// settle gives the pool its mode. Whoever likes may register there.
func (o *op) settle(t *testing.T, strict bool) {
	t.Helper()
	mode := "COGNITO"
	if strict {
		mode = "STRICT"
	}
	o.Poolhouse(t, "SetOpenIDPool", map[string]any{"UserPoolId": o.pool, "Mode": mode, "Registration": "OPEN",
		"AllowImplicitClients": !strict}, new(any))
}

// ofAppClients are members of a relying party's metadata that app clients have without
// settings of OpenID Connect.
var ofAppClients = []string{"redirect_uris", "post_logout_redirect_uris", "client_name", "scope", "grant_types"}

// create makes the relying party as an administrator does.
func (r *rp) create(t *testing.T) {
	t.Helper()
	metadata := r.clientMetadata()
	in := &idp.CreateUserPoolClientInput{UserPoolId: &r.pool, ClientName: aws.String("relying party"),
		GenerateSecret: strings.HasPrefix(r.auth, "client_secret"), AllowedOAuthFlows: []types.OAuthFlowType{types.OAuthFlowTypeCode},
		AllowedOAuthFlowsUserPoolClient: true, AllowedOAuthScopes: strings.Fields(metadata["scope"].(string)),
		CallbackURLs: metadata["redirect_uris"].([]string), LogoutURLs: []string{r.goodbye}, SupportedIdentityProviders: []string{"COGNITO"}}
	if r.rotates {
		in.RefreshTokenRotation = &types.RefreshTokenRotationType{Feature: types.FeatureTypeEnabled, RetryGracePeriodSeconds: aws.Int32(0)}
	}
	out, err := r.Root().IDP.CreateUserPoolClient(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	r.id, r.secret = *out.UserPoolClient.ClientId, aws.ToString(out.UserPoolClient.ClientSecret)
	for _, name := range ofAppClients {
		delete(metadata, name)
	}
	r.Poolhouse(t, "PutOpenIDClient", map[string]any{"UserPoolId": r.pool, "ClientId": r.id,
		"Metadata": string(must(t)(json.Marshal(metadata)))}, new(any))
}
