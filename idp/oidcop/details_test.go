package oidcop_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/userpool"
)

const payment = `[{"type":"payment","amount":{"currency":"EUR","value":"12.00"},"actions":["pay"]}]`

func (h *house) takesPayments(client userpool.ClientID) {
	h.t.Helper()
	h.client(client, func(c *userpool.Client) { c.OpenID.DetailTypes = []string{"payment", "account"} })
}

// TestAuthorizationDetails (RFC 9396) are shown each time, and go into the tokens.
func TestAuthorizationDetails(t *testing.T) {
	h := open(t)
	h.takesPayments(public)
	v := h.visitor()
	for range 2 {
		q := v.asked(authorizeURL(poolID, public, map[string]any{"authorization_details": " " + payment}))
		if !strings.Contains(q.page.text, "12.00") || strings.Contains(q.page.text, `"amount"`) {
			t.Errorf("page %s", q.page.text)
		}
		res := q.answer("allow")
		at := where(res)
		grant, err := h.grants.Grant(t.Context(), poolID, idp.HandleOf(at.Query().Get("code")))
		if err != nil {
			t.Fatalf("%d %s to %s: %v", res.StatusCode, res.text, at, err)
		}
		if string(grant.Particulars.Details) != payment {
			t.Errorf("%s", grant.Particulars.Details)
		}
		status, set := h.token(poolID, redemption(public, at.Query().Get("code")))
		if list, ok := set["authorization_details"].([]any); status != 200 || !ok || len(list) != 1 {
			t.Errorf("%d %v", status, set)
		}
	}
	if at := where(v.get(authorizeURL(poolID, public, map[string]any{"authorization_details": payment, "prompt": "none"}))); at.Query().Get("error") != "consent_required" {
		t.Errorf("silently: %s", at)
	}
	form := redemption(public, "x")
	form.Set("authorization_details", payment)
	if status, out := h.token(poolID, form); status != 400 || out["error"] != "invalid_authorization_details" {
		t.Errorf("at the token endpoint: %d %v", status, out)
	}
}

func TestAuthorizationDetailsRefused(t *testing.T) {
	h := open(t)
	h.takesPayments(public)
	for _, text := range []string{"{", "{}", "[]", "null", `"x"`, `[1]`, `[{}]`, `[{"type":""}]`, `[{"type":"secret"}]`, `[{"TYPE":"payment"}]`,
		`[{"type":"payment","actions":"pay"}]`, `[{"type":"payment","type":"account"}]`, `[{"type":"payment"},{"type":"x"}]`,
		"[" + strings.Repeat(`{"type":"payment"},`, 20) + `{"type":"payment"}]`, `[{"type":"payment","x":"` + strings.Repeat("x", 9000) + `"}]`,
		`[{"type":"payment","x":` + strings.Repeat("[", 9) + strings.Repeat("]", 9) + `}]`} {
		at := where(h.visitor().get(authorizeURL(poolID, public, map[string]any{"authorization_details": text})))
		if at.Query().Get("error") != "invalid_authorization_details" {
			t.Errorf("%.50s: sent to %s", text, at)
		}
	}
	if at := where(h.visitor().get(authorizeURL(poolID, otherID, map[string]any{"authorization_details": payment}))); at.Query().Get("error") != "invalid_authorization_details" {
		t.Errorf("a client without types: %s", at)
	}
}

// TestResources (RFC 8707): several at once, within the client's limits; the token is
// for all, or for the one that the token request names.
func TestResources(t *testing.T) {
	h := open(t)
	const a, b, c = "https://a.example", "https://b.example", "https://c.example"
	h.client(public, func(c *userpool.Client) { c.OpenID.Audiences = []string{a, b} })
	both := map[string]any{"resource": []string{a, b, a}}
	redeem := func(resource string) (int, map[string]any) {
		form := redemption(public, h.code(poolID, public, both))
		if resource != "" {
			form.Set("resource", resource)
		}
		return h.token(poolID, form)
	}
	if _, set := redeem(b); claims(t, set["access_token"])["aud"] != b {
		t.Errorf("narrowed: %v", claims(t, set["access_token"])["aud"])
	} else if _, set = h.token(poolID, url.Values{"grant_type": {"refresh_token"}, "client_id": {public},
		"refresh_token": {set["refresh_token"].(string)}, "resource": {a}}); claims(t, set["access_token"])["aud"] != a {
		t.Errorf("refreshed for the other: %v", set)
	}
	if _, set := redeem(""); len(claims(t, set["access_token"])["aud"].([]any)) != 2 {
		t.Errorf("all: %v", claims(t, set["access_token"])["aud"])
	}
	if status, out := redeem(c); status != 400 || out["error"] != "invalid_target" {
		t.Errorf("another: %d %v", status, out)
	}
	for _, list := range [][]string{{c}, {a, c}, {a, "no uri"}, {a, "https://a.example/#f"}} {
		at := where(h.visitor().get(authorizeURL(poolID, public, map[string]any{"resource": list})))
		if at.Query().Get("error") != "invalid_target" {
			t.Errorf("%v: sent to %s", list, at)
		}
	}
	status, out := h.pushes(plain(public, both), nil)
	if status != 201 {
		t.Errorf("pushed: %d %v", status, out)
	}
	form := redemption(public, h.code(poolID, public, both))
	form["resource"] = []string{a, b}
	if status, out := h.token(poolID, form); status != 400 || out["error"] != "invalid_target" {
		t.Errorf("two at the token endpoint: %d %v", status, out)
	}
}
