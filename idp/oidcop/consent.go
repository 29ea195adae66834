package oidcop

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/poolhouse/poolhouse/idp/browser"
	"github.com/poolhouse/poolhouse/idp/consent"
	"github.com/poolhouse/poolhouse/idp/login"
	"github.com/poolhouse/poolhouse/internal/web"
)

// wish is what the user of a session is asked to let the app have.
func (h *Handler) wish(req *request, cur *browser.Current) *consent.Consent {
	c := &consent.Consent{Pool: req.pool.ID, Sub: cur.Session.Sub, Client: req.client.ID, Scopes: req.scopes,
		Resources: req.resources, Modified: h.Now().UTC()}
	if req.claims != nil {
		c.Claims = slices.Concat(slices.Collect(maps.Keys(req.claims.IDToken)), slices.Collect(maps.Keys(req.claims.UserInfo)))
		slices.Sort(c.Claims)
		c.Claims = slices.Compact(c.Claims)
	}
	return c
}

// mustAsk reports whether the user must be asked: where the app wants it, where it
// asks for something in words of its own (RFC 9396), and for clients that their
// pool's owner does not vouch for, unless all of it was allowed before.
func (h *Handler) mustAsk(ctx context.Context, req *request, cur *browser.Current) (bool, error) {
	o := &req.client.OpenID
	switch {
	case req.asks("consent") || len(req.details) > 0:
		return true, nil
	case !o.RequireConsent && !o.Registered:
		return false, nil
	}
	kept, err := h.Consents.Consent(ctx, req.pool.ID, cur.Session.Sub, req.client.ID)
	if errors.Is(err, consent.ErrNotFound) {
		return true, nil
	}
	return err == nil && !kept.Covers(h.wish(req, cur)), err
}

// A consentView is what the page reads.
type consentView struct {
	login.Frame
	App, User          string
	Scopes             []string // what the app gets, in words
	Details            []string // and in its own
	Registered         bool     // nobody vouches for the app
	Policy, Conditions string   // addresses, empty for none
	Ticket             string
	Answer             string // where the form leads
}

// ask shows what the app wants, and two buttons. The answer comes with a ticket: that
// this session was shown this very request.
func (h *Handler) ask(w http.ResponseWriter, r *http.Request, req *request, cur *browser.Current) error {
	if req.asks("none") {
		return oauthFail("consent_required", "The user must be asked.")
	}
	query, err := h.carried(r.Context(), req)
	if err != nil {
		return err
	}
	maps.Copy(query, web.Languages(r.URL.Query())) // which the reader has chosen here
	o, path := &req.client.OpenID, "/"+string(req.pool.ID)+"/oauth2/consent?"+query.Encode()
	v := &consentView{Frame: h.Hosted.Frame(w, web.WithQuery(r, query), req.pool, req.client, "consent.title"), App: req.client.Name, User: cur.User.Username,
		Details: req.shownDetails(), Registered: o.Registered, Policy: o.PolicyURI, Conditions: o.TermsURI,
		Ticket: h.ticket(req, cur.Session), Answer: path}
	v.Title = v.T("consent.title", "app", v.App)
	if v.Scopes, err = h.scopesInWords(r.Context(), &v.Frame, req); err != nil {
		return err
	}
	web.AllowFormTarget(w.Header(), req.redirectURI)
	return h.Hosted.Pages.Render(w, http.StatusOK, "consent.html", v)
}

// decide takes the answer. The request is read once more, from where it was read
// before, and must be the one that the ticket is for.
func (h *Handler) decide(w http.ResponseWriter, r *http.Request) error {
	pool, err := h.pool(r)
	if err != nil {
		return err
	}
	if err := h.Hosted.Forms.Check(r, string(pool.ID)); err != nil {
		return err
	}
	req, err := h.receive(r.Context(), pool, r.URL.Query())
	if err != nil {
		return refuse(w, pool.ID, r.URL.Query().Get("client_id"), err)
	}
	return h.conclude(w, r, req, h.decided(w, r, req))
}

// decided issues what was allowed, or says that it was not.
func (h *Handler) decided(w http.ResponseWriter, r *http.Request, req *request) error {
	if err := h.parse(r.Context(), req); err != nil {
		return req.wrong(err)
	}
	cur, err := h.Gate.Current(r, req.pool, false)
	if err != nil {
		return over(err)
	}
	if err := h.spend(r.Context(), req, cur.Session, r.PostForm.Get("ticket")); err != nil {
		return over(err)
	}
	if r.PostForm.Get("decision") != "allow" {
		if err := h.use(r.Context(), req); err != nil {
			return err
		}
		return oauthFail("access_denied", "The user has refused.")
	}
	if err := h.Consents.Allow(r.Context(), h.wish(req, cur)); err != nil {
		return err
	}
	return h.issue(w, r, req, cur)
}

// lasting are the parameters without what is good for one visit.
func (req *request) lasting() url.Values {
	params := maps.Clone(req.params)
	params.Del("ph_signin")
	return params
}

// carried is the query that leads back to a request: its parameters, or the name under
// which they are kept.
func (h *Handler) carried(ctx context.Context, req *request) (url.Values, error) {
	if req.kept == nil {
		return req.lasting(), nil
	}
	if err := h.Requests.Visit(ctx, req.pool.ID, req.kept); err != nil {
		return nil, err
	}
	params := url.Values{"client_id": {string(req.client.ID)}, "request_uri": {req.kept.Name()}}
	maps.Copy(params, web.Languages(req.params))
	return params, nil
}

// scopesInWords says what the scopes and claims of a request allow.
func (h *Handler) scopesInWords(ctx context.Context, f *login.Frame, req *request) ([]string, error) {
	if !slices.ContainsFunc(req.scopes, isCustom) {
		return f.Scopes(nil, req.scopes), nil
	}
	apis, err := h.Store.ResourceServers(ctx, req.pool.ID)
	return f.Scopes(apis, req.scopes), err
}
