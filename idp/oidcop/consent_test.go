package oidcop_test

import (
	"context"
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/idp/consent"
	"github.com/poolhouse/poolhouse/userpool"
)

// A question is the page that asks for consent.
type question struct {
	v      *visitor
	page   *reply
	action string
	form   url.Values
}

// asked signs in and wants to be asked.
func (v *visitor) asked(address string) *question {
	v.h.t.Helper()
	res := v.get(address)
	for range 5 {
		at := where(res)
		switch {
		case strings.HasSuffix(at.Path, "/login"):
			res = v.post(at.String(), credentials("alice", password))
		case at.Path != "":
			res = v.get(at.String())
		}
	}
	form := regexp.MustCompile(`action="([^"]*/oauth2/consent[^"]*)"`).FindStringSubmatch(res.text)
	if res.StatusCode != 200 || form == nil {
		v.h.t.Fatalf("not asked: %d %s %s", res.StatusCode, res.Header.Get("Location"), res.text)
	}
	q := &question{v, res, html.UnescapeString(form[1]), url.Values{}}
	for _, name := range []string{"_csrf", "ticket"} {
		q.form.Set(name, regexp.MustCompile(`name="` + name + `" value="([^"]+)"`).FindStringSubmatch(res.text)[1])
	}
	return q
}

func (q *question) answer(decision string) *reply {
	q.v.h.t.Helper()
	q.form.Set("decision", decision)
	return q.v.submit(q.action, q.form)
}

func (h *house) asksConsent(client userpool.ClientID) {
	h.t.Helper()
	h.client(client, func(c *userpool.Client) { c.OpenID.RequireConsent = true })
}

func TestConsent(t *testing.T) {
	h := open(t)
	h.asksConsent(public)
	v := h.visitor()
	q := v.asked(authorizeURL(poolID, public, map[string]any{"prompt": "login"}))
	for _, text := range []string{"<h1>Allow App access?</h1>", "see your email address", "know who you are", "alice"} {
		if !strings.Contains(q.page.text, text) {
			t.Errorf("the page lacks %q: %s", text, q.page.text)
		}
	}
	if policy := q.page.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "form-action 'self' https://app.example") || !strings.Contains(policy, "frame-ancestors 'none'") {
		t.Errorf("policy %q", policy)
	}
	res := q.answer("allow")
	at := where(res)
	if res.StatusCode != 303 || at.Query().Get("code") == "" || at.Query().Get("state") != "xyz" {
		t.Fatalf("%d to %s", res.StatusCode, at)
	}
	if status, out := h.token(poolID, redemption(public, at.Query().Get("code"))); status != 200 {
		t.Errorf("%d %v", status, out)
	}
	if again := q.answer("allow"); again.StatusCode != 400 {
		t.Errorf("the answer is good twice: %d %s", again.StatusCode, where(again))
	}
	kept, err := h.handler.Consents.Consent(t.Context(), poolID, h.alice.Sub, public)
	if err != nil || len(kept.Scopes) != 2 {
		t.Errorf("kept %+v, %v", kept, err)
	}
	if at := where(v.get(authorizeURL(poolID, public, map[string]any{"prompt": "none", "scope": "openid"}))); at.Query().Get("code") == "" {
		t.Errorf("asked again for less: %s", at)
	}
	for name, changes := range map[string]map[string]any{
		"more scopes":  {"scope": "openid api/read"},
		"more claims":  {"claims": `{"userinfo":{"name":null}}`},
		"a resource":   {"resource": "https://api.example"},
		"the app asks": {"prompt": "consent"},
	} {
		v.asked(authorizeURL(poolID, public, changes))
		if name == "the app asks" {
			continue
		}
		changes["prompt"] = "none"
		if at := where(v.get(authorizeURL(poolID, public, changes))); at.Query().Get("error") != "consent_required" {
			t.Errorf("%s, silently: %s", name, at)
		}
	}
	h.must(h.handler.Consents.Revoke(t.Context(), poolID, h.alice.Sub, public))
	v.asked(authorizeURL(poolID, public, nil))
}

func TestConsentRefused(t *testing.T) {
	h := open(t)
	h.asksConsent(public)
	h.allowed(public)
	q := h.visitor().asked(authorizeURL(poolID, public, nil))
	if at := where(q.answer("deny")); at.Query().Get("error") != "access_denied" || at.Query().Get("state") != "xyz" || at.Query().Get("iss") == "" {
		t.Errorf("sent to %s", at)
	}
	if _, err := h.handler.Consents.Consent(t.Context(), poolID, h.alice.Sub, public); err == nil {
		t.Error("it was kept")
	}
	q = h.visitor().asked(authorizeURL(poolID, public, map[string]any{"response_mode": "form_post", "response_type": "code id_token"}))
	if to, fields := posted(t, q.answer("")); to != callback || fields.Get("error") != "access_denied" {
		t.Errorf("by form: %s %v", to, fields)
	}
	q = h.visitor().asked(h.pushed(nil))
	q.answer("deny")
	wantOver(t, "a pushed request that was refused", q.v.get(strings.Replace(q.action, "/consent", "/authorize", 1)))
}

// TestConsentIsBound (S22): an answer is good for the session that was asked, for the
// very request that was shown, and for ten minutes.
func TestConsentIsBound(t *testing.T) {
	h := open(t)
	h.asksConsent(public)
	h.asksConsent(otherID)
	v := h.visitor()
	q := v.asked(authorizeURL(poolID, public, nil))
	refused := func(what string, res *reply) {
		t.Helper()
		if at := where(res); at.Query().Has("code") || res.StatusCode < 400 && at.Host != "" {
			t.Errorf("%s: %d to %s", what, res.StatusCode, at)
		}
	}
	for what, change := range map[string]string{"scope=openid+email": "scope=openid+email+api%2Fread", "nonce=n-1": "nonce=n-2",
		"client_id=" + public: "client_id=" + otherID, "state=xyz": "state=zyx", "response_type=code": "response_type=code&claims=%7B%7D"} {
		changed := *q
		if changed.action = strings.Replace(q.action, what, change, 1); changed.action == q.action {
			t.Fatalf("%s is not in %s", what, q.action)
		}
		refused(change, changed.answer("allow"))
	}
	forged := *q
	forged.form = url.Values{"_csrf": q.form["_csrf"], "ticket": {strings.Repeat("A", 64)}}
	refused("made up", forged.answer("allow"))
	none := *q
	none.form = url.Values{"_csrf": q.form["_csrf"]}
	refused("no ticket", none.answer("allow"))
	uncrossed := *q
	uncrossed.form = url.Values{"ticket": q.form["ticket"]}
	refused("no form token", uncrossed.answer("allow"))

	other := h.visitor().asked(authorizeURL(poolID, public, nil))
	other.form.Set("ticket", q.form.Get("ticket"))
	refused("another session of hers", other.answer("allow"))
	away := h.visitor()
	away.get(q.action)
	refused("nobody's session", away.submit(q.action, q.form))

	late := h.visitor().asked(authorizeURL(poolID, public, nil))
	h.clock.Add(10 * time.Minute)
	refused("too late", late.answer("allow"))
	if all, err := h.handler.Consents.Consents(t.Context(), poolID, h.alice.Sub); err != nil || len(all) != 0 {
		t.Errorf("kept %+v, %v", all, err)
	}
}

// TestTicketIsSpent: one answer a ticket, however it is spelled.
func TestTicketIsSpent(t *testing.T) {
	h := open(t)
	h.asksConsent(public)
	q := h.visitor().asked(authorizeURL(poolID, public, nil))
	ticket := q.form.Get("ticket")
	if at := where(q.answer("allow")); !at.Query().Has("code") {
		t.Fatalf("sent to %s", at)
	}
	for _, spelling := range []string{ticket, ticket[:8] + "\n" + ticket[8:], ticket + "\r\n"} {
		q.form.Set("ticket", spelling)
		if res := q.answer("allow"); res.StatusCode != 400 {
			t.Errorf("%q: %d to %s", spelling, res.StatusCode, res.Header.Get("Location"))
		}
	}
}

// TestConsentToPushedRequest: what is shown is what was pushed, and parameters beside
// its name change nothing.
func TestConsentToPushedRequest(t *testing.T) {
	h := open(t)
	h.asksConsent(public)
	v := h.visitor()
	q := v.asked(h.pushed(nil))
	if strings.Contains(q.action, "scope") {
		t.Errorf("the browser carries %s", q.action)
	}
	h.clock.Add(5 * time.Minute) // its own name is over
	q.action += "&scope=openid+api%2Fread"
	at := where(q.answer("allow"))
	_, set := h.redeemed(t, at.Query().Get("code"))
	if scope := claims(t, set["access_token"])["scope"]; scope != "openid email" {
		t.Errorf("scope %v", scope)
	}
	q2 := v.asked(h.pushed(map[string]any{"prompt": "consent"}))
	action := q2.action
	if at := where(q2.answer("allow")); at.Query().Get("code") == "" {
		t.Errorf("sent to %s", at)
	}
	wantOver(t, "a second code", v.get(strings.Replace(action, "/consent", "/authorize", 1)))
}

// TestRegisteredClient: nobody vouches for it. Its user is asked, and told so; and an
// error in its request leads nowhere (RFC 9700 4.11.2).
func TestRegisteredClient(t *testing.T) {
	h := open(t)
	h.client(public, func(c *userpool.Client) { c.OpenID.Registered, c.OpenID.PolicyURI = true, "https://app.example/policy" })
	v := h.visitor()
	q := v.asked(authorizeURL(poolID, public, nil))
	if !strings.Contains(q.page.text, "Nobody has checked") || !strings.Contains(q.page.text, `href="https://app.example/policy"`) {
		t.Errorf("page %s", q.page.text)
	}
	if at := where(q.answer("deny")); at.Query().Get("error") != "access_denied" {
		t.Errorf("sent to %s", at)
	}
	for _, changes := range []map[string]any{{"scope": "nonsense"}, {"scope": "nonsense", "prompt": "none"}, {"response_type": nil}, {"request": "x"}} {
		if at := where(v.get(authorizeURL(poolID, public, changes))); at.Host != "" || !strings.HasSuffix(at.Path, "/error") {
			t.Errorf("%v: sent to %s", changes, at)
		}
	}
	if at := where(h.visitor().get(authorizeURL(poolID, public, map[string]any{"prompt": "none"}))); at.Query().Get("error") != "login_required" {
		t.Errorf("silently: %s", at)
	}
}

// TestConsentStoreFails: no answer without the record.
func TestConsentStoreFails(t *testing.T) {
	h := open(t)
	h.asksConsent(public)
	q := h.visitor().asked(authorizeURL(poolID, public, nil))
	h.handler.Consents = failing{}
	if at := where(q.answer("allow")); at.Query().Get("error") != "server_error" || at.Query().Has("code") {
		t.Errorf("sent to %s", at)
	}
	if at := where(q.v.get(authorizeURL(poolID, public, nil))); at.Query().Get("error") != "server_error" {
		t.Errorf("sent to %s", at)
	}
}

type failing struct{ consent.Store }

func (failing) Allow(context.Context, *consent.Consent) error { return context.DeadlineExceeded }
func (failing) Consent(context.Context, userpool.PoolID, string, userpool.ClientID) (*consent.Consent, error) {
	return nil, context.DeadlineExceeded
}
