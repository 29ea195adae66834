package openid_test

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// An rp is a relying party.
type rp struct {
	*op
	home       string // its address
	id, secret string
	auth       string // at the token endpoint
	kind, mode string // response_type, response_mode
	callback   string
	goodbye    string // post_logout_redirect_uri
	idAlg      string // id_token_signed_response_alg
}

// register makes a relying party for the exam's variant.
func (e *exam) register(t *testing.T, change ...func(*rp)) *rp {
	t.Helper()
	home := e.home()
	r := &rp{op: e.op, home: home, auth: cmp.Or(e.plan.auth, "client_secret_basic"), kind: e.responseType(), mode: e.plan.mode,
		callback: home + "/callback", goodbye: home + "/goodbye", idAlg: "RS256"}
	for _, c := range change {
		c(r)
	}
	out, err := e.Root().IDP.CreateUserPoolClient(t.Context(), &idp.CreateUserPoolClientInput{UserPoolId: &e.pool, ClientName: aws.String("relying party"),
		GenerateSecret: r.auth != "none", AllowedOAuthFlows: []types.OAuthFlowType{types.OAuthFlowTypeCode}, AllowedOAuthFlowsUserPoolClient: true,
		AllowedOAuthScopes: []string{"openid", "email", "profile", "phone"}, CallbackURLs: []string{r.callback}, LogoutURLs: []string{r.goodbye},
		SupportedIdentityProviders: []string{"COGNITO"}})
	if err != nil {
		t.Fatal(err)
	}
	r.id, r.secret = *out.UserPoolClient.ClientId, aws.ToString(out.UserPoolClient.ClientSecret)
	return r
}

// has reports whether the answers to its requests carry that: code, id_token, token.
func (r *rp) has(what string) bool { return slices.Contains(strings.Fields(r.kind), what) }

// tokenRequest asks the token endpoint, authenticated as registered.
func (r *rp) tokenRequest(t *testing.T, form url.Values) *reply {
	t.Helper()
	form, header := r.authenticate(form)
	return r.fetch(t, http.MethodPost, r.meta.Token, form, header...)
}

// authenticate adds the relying party's credentials to a request (RFC 6749 section 2.3.1).
func (r *rp) authenticate(form url.Values) (_ url.Values, header []string) {
	form = cloneValues(form)
	switch r.auth {
	case "client_secret_basic":
		req := http.Request{Header: http.Header{}}
		req.SetBasicAuth(url.QueryEscape(r.id), url.QueryEscape(r.secret))
		return form, []string{"Authorization", req.Header.Get("Authorization")}
	case "client_secret_post":
		form.Set("client_id", r.id)
		form.Set("client_secret", r.secret)
	case "none":
		form.Set("client_id", r.id)
	}
	return form, nil
}

func cloneValues(v url.Values) url.Values {
	out := url.Values{}
	for name, values := range v {
		out[name] = slices.Clone(values)
	}
	return out
}
