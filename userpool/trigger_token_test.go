package userpool_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/userpool"
)

// minting opens a world whose tokens ask a function of some version.
func minting(t testing.TB, version, response string) (*world, *lambda) {
	t.Helper()
	w, l := newWorld(t), &lambda{}
	w.tokens.Triggers = l.triggers()
	w.changePool(func(p *userpool.Pool) {
		withTriggers("PreTokenGeneration")(p)
		p.Triggers["PreTokenGeneration"] = userpool.Function{ARN: p.Triggers["PreTokenGeneration"].ARN, Version: version}
	})
	l.answers("PreTokenGeneration", response)
	return w, l
}

func (w *world) changePool(change func(*userpool.Pool)) {
	w.Helper()
	_, err := w.store.UpdatePool(w.Context(), worldPool, func(p *userpool.Pool) error {
		change(p)
		return nil
	})
	w.check(err)
}

func TestPreTokenEvent(t *testing.T) {
	w, l := minting(t, "V1_0", `{"claimsOverrideDetails":null}`)
	one := 1
	w.addGroup("admins", "arn:aws:iam::000000000000:role/admin", &one)
	plain := w.mustSignIn()
	sameJSON(t, l.last(t, "PreTokenGeneration"), `{"version":"1","triggerSource":"TokenGeneration_Authentication","region":"us-east-1",
		"userPoolId":"us-east-1_World0001","userName":"alice","callerContext":{"awsSdkVersion":"aws-sdk-unknown-unknown","clientId":"`+string(w.client.ID)+`"},
		"request":{"userAttributes":{"sub":"5ub-alice","cognito:user_status":"CONFIRMED","email":"alice@example.com","email_verified":"true","custom:team":"blue"},
		"groupConfiguration":{"groupsToOverride":["admins"],"iamRolesToOverride":["arn:aws:iam::000000000000:role/admin"],"preferredRole":"arn:aws:iam::000000000000:role/admin"}},
		"response":{"claimsOverrideDetails":null}}`)
	if got := claims(t, plain.IDToken)["cognito:groups"]; !reflect.DeepEqual(got, []any{"admins"}) {
		t.Errorf("groups %v", got)
	}
	_, err := w.tokens.Refresh(userpool.WithClientMetadata(t.Context(), map[string]string{"k": "v"}), w.client, userpool.RefreshRequest{Token: plain.RefreshToken})
	w.check(err)
	if e := l.last(t, "PreTokenGeneration"); !strings.Contains(e, `"triggerSource":"TokenGeneration_RefreshTokens"`) || !strings.Contains(e, `"clientMetadata":{"k":"v"}`) {
		t.Error(e)
	}
	if len(l.events) != 2 {
		t.Errorf("%d calls for two grants", len(l.events))
	}
}

// TestPreTokenV1: the first version changes the ID token; groups change in both.
func TestPreTokenV1(t *testing.T) {
	w, _ := minting(t, "V1_0", `{"claimsOverrideDetails":{"claimsToAddOrOverride":{"plan":"gold","email":"other@example.com","nickname":"x"},
		"claimsToSuppress":["custom:team","nickname"],"groupOverrideDetails":{"groupsToOverride":["a","b"],"iamRolesToOverride":["r1"],"preferredRole":"r1"}}}`)
	set := w.mustSignIn()
	id, access := claims(t, set.IDToken), claims(t, set.AccessToken)
	for name, want := range map[string]any{"plan": "gold", "email": "other@example.com", "custom:team": nil, "nickname": nil,
		"cognito:groups": []any{"a", "b"}, "cognito:roles": []any{"r1"}, "cognito:preferred_role": "r1", "sub": w.alice.Sub} {
		if !reflect.DeepEqual(id[name], want) {
			t.Errorf("ID token: %s = %v, want %v", name, id[name], want)
		}
	}
	if access["plan"] != nil || !reflect.DeepEqual(access["cognito:groups"], []any{"a", "b"}) {
		t.Errorf("access token %v", access)
	}
}

// TestPreTokenV2: the second version changes both, with values of every kind.
func TestPreTokenV2(t *testing.T) {
	w, l := minting(t, "V2_0", `{"claimsAndScopeOverrideDetails":{
		"idTokenGeneration":{"claimsToAddOrOverride":{"plan":{"name":"gold","seats":[1,2]},"address":{"formatted":"x"},"email_verified":[true],"n":1.5}},
		"accessTokenGeneration":{"claimsToAddOrOverride":{"tenant":["t1"],"ok":true,"none":null},"claimsToSuppress":["event_id"],
		"scopesToAdd":["api/read","api/read"],"scopesToSuppress":["aws.cognito.signin.user.admin"]}}}`)
	set := w.mustSignIn()
	if e := l.last(t, "PreTokenGeneration"); !strings.Contains(e, `"version":"2"`) || !strings.Contains(e, `"scopes":["aws.cognito.signin.user.admin"]`) {
		t.Error(e)
	}
	id, access := claims(t, set.IDToken), claims(t, set.AccessToken)
	if !reflect.DeepEqual(id["plan"], map[string]any{"name": "gold", "seats": []any{1.0, 2.0}}) || id["n"] != 1.5 || id["address"] != nil || id["email_verified"] != true {
		t.Errorf("ID token %v", id)
	}
	_, null := access["none"]
	if !reflect.DeepEqual(access["tenant"], []any{"t1"}) || access["ok"] != true || null || access["event_id"] == nil || access["scope"] != "api/read" {
		t.Errorf("access token %v", access)
	}
	if _, err := w.tokens.SignedInUser(t.Context(), set.AccessToken); err == nil {
		t.Error("a suppressed scope still works")
	}
	if c, err := w.tokens.VerifyAccess(t.Context(), set.AccessToken); err != nil || c.Sub != w.alice.Sub {
		t.Error(c, err)
	}
}

// TestGroupOverride: groups are kept where the member is left out, and dropped
// where it is there, be it empty.
func TestGroupOverride(t *testing.T) {
	for member, kept := range map[string]bool{``: true, `"groupOverrideDetails":{}`: false, `"groupOverrideDetails":null`: false,
		`"groupOverrideDetails":{"groupsToOverride":null,"preferredRole":null}`: false, `"groupOverrideDetails":{"groupsToOverride":["admins"]}`: true} {
		w, _ := minting(t, "V2_0", `{"claimsAndScopeOverrideDetails":{`+member+`}}`)
		w.addGroup("admins", "", nil)
		set := w.mustSignIn()
		for _, token := range []string{set.IDToken, set.AccessToken} {
			if _, has := claims(t, token)["cognito:groups"]; has != kept {
				t.Errorf("%q: groups kept: %v", member, has)
			}
		}
	}
}

// TestReservedClaims: no spelling of a claim that belongs to the server is taken
// from a function, whether a reader of JSON minds its case or not.
func TestReservedClaims(t *testing.T) {
	names := []string{"acr", "amr", "at_hash", "auth_time", "azp", "client_id", "cognito:username", "device_key", "event_id", "exp", "iat",
		"identities", "iss", "jti", "nbf", "nonce", "origin_jti", "scope", "sub", "token_use", "username", "version", "aud", "",
		"SUB", "Sub", "\u017fub", "to\u212aen_use", "Username", "u\u017fername", "EXP", "i\u017f\u017f", "Scope", "client_ID", "AUD",
		"cognito:groups", "cognito:roles", "cognito:preferred_role", "Cognito:Groups"}
	add := map[string]any{}
	for _, n := range names {
		add[n] = "evil"
	}
	change, _ := json.Marshal(map[string]any{"claimsToAddOrOverride": add, "claimsToSuppress": names[:len(names)-4]})
	w, l := minting(t, "V2_0", `{"claimsAndScopeOverrideDetails":{"idTokenGeneration":`+string(change)+`,"accessTokenGeneration":`+string(change)+`}}`)
	got := w.mustSignIn()
	l.answers("PreTokenGeneration", `{}`)
	want := w.mustSignIn()
	for _, pair := range [][2]string{{got.IDToken, want.IDToken}, {got.AccessToken, want.AccessToken}} {
		a, b := claims(t, pair[0]), claims(t, pair[1])
		for _, fresh := range []string{"jti", "origin_jti", "event_id"} {
			if a[fresh] == "evil" || a[fresh] == nil {
				t.Errorf("%s = %v", fresh, a[fresh])
			}
			delete(a, fresh)
			delete(b, fresh)
		}
		if !reflect.DeepEqual(a, b) {
			t.Errorf("got %v, want %v", a, b)
		}
	}
	if c, err := w.tokens.SignedInUser(t.Context(), got.AccessToken); err != nil || c.User.Sub != w.alice.Sub {
		t.Error(err)
	}
}

// TestOwnAudience: an access token may be made out to its own client only.
func TestOwnAudience(t *testing.T) {
	for audience, want := range map[string]any{"worldclient000000000000000": "worldclient000000000000000", "otherclient": nil} {
		w, _ := minting(t, "V2_0", `{"claimsAndScopeOverrideDetails":{"idTokenGeneration":{"claimsToAddOrOverride":{"aud":"`+audience+`"}},
			"accessTokenGeneration":{"claimsToAddOrOverride":{"aud":"`+audience+`"}}}}`)
		set := w.mustSignIn()
		if got := claims(t, set.AccessToken)["aud"]; got != want {
			t.Errorf("aud %v, want %v", got, want)
		}
		if got := claims(t, set.IDToken)["aud"]; got != string(w.client.ID) {
			t.Errorf("ID token for %v", got)
		}
	}
}

// TestPreTokenRefuses: what the function refuses, or answers too much of, has no
// tokens and leaves no sign-in behind.
func TestPreTokenRefuses(t *testing.T) {
	big := strings.Repeat("x", 33<<10)
	for response, text := range map[string]string{
		`{"claimsAndScopeOverrideDetails":{"idTokenGeneration":{"claimsToAddOrOverride":{"a":"` + big + `"}}}}`: "PreTokenGeneration added claims of more than 32 KiB.",
		`{"claimsAndScopeOverrideDetails":{"groupOverrideDetails":{"groupsToOverride":["` + big + `"]}}}`:       "PreTokenGeneration added claims of more than 32 KiB.",
		`{"claimsAndScopeOverrideDetails":{"accessTokenGeneration":{"scopesToAdd":["a b"]}}}`:                   "PreTokenGeneration added a scope that is none.",
		`{"claimsAndScopeOverrideDetails":{"accessTokenGeneration":{"scopesToAdd":[""]}}}`:                      "PreTokenGeneration added a scope that is none.",
		`{"claimsAndScopeOverrideDetails":{"accessTokenGeneration":{"scopesToAdd":"x"}}}`:                       "Unrecognizable lambda output",
		`{"claimsAndScopeOverrideDetails":[]}`:                                                                  "Unrecognizable lambda output",
	} {
		w, _ := minting(t, "V2_0", response)
		_, err := w.passwordSignIn(w.client, "alice", password)
		wantFault(t, err, userpool.ErrInvalidLambdaResponse, text)
	}
	w, l := minting(t, "V2_0", "")
	l.throws("PreTokenGeneration", "no tokens today")
	_, err := w.passwordSignIn(w.client, "alice", password)
	wantFault(t, err, userpool.ErrUserLambda, "PreTokenGeneration failed with error no tokens today.")
}

// TestPreTokenOfClients: only the third version is asked about clients that act for
// themselves.
func TestPreTokenOfClients(t *testing.T) {
	const response = `{"claimsAndScopeOverrideDetails":{"accessTokenGeneration":{"claimsToAddOrOverride":{"tenant":"t1","sub":"evil"},"scopesToAdd":["api/write"]}}}`
	for version, asked := range map[string]bool{"V1_0": false, "V2_0": false, "V3_0": true} {
		w, l := minting(t, version, response)
		ctx := userpool.WithClientMetadata(t.Context(), map[string]string{"k": "v"})
		pool, err := w.store.Pool(ctx, worldPool)
		w.check(err)
		set, err := w.tokens.ClientCredentials(ctx, &userpool.Grant{Pool: pool, Client: w.client, Scopes: []string{"api/read"}})
		w.check(err)
		c := claims(t, set.AccessToken)
		if !asked {
			if len(l.events) != 0 || c["tenant"] != nil {
				t.Errorf("%s: %v", version, c)
			}
			continue
		}
		if c["tenant"] != "t1" || c["scope"] != "api/read api/write" || c["sub"] != string(w.client.ID) {
			t.Errorf("%s: %v", version, c)
		}
		sameJSON(t, l.last(t, "PreTokenGeneration"), `{"version":"3","triggerSource":"TokenGeneration_ClientCredentials","region":"us-east-1",
			"userPoolId":"us-east-1_World0001","userName":"ClientCredentials","callerContext":{"awsSdkVersion":"aws-sdk-unknown-unknown","clientId":"`+string(w.client.ID)+`"},
			"request":{"userAttributes":{},"groupConfiguration":{"groupsToOverride":[],"iamRolesToOverride":[],"preferredRole":null},"scopes":["api/read"],"clientMetadata":{"k":"v"}},
			"response":{"claimsAndScopeOverrideDetails":null}}`)
	}
}
