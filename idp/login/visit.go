package login

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/idp/pushed"
	"github.com/poolhouse/poolhouse/internal/ephemeral"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/userpool"
)

// A visit is what every page of a flow knows: the pool, and who the user is
// signing in for.
type visit struct {
	pool   *userpool.Pool
	client *userpool.Client // nil where a Gate asks
	query  url.Values       // carried from page to page
	asked  url.Values       // the authorization request, which the server may keep; empty where a Gate asks
	step   string           // of what is offered after a sign-in
	setUp  bool             // the user has just set up an authenticator app
}

// kept are the parameters of the authorize endpoint that the login pages carry.
var kept = []string{"response_type", "client_id", "redirect_uri", "state", "scope", "nonce", "code_challenge",
	"code_challenge_method", "dpop_jkt", "prompt", "max_age", "login_hint", "id_token_hint", "resource", "lang", "ui_locales", "acr_values",
	"claims", "claims_locales", "display", "authorization_details", "response_mode", "identity_provider", "idp_identifier", "request", "request_uri", "registration", linkParam}

// visit reads the request. A request whose client or return address is wrong is
// answered with the error page, and visit returns nil.
func (h *Handler) visit(w http.ResponseWriter, r *http.Request) (*visit, error) {
	return h.visitBy(w, r, r.URL.Query())
}

// visitBy is visit for a query that does not stand in the request.
func (h *Handler) visitBy(w http.ResponseWriter, r *http.Request, q url.Values) (*visit, error) {
	pool, err := h.Store.Pool(r.Context(), userpool.PoolID(r.PathValue("pool")))
	if err != nil {
		return nil, notPool(err)
	}
	if !web.IsText(q) {
		return nil, web.Fail(http.StatusBadRequest, "The request could not be read.", nil)
	}
	if token := q.Get(continueParam); token != "" {
		return h.visitForGate(r, pool, q, token)
	}
	client, err := h.Store.Client(r.Context(), userpool.ClientID(q.Get("client_id")))
	if errors.Is(err, userpool.ErrClientNotFound) || err == nil && client.Pool != pool.ID {
		toError(w, pool, "invalid_client", q.Get("client_id"))
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	asked, err := h.asked(r, client, q)
	if err != nil {
		return nil, err
	}
	if !client.OAuthEnabled || !idp.MatchRedirect(client.CallbackURLs, asked.Get("redirect_uri")) {
		toError(w, pool, "redirect_mismatch", string(client.ID))
		return nil, nil
	}
	web.AllowFormTarget(w.Header(), asked.Get("redirect_uri"))
	v := &visit{pool: pool, client: client, query: url.Values{}, asked: asked}
	for _, name := range kept {
		if q.Has(name) {
			v.query[name] = q[name]
		}
	}
	return v, nil
}

// asked is the authorization request of a visit: the query, or what the server keeps
// under the name that the query has.
func (h *Handler) asked(r *http.Request, c *userpool.Client, q url.Values) (url.Values, error) {
	name := q.Get("request_uri")
	if !pushed.IsVisit(name) {
		return q, nil
	}
	requests := &pushed.Store{Ephemeral: h.Ephemeral, Now: h.Now}
	kept, err := requests.Load(r.Context(), c.Pool, c.ID, name)
	if errors.Is(err, pushed.ErrNotFound) {
		return nil, web.Fail(http.StatusBadRequest, textSignInGone, err)
	}
	if err != nil {
		return nil, err
	}
	return kept.Params, nil
}

// notPool makes an unknown pool a page that there is not.
func notPool(err error) error {
	if errors.Is(err, userpool.ErrPoolNotFound) {
		return web.Fail(http.StatusNotFound, "There is no such page.", err)
	}
	return err
}

const textSignInGone = "This sign-in has expired. Go back to the app and start again."

func (h *Handler) visitForGate(r *http.Request, pool *userpool.Pool, q url.Values, token string) (*visit, error) {
	_, err := h.Ephemeral.Get(r.Context(), nsContinue, string(pool.ID)+"/"+token)
	if errors.Is(err, ephemeral.ErrNotFound) {
		return nil, web.Fail(http.StatusBadRequest, textSignInGone, err)
	}
	if err != nil {
		return nil, err
	}
	v := &visit{pool: pool, query: web.Languages(q)}
	v.query.Set(continueParam, token)
	if q.Has(linkParam) {
		v.query[linkParam] = q[linkParam]
	}
	return v, nil
}

// submitted is visit for a form: it checks the form's token too.
func (h *Handler) submitted(w http.ResponseWriter, r *http.Request) (*visit, error) {
	v, err := h.visit(w, r)
	if v == nil || err != nil {
		return nil, err
	}
	if err := h.Forms.Check(r, string(v.pool.ID)); err != nil {
		return nil, err
	}
	return v, h.limit(w, r, v)
}

// actor is the client that the page acts as. A page is open to everybody, so it
// hides who exists, whatever the app has chosen for its own calls. Where a Gate
// asks there is no app: then nothing is named but the pool.
func (v *visit) actor() *userpool.Client {
	actor := userpool.Client{Pool: v.pool.ID}
	if v.client != nil {
		actor = *v.client
	}
	actor.HideUserExistence, actor.Secret = true, ""
	actor.SessionLife = stepLife // sessions last as the pages do
	return &actor
}

// address is a page of this visit.
func (v *visit) address(page string, extra ...string) string {
	q := url.Values{}
	for name, values := range v.query {
		q[name] = values
	}
	for i := 0; i+1 < len(extra); i += 2 {
		q.Set(extra[i], extra[i+1])
	}
	return "/" + string(v.pool.ID) + "/" + page + "?" + q.Encode()
}

// wantsProof reports whether who asked may insist on a fresh sign-in.
func (v *visit) wantsProof() bool {
	if v.client == nil || v.client.OpenID.DefaultMaxAge != nil || len(v.client.OpenID.DefaultACR) > 0 {
		return true
	}
	return slices.ContainsFunc([]string{"prompt", "max_age", "id_token_hint", "acr_values", "claims"}, v.asked.Has)
}

// seeOther sends the browser on with GET. The address is ours: nothing resolves it.
func seeOther(w http.ResponseWriter, to string) {
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusSeeOther)
}

func toError(w http.ResponseWriter, pool *userpool.Pool, code, client string) {
	seeOther(w, "/"+string(pool.ID)+"/error?"+url.Values{"error": {code}, "client_id": {client}}.Encode())
}

// fold trims what people add by accident when they type a code.
func fold(code string) string { return strings.Join(strings.Fields(code), "") }
