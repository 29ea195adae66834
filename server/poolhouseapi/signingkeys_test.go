package poolhouseapi_test

import (
	"testing"

	"github.com/poolhouse/poolhouse/server/poolhouseapi"
	"github.com/poolhouse/poolhouse/userpool"
)

func TestSigningKeys(t *testing.T) {
	a, _ := openIDAPI(t)
	if _, err := a.Tokens.JWKS(t.Context(), pool); err != nil { // makes the first ones
		t.Fatal(err)
	}
	list := func() []poolhouseapi.SigningKeyType {
		t.Helper()
		out, err := a.ListSigningKeys(t.Context(), &poolhouseapi.ListSigningKeysInput{UserPoolId: ptr(pool)})
		if err != nil {
			t.Fatal(err)
		}
		return out.Keys
	}
	if first := list(); len(first) != 2 || *first[0].State != "ACTIVE" || first[0].SignsFrom != nil {
		t.Fatalf("%+v", first)
	}
	next, err := a.RotateSigningKey(t.Context(), &poolhouseapi.RotateSigningKeyInput{UserPoolId: ptr(pool), TokenUse: ptr("ACCESS")})
	if err != nil || *next.Key.State != "NEXT" || *next.Key.TokenUse != "ACCESS" || next.Key.SignsFrom.Sub(*next.Key.CreationDate) != userpool.RotationLead {
		t.Fatalf("%+v, %v", next, err)
	}
	again, err := a.RotateSigningKey(t.Context(), &poolhouseapi.RotateSigningKeyInput{UserPoolId: ptr(pool), TokenUse: ptr("ACCESS"), Algorithm: ptr("RS256")})
	if err != nil || *again.Key.KeyId != *next.Key.KeyId || !again.Key.SignsFrom.Equal(*next.Key.SignsFrom) {
		t.Errorf("twice: %+v, %v", again, err)
	}
	if _, err := a.RotateSigningKey(t.Context(), &poolhouseapi.RotateSigningKeyInput{UserPoolId: ptr(pool), TokenUse: ptr("ID"), Algorithm: ptr("ES256")}); code(err) != "ResourceNotFoundException" {
		t.Errorf("no such key: %v", err)
	}
	for _, k := range list() {
		if *k.State != "ACTIVE" || *k.TokenUse != "ACCESS" {
			continue
		}
		out, err := a.RevokeSigningKey(t.Context(), &poolhouseapi.RevokeSigningKeyInput{UserPoolId: ptr(pool), KeyId: k.KeyId})
		if err != nil || *out.Key.KeyId != *next.Key.KeyId || *out.Key.State != "ACTIVE" {
			t.Errorf("%+v, %v", out, err)
		}
		if _, err := a.RevokeSigningKey(t.Context(), &poolhouseapi.RevokeSigningKeyInput{UserPoolId: ptr(pool), KeyId: k.KeyId}); code(err) != "ResourceNotFoundException" {
			t.Errorf("revoked twice: %v", err)
		}
	}
	if keys := list(); len(keys) != 2 {
		t.Errorf("%d keys at the end", len(keys))
	}
}
