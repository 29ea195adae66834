package login

import (
	"context"
	"encoding/json"
	"errors"
	"html/template"
	"net/http"
	"net/url"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/internal/ephemeral"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/userpool"
)

// A Visit is a sign-in that leads by another room, and comes back to the pages.
type Visit struct{ v *visit }

// Pool is where somebody signs in.
func (v *Visit) Pool() *userpool.Pool { return v.v.pool }

// Client is the app that it is for, nil where a Gate asks.
func (v *Visit) Client() *userpool.Client { return v.v.client }

// Actor is the client that the pool's functions and rules are told of. It is never nil.
func (v *Visit) Actor() *userpool.Client { return v.v.actor() }

// Query is what the visit can be found again by, see Handler.Revisit.
func (v *Visit) Query() url.Values { return v.v.query }

// Admits reports whether users of a provider may sign in to the app. A Gate admits all
// of the pool.
func (v *Visit) Admits(p *userpool.Provider) bool {
	return v.v.client == nil || v.v.client.Admits(p.Name)
}

// Revisit finds a visit by its query, and checks it as any request. Where the client or
// the return address is wrong it answers with the error page and returns nil.
func (h *Handler) Revisit(w http.ResponseWriter, r *http.Request, query url.Values) (*Visit, error) {
	v, err := h.visitBy(w, r, query)
	if v == nil || err != nil {
		return nil, err
	}
	return &Visit{v}, nil
}

// Origin is the context of a request, for what the pool writes down of it.
func (h *Handler) Origin(r *http.Request) context.Context { return h.origin(r) }

// Enter starts the session of somebody whom a provider vouches for, and sends the
// browser to what the visit was for.
func (h *Handler) Enter(w http.ResponseWriter, r *http.Request, visit *Visit, user *userpool.User, from *idp.Upstream, methods ...string) error {
	to, err := h.enter(w, r, visit.v, user, from, methods...)
	if err != nil {
		return err
	}
	seeOther(w, to)
	return nil
}

// enter starts a session and returns where it leads.
func (h *Handler) enter(w http.ResponseWriter, r *http.Request, v *visit, user *userpool.User, from *idp.Upstream, methods ...string) (string, error) {
	to, err := h.destination(r, v)
	if err != nil {
		return "", err
	}
	sess, err := h.Browser.SignInFrom(w, r, user, from, methods...)
	if err != nil || !v.wantsProof() {
		return to, err
	}
	return h.Gate.returnFrom(r, sess, to)
}

// ToProof sends the browser to sign in here, as the owner of an account that what waits
// under token is to be linked to.
func (h *Handler) ToProof(w http.ResponseWriter, visit *Visit, token string) {
	seeOther(w, visit.v.address("login", linkParam, token))
}

// showGoing answers with a page that goes on to an address by itself.
func (h *Handler) showGoing(w http.ResponseWriter, r *http.Request, v *visit, provider, to string) error {
	p := h.view(w, r, v, "going.title")
	p.page = "login"          // in another language too: the answer that led here counts once
	p.Next = template.URL(to) // of a page of ours
	p.Detail = p.T("going.back")
	if provider != "" {
		p.Detail = p.T("going.to", "provider", provider)
	}
	return h.Pages.Render(w, http.StatusOK, "going.html", p)
}

// GoOn leads from a POST of another site to an address of ours: by a page, since a
// redirect would still count as the other site's doing.
func (h *Handler) GoOn(w http.ResponseWriter, r *http.Request, visit *Visit, to string) error {
	if r.Method == http.MethodPost {
		return h.showGoing(w, r, visit.v, "", to)
	}
	seeOther(w, to)
	return nil
}

const (
	refusalParam = "ph_refusal" // of the authorize endpoint: the sign-in came to nothing
	nsRefusal    = "login-refusal"
)

// A Refusal is what an app is told of a sign-in that came to nothing elsewhere.
type Refusal struct {
	Client            userpool.ClientID
	Code, Description string // of OAuth 2.0
}

// Refuse ends a visit: the app hears of it by the authorize endpoint, which knows how
// it wants its answers. Where no app asks, the person does.
func (h *Handler) Refuse(w http.ResponseWriter, r *http.Request, visit *Visit, refusal Refusal, key string, pairs ...string) error {
	v := visit.v
	if v.client == nil {
		p := h.view(w, r, v, "error.title")
		p.Error, p.Again = p.T(key, pairs...), v.address("login")
		return h.Pages.Render(w, http.StatusBadRequest, "error.html", p)
	}
	refusal.Client = v.client.ID
	value, err := json.Marshal(refusal)
	if err != nil {
		return err
	}
	token := newToken()
	if err := h.Ephemeral.Put(r.Context(), nsRefusal, string(v.pool.ID)+"/"+token, value, h.Now().Add(proofLife)); err != nil {
		return err
	}
	return h.GoOn(w, r, visit, v.address("oauth2/authorize", refusalParam, token))
}

// Refusal returns why the sign-in that an authorization request follows came to
// nothing, once; nil where it did not.
func (g *Gate) Refusal(r *http.Request, c *userpool.Client) (*Refusal, error) {
	token := r.URL.Query().Get(refusalParam)
	if token == "" {
		return nil, nil
	}
	raw, err := g.Ephemeral.Take(r.Context(), nsRefusal, string(c.Pool)+"/"+token)
	if errors.Is(err, ephemeral.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	out := new(Refusal)
	if err := json.Unmarshal(raw, out); err != nil {
		return nil, err
	}
	if out.Client != c.ID {
		return nil, web.Fail(http.StatusBadRequest, textSignInGone, nil)
	}
	return out, nil
}
