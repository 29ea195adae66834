package oidcop

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/ory/fosite"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/idp/browser"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/userpool"
)

// authorize is the authorization endpoint.
func (h *Handler) authorize(w http.ResponseWriter, r *http.Request) error {
	pool, err := h.pool(r)
	if err != nil {
		return err
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodPost:
		return h.authorizeByGet(w, r)
	default:
		return web.Fail(http.StatusMethodNotAllowed, "This address does not answer such a request.", nil)
	}
	req, err := h.receive(r.Context(), pool, r.URL.Query())
	if err != nil {
		return refuse(w, pool.ID, r.URL.Query().Get("client_id"), err)
	}
	return h.conclude(w, r, req, h.answer(w, r, req))
}

// conclude tells the app what went wrong, if anything did, or the user where the app
// must not hear of it.
func (h *Handler) conclude(w http.ResponseWriter, r *http.Request, req *request, err error) error {
	if page := (*web.Error)(nil); err == nil || errors.As(err, &page) {
		return err
	}
	if u := (*untrusted)(nil); errors.As(err, &u) {
		return refuse(w, req.pool.ID, string(req.client.ID), err)
	}
	e, ok := publicError(err)
	if !ok {
		h.Log.ErrorContext(r.Context(), "authorize failed", "pool", req.pool.ID, "client", req.client.ID, "error", err)
	}
	h.recordAuthorize(r, req, nil, e.Code)
	return h.deliver(w, r, req, e.values())
}

// recordAuthorize has the event log remember what the app is answered.
func (h *Handler) recordAuthorize(r *http.Request, req *request, cur *browser.Current, code string) {
	e := idp.Event{Name: idp.EventAuthorize, Pool: req.pool.ID, Client: req.client.ID, Address: web.RemoteIP(r), UserAgent: r.UserAgent(), Error: code}
	if cur != nil {
		e.Username = cur.User.Username
		e.By(cur.Session)
	}
	h.Browser.Sessions.Record(r.Context(), e)
}

// authorizeByGet turns a POST into a GET. A cross-site POST comes without our
// Lax cookie; the redirect is a navigation, and brings it.
func (h *Handler) authorizeByGet(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return web.Fail(http.StatusBadRequest, "The request could not be read.", err)
	}
	w.Header().Set("Location", r.URL.Path+"?"+r.PostForm.Encode())
	w.WriteHeader(http.StatusSeeOther)
	return nil
}

// refuse leads to the error page of a request that may be answered nowhere else.
func refuse(w http.ResponseWriter, pool userpool.PoolID, client string, err error) error {
	var u *untrusted
	if !errors.As(err, &u) {
		return err
	}
	w.Header().Set("Location", "/"+string(pool)+"/error?"+url.Values{"error": {u.code}, "client_id": {client}}.Encode())
	w.WriteHeader(http.StatusFound)
	return nil
}

// errSignIn says that the user must go to the sign-in page first.
var errSignIn = errors.New("oidcop: a sign-in is needed")

// answer signs the user in where needed, then issues what the app asked for.
func (h *Handler) answer(w http.ResponseWriter, r *http.Request, req *request) error {
	if err := h.parse(r.Context(), req); err != nil {
		return req.wrong(err)
	}
	refusal, err := h.Gate.Refusal(r, req.client)
	if err != nil {
		return err
	}
	if refusal != nil {
		return oauthFail(refusal.Code, refusal.Description)
	}
	cur, err := h.session(r, req)
	if errors.Is(err, errSignIn) {
		if req.asks("none") {
			return oauthFail("login_required", "")
		}
		return h.toLogin(w, r, req)
	}
	if err != nil {
		return err
	}
	ask, err := h.mustAsk(r.Context(), req, cur)
	if err != nil {
		return err
	}
	if ask {
		return h.ask(w, r, req, cur)
	}
	return h.issue(w, r, req, cur)
}

// wrong decides who hears of a request that is wrong. Anybody can register a client,
// and have a link to this server end at a page of theirs by an error: such a client
// hears only of what happens once its request is good (RFC 9700 section 4.11.2).
func (req *request) wrong(err error) error {
	e, ok := publicError(err)
	if !ok || !req.client.OpenID.Registered {
		return err
	}
	return &untrusted{e.Code}
}

// session returns a session that satisfies the request, or errSignIn. A sign-in that
// was made for this very visit is as fresh, and as strong, as one can be had.
func (h *Handler) session(r *http.Request, req *request) (*browser.Current, error) {
	cur, err := h.Gate.Current(r, req.pool, true) // spends the proof of a fresh sign-in
	fresh := err == nil
	if errors.Is(err, idp.ErrSessionNotFound) {
		cur, err = h.Gate.Current(r, req.pool, false)
	}
	if errors.Is(err, idp.ErrSessionNotFound) {
		return nil, errSignIn
	}
	if err != nil {
		return nil, err
	}
	if !req.client.Admits(cur.Session.Provider()) { // it was made for another client
		return nil, errSignIn
	}
	right, err := h.isFor(r.Context(), req, cur.Session.Sub)
	switch {
	case err != nil:
		return nil, err
	case !fresh && !(right && req.satisfiedBy(cur.Session, h.Now())):
		return nil, errSignIn
	case !right:
		return nil, oauthFail("login_required", "Another user is signed in.")
	}
	return cur, h.checkACR(req, cur, fresh)
}

// checkACR asks for a stronger sign-in where the user can give one. If not, the app
// learns what was reached; one that cannot do without is told so (OpenID Connect Core
// Error Code unmet_authentication_requirements 1.0).
func (h *Handler) checkACR(req *request, cur *browser.Current, fresh bool) error {
	_, met := idp.ChooseACR(cur.Session.Methods, req.acr.values)
	switch {
	case met:
		return nil
	case !fresh && !req.asks("none") && req.couldStepUp(cur.Session, cur.User):
		return errSignIn
	case req.acr.essential:
		return oauthFail("unmet_authentication_requirements", "The user cannot sign in as the app requires.")
	}
	return nil
}

// toLogin leads to the login page, or that of new users, with the same parameters, as
// Cognito does. Where they were signed or pushed the browser gets a name for them, and
// cannot change any.
func (h *Handler) toLogin(w http.ResponseWriter, r *http.Request, req *request) error {
	params, err := h.carried(r.Context(), req)
	if err != nil {
		return err
	}
	page := "login"
	if req.asks("create") && !req.pool.AllowAdminCreateOnly {
		page = "signup"
	}
	w.Header().Set("Location", "/"+string(req.pool.ID)+"/"+page+"?"+params.Encode())
	w.WriteHeader(http.StatusFound)
	return nil
}

// issue lets fosite issue what the app asked for, and sends it there.
func (h *Handler) issue(w http.ResponseWriter, r *http.Request, req *request, cur *browser.Current) error {
	if err := h.use(r.Context(), req); err != nil {
		return err
	}
	if err := h.SignOut.Join(r.Context(), req.client, cur.Session); err != nil {
		return err
	}
	ex := h.exchange(req.pool)
	ex.app = &app{Client: req.client, redirectURI: req.redirectURI, scopes: req.scopes}
	ex.kind, ex.user = req.kind, cur.User
	provider := ex.provider()
	ar, err := provider.NewAuthorizeRequest(r.Context(), req.forFosite())
	if err != nil {
		return err
	}
	resp, err := provider.NewAuthorizeResponse(r.Context(), ar, &session{grant: h.grantOf(req, cur.Session)})
	if err != nil {
		return err
	}
	values := answerOf(resp)
	h.addSessionState(values, req, cur.Session)
	h.recordAuthorize(r, req, cur, "")
	return h.deliver(w, r, req, values)
}

// grantOf is what the user of a session lets the app have.
func (h *Handler) grantOf(req *request, s *idp.Session) *idp.Grant {
	life := idp.CodeLife
	if req.pool.Strict || req.client.OpenID.FAPI {
		life = idp.CodeLifeStrict
	}
	now := h.Now().UTC()
	g := &idp.Grant{
		Pool: req.pool.ID, Client: req.client.ID, Sub: s.Sub, Session: s.ID, Scopes: req.scopes,
		Nonce: req.params.Get("nonce"), AuthTime: s.AuthTime, Challenge: req.challenge,
		RedirectURI: req.redirectURI, Created: now, Expires: now.Add(life),
		Particulars: userpool.Particulars{SessionID: s.SID(req.client.ID), ACR: req.statedACR(s), Methods: s.Methods,
			Offline: slices.Contains(req.scopes, userpool.ScopeOffline), Confirmation: req.confirmation()},
	}
	g.Particulars.Details = req.details
	if g.Particulars.Resources = req.resources; len(req.resources) == 1 {
		g.Resource, g.Particulars.Resources = req.resources[0], nil
	}
	if req.claims != nil {
		g.Particulars.Claims = json.RawMessage(req.params.Get("claims"))
	}
	return g
}

// forFosite is the request with only what was validated in it. state stays with
// us: fosite refuses one of fewer than eight characters and cannot be told not to
// (F5), but Cognito's apps may send a short one or none.
func (req *request) forFosite() *http.Request {
	form := url.Values{"client_id": {string(req.client.ID)}, "redirect_uri": {req.redirectURI},
		"response_type": {req.kind.String()}, "scope": {joinScopes(req.scopes)}, "state": {"kept at the edge"}}
	if req.challenge != "" {
		form.Set("code_challenge", req.challenge)
		form.Set("code_challenge_method", "S256")
	}
	return &http.Request{Method: http.MethodGet, URL: &url.URL{}, Header: http.Header{}, Form: form, PostForm: url.Values{}}
}

var _ fosite.Session = (*session)(nil)
