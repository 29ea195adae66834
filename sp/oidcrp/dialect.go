package oidcrp

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/userpool"
)

// A dialect is how one kind of provider does what all of them do.
type dialect struct {
	// openid is set where the provider speaks OpenID Connect: it publishes a
	// discovery document and answers with an ID token, which holds the nonce.
	openid bool

	// details are the ProviderDetails that need not be given.
	details func(p *userpool.Provider) map[string]string

	// ask says in the provider's words what a sign-in should be like.
	ask func(q url.Values, a *sp.Ask)

	// profile reads who somebody is, beyond the ID token, and returns the
	// provider's unchanging identifier of the person.
	profile func(ctx context.Context, v *visit) (subject string, err error)

	// judge corrects what the claims say too much, and refuses who is not meant.
	judge func(v *visit, claims map[string][]string) error
}

// dialectOf finds the dialect that a provider speaks.
func dialectOf(p *userpool.Provider) (*dialect, error) {
	switch p.Type {
	case userpool.ProviderGoogle:
		return &google, nil
	case userpool.ProviderFacebook:
		return &facebook, nil
	case userpool.ProviderAmazon:
		return &amazon, nil
	case userpool.ProviderApple:
		return &apple, nil
	case userpool.ProviderOIDC:
		switch {
		case isGitHub(p):
			return &github, nil
		case isMicrosoft(p):
			return &microsoft, nil
		}
		return &generic, nil
	}
	return nil, fmt.Errorf("%w: a provider of the type %q", sp.ErrUnusable, p.Type)
}

// detailsOf are the ProviderDetails with those that need not be given.
func (d *dialect) detailsOf(p *userpool.Provider) map[string]string {
	details := d.details(p)
	for name, value := range p.Details {
		if value != "" {
			details[name] = value
		}
	}
	return details
}

// scopes are what a provider is asked for. Facebook's are written with commas.
func (d *dialect) scopes(p *userpool.Provider) []string {
	return strings.FieldsFunc(p.Details["authorize_scopes"], func(r rune) bool { return r == ' ' || r == ',' })
}

// generic is OpenID Connect as it is specified.
var generic = dialect{
	openid: true,
	details: func(*userpool.Provider) map[string]string {
		return map[string]string{"attributes_request_method": "GET", "attributes_url_add_attributes": "false"}
	},
	ask:     askOpenID,
	profile: userInfo,
	judge:   func(*visit, map[string][]string) error { return nil },
}

// askOpenID asks as OpenID Connect Core 1.0 section 3.1.2.1 says.
func askOpenID(q url.Values, a *sp.Ask) {
	if a.Force {
		q.Set("prompt", "login")
		q.Set("max_age", "0")
	}
	setUnlessEmpty(q, "login_hint", a.Hint)
	setUnlessEmpty(q, "ui_locales", strings.Join(a.Locales, " "))
}

func setUnlessEmpty(q url.Values, name, value string) {
	if value != "" {
		q.Set(name, value)
	}
}

// unverified says that the provider does not vouch for an address. It is said even
// where the provider says nothing, so that an older word of it does not stay.
func unverified(claims map[string][]string) {
	claims["email_verified"] = []string{"false"}
}

// admits reports whether people of a tenant may come.
func admits(p *userpool.Provider, tenant string) bool {
	tenants := p.Settings.OIDC.Tenants
	return len(tenants) == 0 || slices.ContainsFunc(tenants, func(t string) bool { return strings.EqualFold(t, tenant) })
}
