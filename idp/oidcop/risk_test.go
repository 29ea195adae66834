package oidcop_test

import (
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/internal/ephemeral/ephemeraltest"
	"github.com/poolhouse/poolhouse/userpool"
)

// shiftingPlace is in one country and then in another, wherever the address is.
type shiftingPlace struct{ country string }

func (s *shiftingPlace) Locate(netip.Addr) userpool.Place {
	return userpool.Place{Country: s.country, CountryName: s.country}
}

// guard lets the pool do something about risks of medium level, and tell of it.
func (h *house) guard(action string) *shiftingPlace {
	at := &shiftingPlace{"DE"}
	h.auth.Risk = &userpool.Risk{Store: h.store, Ephemeral: ephemeraltest.New(h.clock.Now), Places: at, Now: h.clock.Now, Log: slog.New(slog.DiscardHandler)}
	_, err := h.store.UpdatePool(h.t.Context(), poolID, func(p *userpool.Pool) error {
		p.Tier, p.ThreatProtection = userpool.TierPlus, userpool.ThreatsEnforced
		return nil
	})
	h.must(err)
	_, err = h.store.UpdateUser(h.t.Context(), poolID, "alice", func(u *userpool.User) error {
		u.Attributes["email"], u.Attributes["email_verified"] = "alice@example.com", "true"
		return nil
	})
	h.must(err)
	act := &userpool.RiskAction{Action: action, Notify: true}
	h.must(h.store.PutRiskConfiguration(h.t.Context(), &userpool.RiskConfiguration{Pool: poolID,
		Takeover: &userpool.TakeoverRules{Medium: act, Notify: &userpool.NotifyRules{SourceARN: "arn"}}}))
	return at
}

// TestRiskOnThePages: the hosted pages judge as the API does, say what a person may
// know, and the link of the mail is good for one word, by a button.
func TestRiskOnThePages(t *testing.T) {
	h := open(t)
	at := h.guard(userpool.RiskBlock)
	signIn := func() *reply {
		v := h.visitor()
		return v.post(v.loginPage(nil), credentials("alice", password))
	}
	if res := signIn(); res.StatusCode != http.StatusSeeOther {
		t.Fatalf("the first sign-in: %d %s", res.StatusCode, res.text)
	}
	at.country = "FR"
	if res := signIn(); res.StatusCode != http.StatusUnauthorized || !strings.Contains(res.text, "looked unusual") {
		t.Fatalf("from another country: %d %s", res.StatusCode, res.text)
	}
	mail := h.mails.sent[len(h.mails.sent)-1]
	link := found(t, mail.Body, h.url+`(/\S+value=valid)`)
	if strings.Contains(h.url+link, password) || mail.To != "alice@example.com" {
		t.Errorf("mail %+v", mail)
	}
	for range 3 { // what looks at links before people do
		if res := h.visitor().get(link); res.StatusCode != http.StatusOK || !strings.Contains(res.text, "Yes, it was me") {
			t.Fatalf("the page of the link: %d %s", res.StatusCode, res.text)
		}
	}
	if res := signIn(); res.StatusCode != http.StatusUnauthorized {
		t.Fatalf("a link that was looked at let somebody in: %d", res.StatusCode)
	}
	if res := h.visitor().submit(link, url.Values{}); res.StatusCode != http.StatusForbidden {
		t.Errorf("a form without its token: %d", res.StatusCode)
	}
	if res := h.visitor().post(link, url.Values{}); res.StatusCode != http.StatusOK || !strings.Contains(res.text, "Thank you") {
		t.Fatalf("the button: %d %s", res.StatusCode, res.text)
	}
	if res := signIn(); res.StatusCode != http.StatusSeeOther {
		t.Errorf("after the user's word: %d %s", res.StatusCode, res.text)
	}
}

// TestWrongFeedbackLinks: a link that was made up, or is for somebody else, does
// nothing and tells nothing.
func TestWrongFeedbackLinks(t *testing.T) {
	h := open(t)
	h.guard(userpool.RiskBlock)
	at := func(pool, user, value string) string {
		return "/" + pool + "/feedback?" + url.Values{"user_name": {user}, "event": {"e"}, "token": {"forged"}, "value": {value}}.Encode()
	}
	for name, address := range map[string]string{"no pool": at("us-east-1_Nowhere01", "alice", "valid"), "no user": at(poolID, "", "valid"),
		"no value": at(poolID, "alice", ""), "another value": at(poolID, "alice", "maybe"), "not text": at(poolID, "a\x00", "valid")} {
		if res := h.visitor().get(address); res.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %d", name, res.StatusCode)
		}
	}
	v := h.visitor()
	known, unknown := v.post(at(poolID, "alice", "valid"), url.Values{}), v.post(at(poolID, "nobody", "valid"), url.Values{})
	if known.StatusCode != http.StatusBadRequest || strings.ReplaceAll(known.text, "alice", "nobody") != unknown.text {
		t.Errorf("they tell who exists:\n%s\n%s", known.text, unknown.text)
	}
	off := v.post(at(strictID, "alice", "valid"), url.Values{})
	if off.StatusCode != http.StatusBadRequest {
		t.Errorf("a pool without threat protection: %d %s", off.StatusCode, off.text)
	}
}
