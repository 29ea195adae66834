package oidcop

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/idp/browser"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/userpool"
)

// A logoutRequest asks for the end of the browser's session at a pool. The browser
// is sent on only to where a client has registered, and only for who proved to be
// that client: by Cognito's parameters, or by an ID token.
type logoutRequest struct {
	pool   *userpool.Pool
	params url.Values
	client *userpool.Client   // nil where nobody says who asks
	hint   *userpool.IDClaims // nil without, or with one that is not ours
	proved bool               // Cognito's client_id and logout_uri, which it takes for proof
	target string             // where to go afterwards; empty is our own page
}

// logout is the endpoint of OpenID Connect RP-Initiated Logout 1.0, and Cognito's,
// with logout_uri or with a new sign-in to go on to.
func (h *Handler) logout(w http.ResponseWriter, r *http.Request) error {
	pool, err := h.pool(r)
	if err != nil {
		return err
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodPost:
		return h.logoutByGet(w, r, pool)
	default:
		return web.Fail(http.StatusMethodNotAllowed, "This address does not answer such a request.", nil)
	}
	params, err := h.logoutParams(r, pool)
	if err != nil {
		return err
	}
	req, err := h.readLogout(r.Context(), pool, params)
	if err != nil {
		return refuse(w, pool.ID, params.Get("client_id"), err)
	}
	cur, err := h.Browser.Current(r, pool.ID)
	if err != nil && !errors.Is(err, idp.ErrSessionNotFound) {
		return err
	}
	if cur != nil && !req.certain(cur) {
		return h.askLogout(w, r, req)
	}
	return h.endSession(w, r, pool, req.ending())
}

// readLogout decides who asks, and where the browser may go.
func (h *Handler) readLogout(ctx context.Context, pool *userpool.Pool, params url.Values) (*logoutRequest, error) {
	if checkSingle(params) != nil {
		return nil, &untrusted{"invalid_request"}
	}
	req := &logoutRequest{pool: pool, params: params}
	if params.Get("logout_uri") != "" || params.Get("redirect_uri") != "" {
		return req, h.readCognitoLogout(ctx, req)
	}
	return req, h.readStandardLogout(ctx, req)
}

// readCognitoLogout reads client_id with logout_uri, or with the redirect_uri of a
// new sign-in; logout_uri wins.
func (h *Handler) readCognitoLogout(ctx context.Context, req *logoutRequest) (err error) {
	req.client, err = h.client(ctx, req.pool, req.params.Get("client_id"))
	if errors.Is(err, userpool.ErrClientNotFound) {
		return &untrusted{"invalid_client"}
	}
	if err != nil {
		return err
	}
	req.proved = !req.pool.Strict
	if to := req.params.Get("logout_uri"); to != "" {
		req.target, err = registeredLogout(req.client, to)
		return err
	}
	if !idp.MatchRedirect(req.client.CallbackURLs, req.params.Get("redirect_uri")) {
		return &untrusted{"redirect_mismatch"}
	}
	req.target = "/" + string(req.pool.ID) + "/login?" + req.params.Encode()
	return nil
}

// readStandardLogout reads the hint. Without one, or with one that none of our keys
// signed, the browser goes nowhere, whatever else the request says (section 3).
func (h *Handler) readStandardLogout(ctx context.Context, req *logoutRequest) (err error) {
	id := req.params.Get("client_id")
	if raw := req.params.Get("id_token_hint"); raw != "" {
		req.hint, err = h.Tokens.IDHint(ctx, req.pool.ID, raw)
		if err != nil && !errors.Is(err, userpool.ErrNotAuthorized) {
			return err
		}
	}
	if req.hint != nil {
		if id != "" && id != string(req.hint.Client) {
			return &untrusted{"invalid_request"}
		}
		id = string(req.hint.Client)
	}
	req.client, err = h.client(ctx, req.pool, id)
	if errors.Is(err, userpool.ErrClientNotFound) {
		return nil // who asks is not known, or gone
	}
	to := req.params.Get("post_logout_redirect_uri")
	if err != nil || req.hint == nil || to == "" {
		return err
	}
	if req.target, err = registeredLogout(req.client, to); err == nil && req.params.Get("state") != "" {
		req.target = withQuery(req.target, url.Values{"state": req.params["state"]})
	}
	return err
}

// registeredLogout returns an address that the client has registered to the letter.
func registeredLogout(c *userpool.Client, to string) (string, error) {
	if !slices.Contains(c.LogoutURLs, to) || !idp.WellFormedRedirect(to) {
		return "", &untrusted{"redirect_mismatch"}
	}
	return to, nil
}

// certain reports whether the request is about this very session: then nobody needs
// to be asked. Any other may be another site's trick, or an app's mistake.
func (q *logoutRequest) certain(cur *browser.Current) bool {
	return q.proved || q.hint != nil && q.hint.SessionID == cur.Session.SID(q.hint.Client)
}
