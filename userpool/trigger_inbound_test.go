package userpool_test

import (
	"encoding/json"
	"testing"

	"github.com/poolhouse/poolhouse/userpool"
)

func TestInboundFederation(t *testing.T) {
	s := newStage("InboundFederation")
	s.answers("InboundFederation", `{"userAttributesToMap":{"email":"ana@example.com","roles":["a"]}}`)
	in := userpool.Inbound{Provider: "Okta", Type: "OIDC", Username: "Okta_1", Attributes: userpool.InboundTokens{
		Response: json.RawMessage(`{"token_type":"Bearer"}`), IDToken: json.RawMessage(`{"sub":"1"}`)}}
	got, err := s.triggers.InboundFederation(t.Context(), s.pool, s.client, in)
	if err != nil || string(got["email"]) != `"ana@example.com"` || string(got["roles"]) != `["a"]` {
		t.Fatal(got, err)
	}
	sameJSON(t, s.last(t, "InboundFederation"), `{"version":"1","triggerSource":"InboundFederation_ExternalProvider","region":"us-east-1",
		"userPoolId":"us-east-1_Pool00001","userName":"Okta_1","callerContext":{"awsSdkVersion":"aws-sdk-unknown-unknown","clientId":"client1"},
		"request":{"providerName":"Okta","providerType":"OIDC","attributes":{"tokenResponse":{"token_type":"Bearer"},"idToken":{"sub":"1"},"userInfo":null}},
		"response":{"userAttributesToMap":null}}`)

	in = userpool.Inbound{Provider: "Corp", Type: "SAML", Attributes: userpool.InboundSAML{Attributes: map[string]any{"mail": "a@b"}}}
	s.answers("InboundFederation", `{"userAttributesToMap":{}}`)
	if got, err = s.triggers.InboundFederation(t.Context(), s.pool, s.client, in); got != nil || err != nil {
		t.Fatal("an empty map does not keep all attributes", got, err)
	}
	s.throws("InboundFederation", "not welcome")
	_, err = s.triggers.InboundFederation(t.Context(), s.pool, s.client, in)
	wantFault(t, err, userpool.ErrUserLambda, "InboundFederation failed with error not welcome.")
}
