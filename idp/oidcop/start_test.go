package oidcop_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/userpool"
)

// TestStart: a link to us begins a sign-in at the app, with what the app needs.
func TestStart(t *testing.T) {
	h := open(t)
	v := h.visitor()
	begin := func(client string, q url.Values) *reply {
		return v.get("/" + poolID + "/start/" + client + "?" + q.Encode())
	}
	if res := begin(public, nil); res.StatusCode != 404 {
		t.Errorf("no address: %d", res.StatusCode)
	}
	h.setOpenID(public, func(o *userpool.OpenIDClient) { o.InitiateLoginURI = "https://app.example/begin?x=1" })
	at := where(begin(public, url.Values{"login_hint": {"alice@example.com"}, "target_link_uri": {"https://app.example/deep?a=b"}, "iss": {"https://evil.example"}}))
	want := url.Values{"x": {"1"}, "iss": {h.url + "/" + poolID}, "login_hint": {"alice@example.com"}, "target_link_uri": {"https://app.example/deep?a=b"}}
	if at.Host != "app.example" || at.Path != "/begin" || at.Query().Encode() != want.Encode() {
		t.Errorf("sent to %s", at)
	}
	for name, q := range map[string]url.Values{
		"another site":      {"target_link_uri": {"https://evil.example/"}},
		"look-alike":        {"target_link_uri": {"https://app.example.evil.example/"}},
		"user information":  {"target_link_uri": {"https://app.example@evil.example/"}},
		"another port":      {"target_link_uri": {"https://app.example:8443/"}},
		"another scheme":    {"target_link_uri": {"http://app.example/"}},
		"script":            {"target_link_uri": {"javascript:alert(1)"}},
		"relative":          {"target_link_uri": {"//evil.example"}},
		"fragment":          {"target_link_uri": {"https://app.example/#x"}},
		"backslash":         {"target_link_uri": {`https://app.example\@evil.example`}},
		"twice":             {"target_link_uri": {"https://app.example/", "https://evil.example/"}},
		"a very long hint":  {"login_hint": {strings.Repeat("a", 257)}},
		"a hint of no text": {"login_hint": {"\xff"}},
	} {
		if res := begin(public, q); res.StatusCode != 400 || res.Header.Get("Location") != "" {
			t.Errorf("%s: %d %s", name, res.StatusCode, res.Header.Get("Location"))
		}
	}
	for name, client := range map[string]string{"unknown": "nobody", "another pool's": stricter, "without an address": otherID} {
		if res := begin(client, nil); res.StatusCode != 404 {
			t.Errorf("%s: %d", name, res.StatusCode)
		}
	}
	h.setOpenID(public, func(o *userpool.OpenIDClient) { o.Registered = true })
	if res := begin(public, nil); res.StatusCode != 404 {
		t.Errorf("a client that registered itself: %d %s", res.StatusCode, res.Header.Get("Location"))
	}
}
