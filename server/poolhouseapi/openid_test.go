package poolhouseapi_test

import (
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/ephemeral/ephemeraltest"
	"github.com/poolhouse/poolhouse/internal/keyring/keyringtest"
	"github.com/poolhouse/poolhouse/server/poolhouseapi"
	"github.com/poolhouse/poolhouse/userpool"
)

func openIDAPI(t *testing.T) (*poolhouseapi.API, *userpool.Client) {
	t.Helper()
	a := newAPI(t)
	a.Pools.Keys, a.Pools.Log, a.Pools.Ephemeral = keyringtest.New(t), slog.New(slog.DiscardHandler), ephemeraltest.New(time.Now)
	a.Tokens = &userpool.Tokens{Store: a.Pools.Store, Keys: a.Pools.Keys, Now: time.Now, Issuer: func(p userpool.PoolID) string { return "https://login.example/" + string(p) }}
	c := userpool.NewClient(pool, "app")
	c.Secret = userpool.NewClientSecret()
	c, err := a.Pools.CreateClient(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return a, c
}

func TestOpenIDClientSettings(t *testing.T) {
	a, c := openIDAPI(t)
	put := func(metadata string) (*poolhouseapi.PutOpenIDClientOutput, error) {
		return a.PutOpenIDClient(t.Context(), &poolhouseapi.PutOpenIDClientInput{UserPoolId: ptr(pool), ClientId: ptr(string(c.ID)), Metadata: &metadata})
	}
	all := `{"token_endpoint_auth_method":"private_key_jwt","token_endpoint_auth_signing_alg":"ES256","jwks_uri":"https://rp.example/jwks",
		"dpop_bound_access_tokens":true,"require_pushed_authorization_requests":true,"response_types":["code id_token"],
		"grant_types":["urn:openid:params:grant-type:ciba"],"id_token_signed_response_alg":"EdDSA","id_token_encrypted_response_alg":"RSA-OAEP-256",
		"id_token_encrypted_response_enc":"A256GCM","userinfo_signed_response_alg":"PS256","subject_type":"pairwise","default_max_age":0,
		"require_auth_time":true,"application_type":"web","contacts":["a@rp.example"],"backchannel_logout_uri":"https://rp.example/logout",
		"backchannel_logout_session_required":true,"backchannel_token_delivery_mode":"ping",
		"backchannel_client_notification_endpoint":"https://rp.example/ping","access_token_profile":"rfc9068","access_token_signed_response_alg":"ES256",
		"require_pkce":true,"require_consent":true,"audiences":["https://api.example"],"exchange_from":["` + string(c.ID) + `"]}`
	if _, err := put(all); err != nil {
		t.Fatal(err)
	}
	out, err := a.DescribeOpenIDClient(t.Context(), &poolhouseapi.DescribeOpenIDClientInput{UserPoolId: ptr(pool), ClientId: ptr(string(c.ID))})
	if err != nil {
		t.Fatal(err)
	}
	var want, got map[string]any
	if json.Unmarshal([]byte(all), &want) != nil || json.Unmarshal([]byte(*out.Client.Metadata), &got) != nil || len(want) != len(got) {
		t.Errorf("want %v\n got %v", want, got)
	}
	keys, err := a.Tokens.JWKS(t.Context(), pool)
	var set struct{ Keys []struct{ Alg string } }
	if err != nil || json.Unmarshal(keys, &set) != nil || len(set.Keys) != 5 { // EdDSA, PS256, ES256, and the two that every pool has
		t.Errorf("%s, %v", keys, err)
	}
	for name, bad := range map[string]string{
		"unknown member":     `{"colour":"blue"}`,
		"Cognito's member":   `{"redirect_uris":["https://rp.example/cb"]}`,
		"Cognito's grant":    `{"grant_types":["authorization_code"]}`,
		"no object":          `[]`,
		"unknown algorithm":  `{"id_token_signed_response_alg":"none"}`,
		"unknown client":     `{"exchange_from":["nobody"]}`,
		"FAPI with a secret": `{"fapi":true,"token_endpoint_auth_method":"client_secret_basic","dpop_bound_access_tokens":true}`,
		"FAPI unbound":       `{"fapi":true,"token_endpoint_auth_method":"private_key_jwt","jwks_uri":"https://rp.example/jwks"}`,
		"FAPI with RS256":    `{"fapi":true,"token_endpoint_auth_method":"private_key_jwt","jwks_uri":"https://rp.example/jwks","dpop_bound_access_tokens":true,"id_token_signed_response_alg":"RS256"}`,
		"two names":          `{"token_endpoint_auth_method":"tls_client_auth","tls_client_auth_subject_dn":"CN=a","tls_client_auth_san_dns":"a.example"}`,
		"ping to nowhere":    `{"backchannel_token_delivery_mode":"ping"}`,
		"enc alone":          `{"userinfo_encrypted_response_enc":"A256GCM"}`,
	} {
		if _, err := put(bad); code(err) != "InvalidParameterException" && code(err) != "ResourceNotFoundException" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if again, err := put(`{}`); err != nil || *again.Client.Metadata != `{}` || *again.Client.Registered {
		t.Errorf("nothing: %+v, %v", again, err)
	}
	if _, err := a.DescribeOpenIDClient(t.Context(), &poolhouseapi.DescribeOpenIDClientInput{UserPoolId: ptr(pool), ClientId: ptr("nobody")}); code(err) != "ResourceNotFoundException" {
		t.Errorf("no client: %v", err)
	}
}

// What Cognito's operation changes leaves the settings alone, and fits them.
func TestUpdateKeepsOpenIDSettings(t *testing.T) {
	a, c := openIDAPI(t)
	_, err := a.PutOpenIDClient(t.Context(), &poolhouseapi.PutOpenIDClientInput{UserPoolId: ptr(pool), ClientId: ptr(string(c.ID)),
		Metadata: ptr(`{"subject_type":"pairwise","id_token_signed_response_alg":"ES256"}`)})
	if err != nil {
		t.Fatal(err)
	}
	next := userpool.NewClient(pool, "renamed")
	updated, err := a.Pools.ReplaceClient(t.Context(), pool, c.ID, next)
	if err != nil || updated.Name != "renamed" || updated.OpenID.IDToken.Algorithm != "ES256" || !updated.OpenID.Pairwise {
		t.Errorf("%+v, %v", updated, err)
	}
	next.CallbackURLs = []string{"https://a.example/cb", "https://b.example/cb"}
	if _, err := a.Pools.ReplaceClient(t.Context(), pool, c.ID, next); code(err) != "InvalidParameterException" {
		t.Errorf("two sectors: %v", err)
	}
}

func TestOpenIDPoolSettings(t *testing.T) {
	a, _ := openIDAPI(t)
	describe := func() *poolhouseapi.OpenIDPoolType {
		t.Helper()
		out, err := a.DescribeOpenIDPool(t.Context(), &poolhouseapi.DescribeOpenIDPoolInput{UserPoolId: ptr(pool)})
		if err != nil {
			t.Fatal(err)
		}
		return out.Pool
	}
	if p := describe(); *p.Mode != "COGNITO" || *p.Registration != "OFF" || *p.AllowImplicitClients || *p.RequireDPoPNonces || *p.RequirePushedRequests {
		t.Errorf("at first: %+v", p)
	}
	yes := true
	_, err := a.SetOpenIDPool(t.Context(), &poolhouseapi.SetOpenIDPoolInput{UserPoolId: ptr(pool), Mode: ptr("STRICT"), Registration: ptr("TOKEN"), RequireDPoPNonces: &yes, RequirePushedRequests: &yes})
	if p := describe(); err != nil || *p.Mode != "STRICT" || *p.Registration != "TOKEN" || !*p.RequireDPoPNonces || !*p.RequirePushedRequests {
		t.Errorf("%+v, %v", p, err)
	}
	stored, err := a.Pools.Pool(t.Context(), pool)
	if err != nil || !stored.Strict || stored.OpenID.Registration != userpool.RegistrationToken {
		t.Errorf("%+v, %v", stored, err)
	}
	if _, err := a.SetOpenIDPool(t.Context(), &poolhouseapi.SetOpenIDPoolInput{UserPoolId: ptr(pool), Mode: ptr("STRICT"), AllowImplicitClients: &yes}); code(err) != "InvalidParameterException" {
		t.Errorf("strict and implicit: %v", err)
	}
	if _, err := a.SetOpenIDPool(t.Context(), &poolhouseapi.SetOpenIDPoolInput{UserPoolId: ptr(pool)}); err != nil {
		t.Error(err)
	}
	if p := describe(); *p.Mode != "COGNITO" || *p.Registration != "OFF" {
		t.Errorf("at the end: %+v", p)
	}
	if _, err := a.SetOpenIDPool(t.Context(), &poolhouseapi.SetOpenIDPoolInput{UserPoolId: ptr("us-east-1_None")}); code(err) != "ResourceNotFoundException" {
		t.Errorf("no pool: %v", err)
	}
}

func TestCreateRegistrationToken(t *testing.T) {
	a, _ := openIDAPI(t)
	out, err := a.CreateRegistrationToken(t.Context(), &poolhouseapi.CreateRegistrationTokenInput{UserPoolId: ptr(pool)})
	if err != nil || *out.Token == "" || time.Until(*out.ExpirationDate) > time.Hour || time.Until(*out.ExpirationDate) < 59*time.Minute {
		t.Errorf("%+v, %v", out, err)
	}
}
