package login

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/userpool"
)

// Federation signs people in through identity providers. *federation.Handler does.
type Federation interface {
	// Speaks reports whether a provider of that type can be asked.
	Speaks(kind string) bool
	// Depart sends the browser to a provider, or ends the visit with why that cannot be.
	Depart(w http.ResponseWriter, r *http.Request, t *Trip) error
	// Waiting returns what waits for the proof of an account, in this browser; nil for
	// nothing.
	Waiting(r *http.Request, pool *userpool.Pool, token string) (*Waiting, error)
	// Link makes what waits one with the user who has just signed in.
	Link(r *http.Request, pool *userpool.Pool, c *userpool.Client, token string, u *userpool.User) (*idp.Upstream, error)
}

// A Trip is a sign-in that leads by a provider.
type Trip struct {
	Visit    *Visit
	Provider *userpool.Provider
	Force    bool   // the provider must not rely on an earlier sign-in
	Hint     string // whom the user claims to be; may be empty
	Locales  []string
}

// Waiting is somebody from a provider who seems to have an account here.
type Waiting struct{ Provider, Email string }

// providerParam is the parameter of the sign-in page by which its buttons lead to a
// provider; linkParam names what waits for a proof.
const (
	providerParam = "provider"
	linkParam     = "link"
)

// maxOffered bounds how many providers a page offers.
const maxOffered = 60

// ErrNoProvider is a provider that there is not, or not for the client.
var ErrNoProvider = errors.New("login: no such provider for this client")

// ChooseProvider is the provider that an authorization request asks for by name or by
// an identifier; nil where it asks for none, or for the pool itself. c is nil where no
// client asks: then every provider of the pool will do.
func (h *Handler) ChooseProvider(ctx context.Context, pool *userpool.Pool, c *userpool.Client, asked url.Values) (*userpool.Provider, error) {
	name, identifier := asked.Get("identity_provider"), asked.Get("idp_identifier")
	switch {
	case name == userpool.PoolProvider || name == "" && identifier == "":
		return nil, nil
	case name != "":
		p, err := h.Store.Provider(ctx, pool.ID, name)
		return h.reachable(c, p, err)
	}
	p, err := h.Store.ProviderByIdentifier(ctx, pool.ID, identifier)
	return h.reachable(c, p, err)
}

// reachable is a provider that the client admits and that can be asked.
func (h *Handler) reachable(c *userpool.Client, p *userpool.Provider, err error) (*userpool.Provider, error) {
	if errors.Is(err, userpool.ErrNotFound) {
		return nil, ErrNoProvider
	}
	if err == nil && (h.Federation == nil || !h.Federation.Speaks(p.Type) || c != nil && !c.Admits(p.Name)) {
		return nil, ErrNoProvider
	}
	return p, err
}

// offered providers of a visit are those that its client lists, in that order; all of
// the pool's where a Gate asks.
func (h *Handler) offeredProviders(ctx context.Context, v *visit) (list []*userpool.Provider, err error) {
	if h.Federation == nil {
		return nil, nil
	}
	if v.client == nil {
		list, _, err = h.Store.Providers(ctx, v.pool.ID, "", maxOffered)
		return slices.DeleteFunc(list, func(p *userpool.Provider) bool { return !h.Federation.Speaks(p.Type) }), err
	}
	names := v.client.IdentityProviders
	for _, name := range names[:min(len(names), maxOffered)] {
		if name == userpool.PoolProvider {
			continue
		}
		p, err := h.Store.Provider(ctx, v.pool.ID, name)
		switch p, err = h.reachable(v.client, p, err); {
		case errors.Is(err, ErrNoProvider):
			continue
		case err != nil:
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}

// depart sends the browser to the provider that the visit asks for, that a button of
// the page led to, or that is the only way in. gone says that it is on its way.
func (h *Handler) depart(w http.ResponseWriter, r *http.Request, v *visit) (gone bool, err error) {
	if h.Federation == nil || v.query.Has(linkParam) {
		return false, nil
	}
	asked := v.asked
	if name := r.URL.Query().Get(providerParam); name != "" {
		asked = url.Values{"identity_provider": {name}}
	}
	p, err := h.ChooseProvider(r.Context(), v.pool, v.client, asked)
	if errors.Is(err, ErrNoProvider) || err == nil && p == nil && !v.foreign() {
		return false, nil // the page says so
	}
	if err == nil && p == nil {
		list, err := h.offeredProviders(r.Context(), v)
		if err != nil || len(list) != 1 {
			return false, err
		}
		p = list[0]
	}
	if err != nil {
		return false, err
	}
	return true, h.Federation.Depart(w, r, &Trip{Visit: &Visit{v}, Provider: p, Force: v.wantsFresh(), Hint: v.hint(r), Locales: wanted(r)})
}

// wantsFresh reports whether who asked will not have an earlier sign-in, here or at a
// provider. How old one is at a provider nobody here knows, so a bound on it asks for a
// new one.
func (v *visit) wantsFresh() bool {
	if v.client != nil && v.client.OpenID.DefaultMaxAge != nil {
		return true
	}
	return v.asked.Has("max_age") || slices.Contains(strings.Fields(v.asked.Get("prompt")), "login")
}

// An upstreamView is a provider on the sign-in page.
type upstreamView struct{ Name, Address string }

// showUpstreams adds the providers to the sign-in page, and has it ask for the name
// first where that may lead to one.
func (h *Handler) showUpstreams(r *http.Request, v *visit, p *view) error {
	list, err := h.offeredProviders(r.Context(), v)
	if err != nil {
		return err
	}
	for _, u := range list {
		p.Upstreams = append(p.Upstreams, upstreamView{providerName(u), v.address("login", providerParam, u.Name)})
		p.NameFirst = p.NameFirst || slices.ContainsFunc(u.Identifiers, isDomain)
	}
	return nil
}

// providerNames are what people call the providers whose type says who they are.
var providerNames = map[string]string{"Facebook": "Facebook", "Google": "Google", "LoginWithAmazon": "Amazon", "SignInWithApple": "Apple"}

func providerName(p *userpool.Provider) string {
	if name, ok := providerNames[p.Type]; ok {
		return name
	}
	return p.Name
}

func isDomain(identifier string) bool { return strings.Contains(identifier, ".") }

// home sends somebody whose address is of a provider's domain to that provider. Of
// anybody else it tells nothing. The page that it answers with goes on by itself: a
// form's own redirects may lead to no other site.
func (h *Handler) home(w http.ResponseWriter, r *http.Request, v *visit, name string) (gone bool, err error) {
	at := strings.LastIndexByte(name, '@')
	if h.Federation == nil || at < 1 || v.query.Has(linkParam) {
		return false, nil
	}
	domain := strings.ToLower(name[at+1:])
	if !isDomain(domain) {
		return false, nil
	}
	p, err := h.Store.ProviderByIdentifier(r.Context(), v.pool.ID, domain)
	if p, err = h.reachable(v.client, p, err); errors.Is(err, ErrNoProvider) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, h.showGoing(w, r, v, providerName(p), v.address("login", providerParam, p.Name, "login_hint", name))
}
