package oidcop_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/userpool"
)

// TestLinkOfAMail: opening the link changes nothing, however often; the button
// confirms, once.
func TestLinkOfAMail(t *testing.T) {
	h := open(t)
	_, err := h.store.UpdatePool(t.Context(), poolID, func(p *userpool.Pool) error { p.VerifyByLink = true; return nil })
	h.must(err)
	v := h.visitor()
	res := v.post(signUpPage(public), url.Values{"username": {"carol"}, "password": {"long-enough-1"}, "attribute:email": {"carol@example.com"}})
	if page := v.get(where(res).String()); !strings.Contains(page.text, "We sent a link to c***@e***") || strings.Contains(page.text, "one-time-code") {
		t.Errorf("after the sign-up: %s", page.text)
	}
	link := strings.ReplaceAll(found(t, h.mails.sent[len(h.mails.sent)-1].Body, `<a href="`+h.url+`([^"]+)"`), "&amp;", "&")
	status := func() userpool.Status {
		u, err := h.store.User(t.Context(), poolID, "carol")
		h.must(err)
		return u.Status
	}
	mailServer := h.visitor()
	for range 3 {
		if page := mailServer.get(link); page.StatusCode != http.StatusOK || status() != userpool.Unconfirmed {
			t.Fatalf("%d %s, user %s", page.StatusCode, page.text, status())
		}
	}
	if page := mailServer.submit(link, url.Values{}); page.StatusCode != http.StatusForbidden || status() != userpool.Unconfirmed {
		t.Errorf("a form without its token: %d, user %s", page.StatusCode, status())
	}
	person := h.visitor()
	if page := person.post(link, url.Values{}); page.StatusCode != http.StatusOK || !strings.Contains(page.text, "Your account is confirmed") || status() != userpool.Confirmed {
		t.Errorf("%d %s, user %s", page.StatusCode, page.text, status())
	}
	if page := person.post(link, url.Values{}); page.StatusCode != http.StatusBadRequest || !strings.Contains(page.text, "no longer valid") {
		t.Errorf("again: %d %s", page.StatusCode, page.text)
	}
}

func TestWrongLinks(t *testing.T) {
	h := open(t)
	v := h.visitor()
	at := func(pool, client, user, code string) string {
		return "/" + pool + "/confirmUser?" + url.Values{"client_id": {client}, "user_name": {user}, "confirmation_code": {code}}.Encode()
	}
	for name, address := range map[string]string{"another pool": at(strictID, public, "alice", "1"), "no pool": at("us-east-1_Nowhere01", public, "alice", "1"),
		"no client": at(poolID, "nobody", "alice", "1"), "no user": at(poolID, public, "", "1"), "no code": at(poolID, public, "alice", ""),
		"not text": at(poolID, public, "alice", "\x00")} {
		if page := v.get(address); page.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %d", name, page.StatusCode)
		}
	}
	known, unknown := v.post(at(poolID, public, "alice", "111111"), url.Values{}), v.post(at(poolID, public, "nobody", "111111"), url.Values{})
	if known.StatusCode != http.StatusBadRequest || strings.ReplaceAll(known.text, "alice", "nobody") != unknown.text {
		t.Errorf("they tell who exists:\n%s\n%s", known.text, unknown.text)
	}
}
