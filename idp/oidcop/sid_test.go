package oidcop_test

import (
	"net/url"
	"testing"

	"github.com/poolhouse/poolhouse/userpool"
)

// setOpenID changes what a client asked for.
func (h *house) setOpenID(client string, change func(*userpool.OpenIDClient)) {
	h.t.Helper()
	_, err := h.store.UpdateClient(h.t.Context(), poolID, userpool.ClientID(client), func(c *userpool.Client) error {
		change(&c.OpenID)
		return nil
	})
	h.must(err)
}

// tokens signs a visitor in to a client and redeems the code.
func (v *visitor) tokens(client string, changes map[string]any) map[string]any {
	v.h.t.Helper()
	code := v.signIn(authorizeURL(poolID, client, changes), "alice").Query().Get("code")
	status, set := v.h.token(poolID, redemption(client, code))
	if status != 200 {
		v.h.t.Fatalf("%d %v", status, set)
	}
	return set
}

// TestSID: the sid stays for a client while its user is signed in, through refreshes
// and new sign-ins; it is another one for each client and browser.
func TestSID(t *testing.T) {
	h := open(t)
	v := h.visitor()
	set := v.tokens(public, nil)
	sid := claims(t, set["id_token"])["sid"]
	if text, _ := sid.(string); len(text) < 22 {
		t.Fatalf("sid %v", sid)
	}
	_, fresh := h.token(poolID, url.Values{"grant_type": {"refresh_token"}, "client_id": {public}, "refresh_token": {set["refresh_token"].(string)}})
	if got := claims(t, fresh["id_token"])["sid"]; got != sid {
		t.Errorf("after a refresh: %v, want %v", got, sid)
	}
	if got := claims(t, v.tokens(public, map[string]any{"prompt": "login"})["id_token"])["sid"]; got != sid {
		t.Errorf("after a new sign-in: %v, want %v", got, sid)
	}
	if got := claims(t, v.tokens(otherID, nil)["id_token"])["sid"]; got == sid {
		t.Error("two clients can compare their users")
	}
	if got := claims(t, h.visitor().tokens(public, nil)["id_token"])["sid"]; got == sid {
		t.Error("two browsers have one session")
	}
}
