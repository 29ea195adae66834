package federation

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/idp/login"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/userpool"
)

// skew is how far a provider's clock may be behind ours.
const skew = 3 * time.Minute

// methodFederated says that a provider has signed somebody in, as Microsoft's tokens
// say it; RFC 8176 has no word for it.
const methodFederated = "fed"

var errUnread = web.Fail(http.StatusBadRequest, "The request could not be read.", nil)

// oauthAnswer takes the answer of a provider that speaks OAuth 2.0: by the address or,
// as Apple does, by a form.
func (h *Handler) oauthAnswer(w http.ResponseWriter, r *http.Request) error {
	form, err := answerOf(r, r.Method == http.MethodGet || r.Method == http.MethodPost)
	if err != nil {
		return err
	}
	return h.answer(w, r, form, form.Get("state"), false)
}

// samlAnswer takes the answer of a provider that speaks SAML, to a question of ours or
// to none.
func (h *Handler) samlAnswer(w http.ResponseWriter, r *http.Request) error {
	form, err := answerOf(r, r.Method == http.MethodPost)
	if err != nil {
		return err
	}
	if len(form.Get("SAMLResponse")) > maxSAMLResponse {
		return web.Fail(http.StatusRequestEntityTooLarge, "The request was too large.", nil)
	}
	if target, ok := initiated(form.Get("RelayState")); ok {
		return h.unasked(w, r, form, target)
	}
	return h.answer(w, r, form, form.Get("RelayState"), true)
}

// answerOf reads an answer: the form of a POST, or the query. Nothing is read of both,
// and a parameter that comes twice is read by nobody.
func answerOf(r *http.Request, allowed bool) (url.Values, error) {
	if !allowed {
		return nil, web.Fail(http.StatusMethodNotAllowed, "This address does not answer such a request.", nil)
	}
	if err := r.ParseForm(); err != nil {
		return nil, web.Fail(http.StatusBadRequest, "The request could not be read.", err)
	}
	form := r.Form
	if r.Method == http.MethodPost {
		form = r.PostForm
	}
	for _, values := range form {
		if len(values) != 1 {
			return nil, errUnread
		}
	}
	if !web.IsText(form) {
		return nil, errUnread
	}
	return form, nil
}

// answer judges the answer to a question.
func (h *Handler) answer(w http.ResponseWriter, r *http.Request, form url.Values, state string, saml bool) error {
	if err := h.limit(w, r); err != nil {
		return err
	}
	var q asked
	if err := take(h, r, nsAsked, state, &q); err != nil {
		return err
	}
	visit, provider, err := h.resume(w, r, &q.pin)
	if visit == nil || err != nil {
		return err
	}
	if (provider.Type == userpool.ProviderSAML) != saml {
		return errGone
	}
	a, err := h.Service.Arrive(h.Pages.Origin(r), &sp.Answer{Provider: provider, Memo: orEmpty(q.Memo), Query: r.URL.RawQuery, Form: form})
	if err == nil && q.Force && !a.At.IsZero() && a.At.Before(q.At.Add(-skew)) {
		err = fmt.Errorf("%w: it relies on a sign-in of %s", sp.ErrInvalid, a.At)
	}
	if err != nil {
		return h.fail(w, r, visit, provider, err)
	}
	return h.receive(w, r, visit, provider, &q.pin, a)
}

// orEmpty keeps a memo of nothing apart from none: nobody asked.
func orEmpty(memo []byte) []byte {
	if memo == nil {
		return []byte{}
	}
	return memo
}

// receive goes on with an arrival. One that was posted, by another site and so without
// our cookies, is kept until the browser is back on a page of ours.
func (h *Handler) receive(w http.ResponseWriter, r *http.Request, visit *login.Visit, provider *userpool.Provider, p *pin, a *sp.Arrival) error {
	if r.Method == http.MethodGet {
		return h.complete(w, r, visit, provider, p, a)
	}
	ticket, err := h.put(r.Context(), nsArrived, visit.Pool().ID, arrived{*p, keep(a)}, arrivedLife)
	if err != nil {
		return err
	}
	return h.Pages.GoOn(w, r, visit, "/"+string(visit.Pool().ID)+"/federation/arrived?"+url.Values{"ticket": {ticket}}.Encode())
}

// arrived is where a posted answer leads.
func (h *Handler) arrived(w http.ResponseWriter, r *http.Request) error {
	var here arrived
	if err := take(h, r, nsArrived, r.URL.Query().Get("ticket"), &here); err != nil {
		return err
	}
	visit, provider, err := h.resume(w, r, &here.pin)
	if visit == nil || err != nil {
		return err
	}
	return h.complete(w, r, visit, provider, &here.pin, here.Arrival.restored())
}

// complete signs in whom a provider vouches for.
func (h *Handler) complete(w http.ResponseWriter, r *http.Request, visit *login.Visit, provider *userpool.Provider, p *pin, a *sp.Arrival) error {
	out, err := h.Service.SignIn(h.Pages.Origin(r), visit.Pool(), visit.Actor(), provider, a)
	if err != nil {
		return h.fail(w, r, visit, provider, err)
	}
	if out.Proof != nil {
		return h.askProof(w, r, visit, p, out)
	}
	err = h.Pages.Enter(w, r, visit, out.User, upstreamOf(provider, a), methodFederated)
	if errors.Is(err, idp.ErrUpstreamSession) {
		return h.fail(w, r, visit, provider, fmt.Errorf("%w: %w", sp.ErrInvalid, err))
	}
	return err
}

func upstreamOf(p *userpool.Provider, a *sp.Arrival) *idp.Upstream {
	return &idp.Upstream{Provider: p.Name, Session: a.Session, Ends: a.Ends}
}
