package cognitoidp_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"net/http"
	"testing"

	"github.com/poolhouse/poolhouse/internal/outbound"
	"github.com/poolhouse/poolhouse/userpool"
	idp "github.com/poolhouse/poolhouse/userpool/cognitoidp"
)

// Fetch, Get and Call make the desk the way to providers: what it is to find stands
// in documents.
func (d *desk) Fetch(_ context.Context, address string, _ int) ([]byte, error) {
	if text, ok := d.documents[address]; ok {
		return []byte(text), nil
	}
	return nil, errors.New("unreachable")
}

func (d *desk) Get(context.Context, string, http.Header, int) (*outbound.Answer, error) {
	return nil, errors.New("unreachable")
}

func (d *desk) Call(context.Context, string, http.Header, []byte, int) (*outbound.Answer, error) {
	return nil, errors.New("unreachable")
}

func pkcs8(t testing.TB, key any, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(ok[[]byte](t)(x509.MarshalPKCS8PrivateKey(key)))
}

func appleKey(t testing.TB) string {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	return pkcs8(t, key, err)
}

func (d *desk) described(pool *idp.UserPoolType, name string) map[string]string {
	d.Helper()
	return ok[*idp.DescribeIdentityProviderOutput](d)(d.DescribeIdentityProvider(d.Context(),
		&idp.DescribeIdentityProviderInput{UserPoolId: pool.Id, ProviderName: &name})).IdentityProvider.ProviderDetails
}

// What details leave out is there when the provider is described, by the names and
// values of AWS.
func TestProviderAddresses(t *testing.T) {
	d := newDesk(t)
	p := d.pool(idp.CreateUserPoolInput{})
	d.documents = map[string]string{"https://idp.example/.well-known/openid-configuration": `{"issuer":"https://idp.example",
		"authorization_endpoint":"https://login.idp.example/authorize","token_endpoint":"https://idp.example/t","userinfo_endpoint":"https://idp.example/u","jwks_uri":"https://idp.example/k"}`}
	google := map[string]string{"client_id": "c", "client_secret": "s", "authorize_scopes": "email"}
	short := map[string]string{"client_id": "c", "attributes_request_method": "GET", "oidc_issuer": "https://idp.example", "authorize_scopes": "openid"}
	for kind, tt := range map[string]struct{ details, want map[string]string }{
		"Google": {google, map[string]string{"oidc_issuer": "https://accounts.google.com", "token_url": "https://www.googleapis.com/oauth2/v4/token",
			"authorize_url": "https://accounts.google.com/o/oauth2/v2/auth", "attributes_url": "https://people.googleapis.com/v1/people/me?personFields=",
			"attributes_url_add_attributes": "true", "token_request_method": "POST"}},
		"Facebook": {with(google, "api_version", "v17.0"), map[string]string{"authorize_url": "https://www.facebook.com/v17.0/dialog/oauth",
			"token_url": "https://graph.facebook.com/v17.0/oauth/access_token", "attributes_url": "https://graph.facebook.com/v17.0/me?fields=",
			"token_request_method": "GET", "attributes_url_add_attributes": "true"}},
		"LoginWithAmazon": {google, map[string]string{"authorize_url": "https://www.amazon.com/ap/oa", "token_url": "https://api.amazon.com/auth/o2/token",
			"attributes_url": "https://api.amazon.com/user/profile", "attributes_url_add_attributes": "false"}},
		"SignInWithApple": {map[string]string{"client_id": "c", "team_id": "t", "key_id": "k", "private_key": appleKey(t), "authorize_scopes": "email"},
			map[string]string{"oidc_issuer": "https://appleid.apple.com", "authorize_url": "https://appleid.apple.com/auth/authorize",
				"token_url": "https://appleid.apple.com/auth/token", "private_key": ""}},
		"OIDC": {with(short, "token_url", "https://proxy.example/t"), map[string]string{"authorize_url": "https://login.idp.example/authorize",
			"token_url": "https://proxy.example/t", "attributes_url": "https://idp.example/u", "jwks_uri": "https://idp.example/k", "attributes_url_add_attributes": "false"}},
	} {
		if err := d.provider(p, kind+"1", kind, tt.details); err != nil {
			t.Fatal(kind, err)
		}
		got := d.described(p, kind+"1")
		for name, want := range tt.want {
			same(t, kind+" "+name, got[name], want)
		}
	}
}

func TestIncompleteProviders(t *testing.T) {
	d := newDesk(t)
	p := d.pool(idp.CreateUserPoolInput{})
	d.documents = map[string]string{
		"https://other.example/.well-known/openid-configuration": `{"issuer":"https://idp.example"}`,
		"https://short.example/.well-known/openid-configuration": `{"issuer":"https://short.example","authorization_endpoint":"https://short.example/a","token_endpoint":"https://short.example/t"}`,
		"https://evil.example/.well-known/openid-configuration":  `{"issuer":"https://evil.example","authorization_endpoint":"javascript:alert(1)"}`,
	}
	short := map[string]string{"client_id": "c", "attributes_request_method": "GET", "authorize_scopes": "openid"}
	apple := map[string]string{"client_id": "c", "team_id": "t", "key_id": "k", "authorize_scopes": "email"}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	for _, tt := range []struct {
		kind    string
		details map[string]string
		text    string
	}{
		{"OIDC", with(short, "oidc_issuer", "https://down.example"), "Unable to contact well-known endpoint"},
		{"OIDC", with(short, "oidc_issuer", "https://evil.example"), "Unable to contact well-known endpoint"},
		{"OIDC", with(short, "oidc_issuer", "https://other.example"), "of another issuer"},
		{"OIDC", with(short, "oidc_issuer", "https://short.example"), "has no jwks_uri"},
		{"OIDC", short, "must contain oidc_issuer"}, // before anybody is asked
		{"SignInWithApple", with(apple, "private_key", "x"), "private_key in ProviderDetails must be an EC key"},
		{"SignInWithApple", with(apple, "private_key", pkcs8(t, rsaKey, err)), "private_key in ProviderDetails must be an EC key"},
		{"Twitter", short, "Invalid provider type Twitter."},
	} {
		refused(t, d.provider(p, "Corp", tt.kind, tt.details), "InvalidParameterException", tt.text)
	}
}

// Tools send back what they were told: a key that is not told stays, for as long as
// it is that key.
func TestAppleKeyIsKept(t *testing.T) {
	d := newDesk(t)
	p := d.pool(idp.CreateUserPoolInput{})
	key := appleKey(t)
	if err := d.provider(p, "Apple", "SignInWithApple", map[string]string{"client_id": "c", "team_id": "t", "key_id": "k", "private_key": key, "authorize_scopes": "email"}); err != nil {
		t.Fatal(err)
	}
	update := func(details map[string]string) error {
		out, err := d.UpdateIdentityProvider(t.Context(), &idp.UpdateIdentityProviderInput{UserPoolId: p.Id, ProviderName: ptr("Apple"), ProviderDetails: details})
		if err == nil {
			same(t, "key in the answer", out.IdentityProvider.ProviderDetails["private_key"], "")
		}
		return err
	}
	told := d.described(p, "Apple")
	if err := update(with(told, "client_id", "c2")); err != nil {
		t.Fatal(err)
	}
	held, err := d.Pools.Provider(t.Context(), userpool.PoolID(*p.Id), "Apple")
	if err != nil {
		t.Fatal(err)
	}
	same(t, "key", held.Details["private_key"], key)
	same(t, "client", held.Details["client_id"], "c2")
	refused(t, update(with(told, "key_id", "k2")), "InvalidParameterException", "must contain private_key")
	refused(t, update(with(told, "team_id", "t2")), "InvalidParameterException", "must contain private_key")
}
