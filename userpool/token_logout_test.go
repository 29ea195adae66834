package userpool_test

import (
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

var farewell = userpool.Logout{ID: "message-1", Sub: "sub-of-alice", SessionID: "sid-1"}

func TestLogoutToken(t *testing.T) {
	w := newWorld(t)
	raw, err := w.tokens.LogoutToken(t.Context(), w.client, farewell)
	w.check(err)
	header, body := decodePart(t, raw, 0), decodePart(t, raw, 1)
	if header["typ"] != "logout+jwt" || header["alg"] != "RS256" || header["kid"] == "" {
		t.Errorf("header %v", header)
	}
	events, _ := body["events"].(map[string]any)
	event, _ := events["http://schemas.openid.net/event/backchannel-logout"].(map[string]any)
	if len(events) != 1 || event == nil || len(event) != 0 {
		t.Errorf("events %v", body["events"])
	}
	if body["iss"] != issuer(worldPool) || body["aud"] != string(w.client.ID) || body["sub"] != farewell.Sub || body["sid"] != farewell.SessionID ||
		body["jti"] != farewell.ID || body["exp"].(float64)-body["iat"].(float64) != 120 {
		t.Errorf("claims %v", body)
	}
	if _, there := body["nonce"]; there {
		t.Error("a logout token must not have a nonce")
	}
	pairwise := *w.client
	pairwise.OpenID.Pairwise = true
	raw, err = w.tokens.LogoutToken(t.Context(), &pairwise, farewell)
	w.check(err)
	own, err := w.tokens.Subject(t.Context(), &pairwise, farewell.Sub)
	w.check(err)
	if body := decodePart(t, raw, 1); body["sub"] != own || own == farewell.Sub || body["sid"] != farewell.SessionID {
		t.Errorf("the sub of others' tokens reached a client with pairwise subjects: %v", body)
	}
	modern := *w.client
	modern.OpenID.IDToken.Algorithm = "ES256"
	raw, err = w.tokens.LogoutToken(t.Context(), &modern, farewell)
	w.check(err)
	if header := decodePart(t, raw, 0); header["alg"] != "ES256" || header["typ"] != "logout+jwt" {
		t.Errorf("header %v", header)
	}
}

// TestLogoutTokenIsNoOther: a logout token passes for no other token, even where its
// claims are those of one.
func TestLogoutTokenIsNoOther(t *testing.T) {
	w := newWorld(t)
	set := w.mustSignIn()
	raw, err := w.tokens.LogoutToken(t.Context(), w.client, farewell)
	w.check(err)
	id, idHeader := decodePart(t, set.IDToken, 1), decodePart(t, set.IDToken, 0)
	access, accessHeader := decodePart(t, set.AccessToken, 1), decodePart(t, set.AccessToken, 0)
	if _, err := w.tokens.VerifyID(t.Context(), worldPool, forge(t, w.signer(worldPool, "id"), idHeader, id)); err != nil {
		t.Fatalf("the forge itself is broken: %v", err)
	}
	for name, token := range map[string]string{"as it is": raw,
		"with the claims of an ID token": forge(t, w.signer(worldPool, "id"), with(idHeader, "typ", "logout+jwt"), id),
		"spelled otherwise":              forge(t, w.signer(worldPool, "id"), with(idHeader, "typ", "LOGOUT+JWT"), id)} {
		_, err := w.tokens.VerifyID(t.Context(), worldPool, token)
		wantFault(t, err, userpool.ErrNotAuthorized, "Invalid Identity Token")
		if _, err := w.tokens.IDHint(t.Context(), worldPool, token); err == nil {
			t.Errorf("%s: accepted as a hint", name)
		}
		w.Advance(time.Second)
	}
	for _, token := range []string{raw, forge(t, w.signer(worldPool, "access"), with(accessHeader, "typ", "logout+jwt"), access)} {
		_, err := w.tokens.VerifyAccess(t.Context(), token)
		wantFault(t, err, userpool.ErrNotAuthorized, "Invalid Access Token")
	}
}
