package userpool

import (
	"encoding/json"
	"slices"
	"testing"
)

// FuzzClaimOverride: whatever a function answers, the token stays one of this user,
// client and issuer for every reader that decodes it into a structure.
func FuzzClaimOverride(f *testing.F) {
	for _, seed := range []string{
		`{"claimsAndScopeOverrideDetails":{"accessTokenGeneration":{"claimsToAddOrOverride":{"a":1,"sub":"x"},"claimsToSuppress":["iss"]}}}`,
		`{"claimsAndScopeOverrideDetails":{"accessTokenGeneration":{"claimsToAddOrOverride":{"SUB":"x","\u017fub":"x","":1}}}}`,
		`{"claimsAndScopeOverrideDetails":{"groupOverrideDetails":null}}`, `{}`, `[]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, response []byte) {
		var out struct {
			Override struct {
				Access claimOverride `json:"accessTokenGeneration"`
			} `json:"claimsAndScopeOverrideDetails"`
		}
		if json.Unmarshal(response, &out) != nil {
			return
		}
		want := accessJSON{Sub: "sub", Issuer: "iss", Version: 2, ClientID: "client", TokenUse: useAccess, Scope: "s", AuthTime: 1, Expires: 2,
			Issued: 3, JTI: "jti", OriginJTI: "origin", EventID: "event", Username: "name"}
		payload, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		payload, err = out.Override.Access.apply(payload, useAccess, "client")
		if err != nil {
			t.Fatal(err)
		}
		var got accessJSON
		if err := json.Unmarshal(payload, &got); err != nil {
			t.Fatalf("%v in %s", err, payload)
		}
		if len(got.Audience) > 0 && !slices.Equal(got.Audience, audience{"client"}) {
			t.Fatalf("made out to %q", got.Audience)
		}
		got.Audience, got.Groups = nil, nil
		a, _ := json.Marshal(got)
		b, _ := json.Marshal(want)
		if string(a) != string(b) {
			t.Fatalf("%s became %s", b, a)
		}
	})
}
