package federation_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/userpool"
)

// TestOtherBrowsersAnswer: an answer counts in the browser that asked, so that nobody
// can sign somebody else in as themselves; and it is still good there.
func TestOtherBrowsersAnswer(t *testing.T) {
	h := open(t)
	mine, theirs := h.tab(), h.tab()
	state := mine.depart("acme")
	theirs.refused(theirs.back(state, "by=acme", "who=1"), http.StatusBadRequest)
	theirs.depart("acme") // it has a cookie of its own now
	theirs.refused(theirs.back(state, "by=acme", "who=1"), http.StatusBadRequest)
	theirs.refused(theirs.post("oauth2/idpresponse", form("state", state, "by=acme", "who=1")), http.StatusBadRequest)
	mine.signedIn(mine.back(state, "by=acme", "who=1"))
}

// TestReplayedState: a state counts once, whatever came of it.
func TestReplayedState(t *testing.T) {
	h := open(t)
	b := h.tab()
	state := b.depart("acme")
	if q := b.app(b.back(state, "error=access_denied")); q.Get("error") != "access_denied" || q.Get("state") != "app state" {
		t.Error(q)
	}
	b.refused(b.back(state, "by=acme", "who=1"), http.StatusBadRequest)
	b.refused(b.back("", "by=acme", "who=1"), http.StatusBadRequest)
	b.refused(b.back("made-up", "by=acme", "who=1"), http.StatusBadRequest)
}

// TestMixUp: the answer of one provider is none of another, at neither callback.
func TestMixUp(t *testing.T) {
	h := open(t)
	b := h.tab()
	if q := b.app(b.back(b.depart("acme"), "by=zenith", "who=1")); q.Get("error") != "invalid_request" || q.Get("code") != "" {
		t.Error(q)
	}
	b.refused(b.post("saml2/idpresponse", form("RelayState", b.depart("acme"), "by=acme", "who=1", "SAMLResponse=x")), http.StatusBadRequest)
	b.refused(b.post("oauth2/idpresponse", form("state", b.depart("corp"), "by=corp", "who=1")), http.StatusBadRequest)
	b.refused(b.back(b.depart("corp"), "by=corp", "who=1"), http.StatusBadRequest)
}

// TestOtherPoolsState: a state of one pool is none of another.
func TestOtherPoolsState(t *testing.T) {
	h := open(t)
	other, err := h.Pools.CreatePool(t.Context(), userpool.NewPool("other"), nil)
	h.ok(err)
	b := h.tab()
	state := b.depart("acme")
	b.refused(b.get("/"+string(other.ID)+"/oauth2/idpresponse?"+form("state", state, "by=acme", "who=1").Encode()), http.StatusBadRequest)
}

// TestChangedMeanwhile: what was allowed when the provider was asked is asked again
// when it answers.
func TestChangedMeanwhile(t *testing.T) {
	for name, change := range map[string]func(h *house){
		"not the client's any more": func(h *house) {
			h.edit(func(c *userpool.Client) { c.IdentityProviders = []string{"zenith"} })
		},
		"deleted": func(h *house) { h.ok(h.Pools.DeleteProvider(h.Context(), h.pool.ID, "acme")) },
		"another of the name": func(h *house) {
			h.ok(h.Pools.DeleteProvider(h.Context(), h.pool.ID, "acme"))
			h.clock.Add(1000)
			h.provider("acme", userpool.ProviderOIDC, nil)
			h.edit(func(c *userpool.Client) { c.IdentityProviders = []string{"acme"} })
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t)
			b := h.tab()
			state := b.depart("acme")
			change(h)
			b.refused(b.back(state, "by=acme", "who=1"), http.StatusBadRequest)
		})
	}
	h := open(t)
	b := h.tab()
	state := b.depart("acme")
	h.edit(func(c *userpool.Client) { c.CallbackURLs = []string{"https://moved.example/"} })
	if p := b.back(state, "by=acme", "who=1"); !strings.Contains(p.to, "/error?") || h.users() != 0 {
		t.Error("the return address is not checked again:", p.to)
	}
}

// TestAnswersThatSayThingsTwice, or in two places, or in no text, are read by nobody.
func TestAnswersThatSayThingsTwice(t *testing.T) {
	h := open(t)
	b := h.tab()
	state := b.depart("acme")
	q := form("state", state, "by=acme", "who=1")
	q.Add("who", "2")
	b.refused(b.get(h.path("oauth2/idpresponse?"+q.Encode())), http.StatusBadRequest)
	b.refused(b.post("oauth2/idpresponse?state="+state, form("by", "acme", "who=1")), http.StatusBadRequest)
	b.refused(b.get(h.path("oauth2/idpresponse?state="+state+"&by=acme&who=%ff")), http.StatusBadRequest)
	b.refused(b.get(h.path("saml2/idpresponse?SAMLResponse=x&RelayState="+state)), http.StatusMethodNotAllowed)
	b.refused(b.do(http.MethodPut, h.path("oauth2/idpresponse"), q), http.StatusMethodNotAllowed)
}

func TestLargeAnswers(t *testing.T) {
	h := open(t)
	b := h.tab()
	state := b.depart("corp")
	f := form("RelayState", state, "by=corp", "who=1", "SAMLResponse="+strings.Repeat("+", 100_001))
	b.refused(b.post("saml2/idpresponse", f), http.StatusRequestEntityTooLarge)
	f.Set("SAMLResponse", strings.Repeat("+", 400_000))
	b.refused(b.post("saml2/idpresponse", f), http.StatusBadRequest)
	f.Set("SAMLResponse", strings.Repeat("+", 100_000))
	b.signedIn(b.post("saml2/idpresponse", f))
}

// initiate posts an answer that nobody asked for.
func (t *tab) initiate(relay url.Values) *page {
	t.Helper()
	return t.post("saml2/idpresponse", form("RelayState", relay.Encode(), "by=corp", "who=1", "SAMLResponse=x"))
}

func (h *house) relay(more ...string) url.Values {
	return form("identity_provider", "corp", append([]string{"client_id=" + string(h.client.ID), "redirect_uri=" + callback, "response_type=code", "scope=openid"}, more...)...)
}

// TestInitiatedByTheProvider: it must be allowed to, and can lead to nothing but a
// registered address of a client that has it.
func TestInitiatedByTheProvider(t *testing.T) {
	h := open(t)
	b := h.tab()
	b.refused(b.initiate(h.relay()), http.StatusBadRequest) // not allowed
	h.set("corp", func(p *userpool.Provider) { p.Details["IDPInit"], p.Identifiers = "true", []string{"corp-id"} })
	for name, relay := range map[string]url.Values{
		"another provider":     h.relay("identity_provider=acme"),
		"none":                 h.relay("identity_provider="),
		"unknown identifier":   h.relay("identity_provider=", "idp_identifier=corp"),
		"an address by itself": {"RelayState": {"https://evil.example/"}},
	} {
		t.Run(name, func(t *testing.T) { b.refused(b.initiate(relay), http.StatusBadRequest) })
	}
	for _, relay := range []string{"https://evil.example/", "", "x"} {
		b.refused(b.post("saml2/idpresponse", form("RelayState", relay, "by=corp", "who=1", "SAMLResponse=x")), http.StatusBadRequest)
	}
	if p := b.initiate(h.relay("redirect_uri=https://evil.example/")); !strings.Contains(p.to, "/error?") || h.users() != 0 {
		t.Error("led to an address that is not registered:", p.to)
	}
	if len(h.memos) != 0 {
		t.Error("an answer was judged that leads nowhere")
	}
	if q := b.app(b.initiate(h.relay("ph_signin=x", "prompt=none"))); q.Get("code") == "" || q.Has("state") {
		t.Error(q)
	}
	if h.memos[0] != nil {
		t.Error("it looks as if somebody had asked")
	}
	c := h.tab()
	if q := c.app(c.initiate(h.relay("identity_provider=", "idp_identifier=corp-id"))); q.Get("code") == "" {
		t.Error(q)
	}
	h.edit(func(c *userpool.Client) { c.IdentityProviders = []string{"acme"} })
	if p := h.tab().initiate(h.relay()); p.status != http.StatusBadRequest {
		t.Error("a client that does not have the provider:", p.status)
	}
}

// TestNothingOfAProviderIsShown: what it sent stays in the log.
func TestNothingOfAProviderIsShown(t *testing.T) {
	h := open(t)
	b := h.tab()
	p := b.back(b.depart("acme"), "error=<script>x", "error_description=call 555")
	if q := b.app(p); q.Get("error_description") != "The identity provider did not sign the user in." {
		t.Error(q)
	}
	h.set("acme", func(p *userpool.Provider) { p.Details["client_id"] = "broken" })
	if q := b.app(b.get(b.authorize("identity_provider=acme"))); q.Get("error") != "invalid_request" || q.Get("error_description") != "The identity provider could not be reached." {
		t.Error(q)
	}
}

// TestSameRules: what keeps a user of the pool out keeps them out here.
func TestDisabled(t *testing.T) {
	h := open(t)
	b := h.tab()
	b.signedIn(b.back(b.depart("acme"), "by=acme", "who=1"))
	h.ok(h.Pools.AdminSetEnabled(t.Context(), h.pool.ID, "acme_1", false))
	if q := b.app(b.back(b.depart("acme"), "by=acme", "who=1")); q.Get("error") != "invalid_request" || q.Get("error_description") != "User is disabled." {
		t.Error(q)
	}
}

// TestOneUseOfARefusal: the address that tells an app of a refusal does it once.
func TestOneUseOfARefusal(t *testing.T) {
	h := open(t)
	b := h.tab()
	p := b.back(b.depart("acme"), "error=x")
	if b.app(p).Get("error") != "access_denied" {
		t.Error("not told")
	}
	if again := b.walk(b.get(p.to)); !strings.HasPrefix(again.to, elsewhere) {
		t.Error("told twice:", again.to)
	}
}
