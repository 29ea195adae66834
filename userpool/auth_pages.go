package userpool

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"
)

// A Passed is a sign-in on a page that has nothing left to prove.
type Passed struct {
	User  *User
	MFA   bool // a second factor was proved
	Both  bool // the first factor stood for both
	Known bool // the browser is a remembered device, and stood for the second factor
}

// Ways are the ways in which a sign-in on a page can begin. They are the pool's and
// the client's, and the same for everybody: who has which is not to be seen.
type Ways struct {
	Password bool
	Email    bool // a code by mail
	SMS      bool // a code by text message
	Passkey  bool
	Custom   bool // questions of the pool's functions
}

// Ways returns how people may begin to sign in to the pool. A client that does not
// allow USER_AUTH takes passwords, as in managed login. Functions ask their questions
// where a client allows CUSTOM_AUTH by name, and in place of the password where it
// allows nothing else. c is nil where no app asks.
func (a *Auth) Ways(p *Pool, c *Client) Ways {
	w := Ways{Password: true}
	if c == nil || c.ID == "" || c.enabled(flowChoice) {
		w.Password = p.allowsFirst(challengePassword)
		if p.requireTier(TierEssentials, "") == nil {
			w.Email = p.passwordless() && p.allowsFirst(challengeEmailOTP)
			w.SMS = p.passwordless() && p.allowsFirst(challengeSMSOTP)
			party, err := p.relyingParty(a.Tokens.Issuer(p.ID))
			w.Passkey = p.takesPasskeys() && err == nil && party != ""
		}
	}
	if c == nil || !p.CustomAuth() {
		return w
	}
	flows := c.ExplicitAuthFlows
	alone := slices.Contains(flows, "CUSTOM_AUTH_FLOW_ONLY")
	w.Custom = alone || slices.Contains(flows, "ALLOW_CUSTOM_AUTH")
	others := func(f string) bool {
		return f != "ALLOW_CUSTOM_AUTH" && f != "ALLOW_REFRESH_TOKEN_AUTH" && strings.HasPrefix(f, "ALLOW_")
	}
	if alone || w.Custom && !slices.ContainsFunc(flows, others) {
		w.Password = false
	}
	return w
}

// Begin starts a sign-in on a page: a code that stands for the password, by its
// challenge, or the questions of CUSTOM_AUTH. It ends in Step.Passed, for Finish, and
// never in tokens. The client acts for the page: it needs no secret hash.
func (a *Auth) Begin(ctx context.Context, p *Pool, c *Client, name, challenge string) (*Step, error) {
	if name == "" || utf8.RuneCountInString(name) > maxTyped {
		return nil, invalid("USERNAME has 1 to %d characters.", maxTyped)
	}
	w, in := a.Ways(p, c), map[string]string{"USERNAME": name}
	switch {
	case challenge == challengeEmailOTP && w.Email, challenge == challengeSMSOTP && w.SMS:
		in["PREFERRED_CHALLENGE"] = challenge
		return a.initiateChoice(onPage(ctx), c.forPage(), in, "")
	case challenge == challengeCustom && w.Custom:
		return a.initiateCustom(onPage(ctx), c.forPage(), in)
	}
	return nil, errNoFirstFactor
}

// Reply answers a challenge of Begin, or of a former Reply.
func (a *Auth) Reply(ctx context.Context, c *Client, name string, ch *Challenge, answer string) (*Step, error) {
	in := map[string]string{"USERNAME": name}
	switch ch.Name {
	case challengeEmailOTP, challengeSMSOTP:
		in[ch.Name+"_CODE"] = answer
		return a.respondFirst(onPage(ctx), c.forPage(), ch.Name, in, ch.Session)
	case challengeCustom:
		in["ANSWER"] = answer
		return a.respondCustom(onPage(ctx), c.forPage(), in, ch.Session)
	}
	return nil, notImplemented(ch.Name + " challenge")
}

func onPage(ctx context.Context) context.Context {
	return context.WithValue(ctx, arrivalKey{}, arrival{page: true})
}

// forPage returns c as a page acts for it.
func (c *Client) forPage() *Client {
	page := *c
	page.Secret, page.HideUserExistence = "", true
	return &page
}
