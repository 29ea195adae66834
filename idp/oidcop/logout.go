package oidcop

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/userpool"
)

// logout ends the browser's session at the pool. It is Cognito's endpoint, with
// logout_uri or with a new sign-in to go on to, and the one of OpenID Connect
// RP-Initiated Logout 1.0, with post_logout_redirect_uri. The browser is sent on
// only to where a client has registered.
func (h *Handler) logout(w http.ResponseWriter, r *http.Request) error {
	pool, err := h.pool(r)
	if err != nil {
		return err
	}
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		return web.Fail(http.StatusMethodNotAllowed, "This address does not answer such a request.", nil)
	}
	if err := r.ParseForm(); err != nil {
		return web.Fail(http.StatusBadRequest, "The request could not be read.", err)
	}
	next, err := h.afterLogout(r.Context(), pool, r.Form)
	if err != nil {
		return refuse(w, pool.ID, r.Form.Get("client_id"), err)
	}
	if err := h.Browser.SignOut(w, r, pool.ID); err != nil {
		return err
	}
	w.Header().Set("Location", next)
	w.WriteHeader(http.StatusFound)
	return nil
}

// afterLogout decides where the browser goes once it is signed out.
func (h *Handler) afterLogout(ctx context.Context, pool *userpool.Pool, form url.Values) (string, error) {
	if checkSingle(form) != nil {
		return "", &untrusted{"invalid_request"}
	}
	client, err := h.logoutClient(ctx, pool, form)
	if err != nil {
		return "", err
	}
	target := form.Get("logout_uri")
	if target == "" {
		target = form.Get("post_logout_redirect_uri")
	}
	switch {
	case target != "":
		if client == nil || !slices.Contains(client.LogoutURLs, target) || !idp.WellFormedRedirect(target) {
			return "", &untrusted{"redirect_mismatch"}
		}
		return withState(target, form), nil
	case form.Get("redirect_uri") != "":
		if client == nil || !idp.MatchRedirect(client.CallbackURLs, form.Get("redirect_uri")) {
			return "", &untrusted{"redirect_mismatch"}
		}
		form.Del("id_token_hint")
		return "/" + string(pool.ID) + "/login?" + form.Encode(), nil
	}
	return "/" + string(pool.ID) + "/signedout", nil
}

// logoutClient returns the client that asks, by client_id or by a hint that one of
// our keys signed. Both must agree. Nobody needs to ask: then it is nil.
func (h *Handler) logoutClient(ctx context.Context, pool *userpool.Pool, form url.Values) (*userpool.Client, error) {
	id := form.Get("client_id")
	if raw := form.Get("id_token_hint"); raw != "" {
		hint, err := h.Tokens.IDHint(ctx, pool.ID, raw)
		if errors.Is(err, userpool.ErrNotAuthorized) || err == nil && id != "" && id != string(hint.Client) {
			return nil, &untrusted{"invalid_request"}
		}
		if err != nil {
			return nil, err
		}
		id = string(hint.Client)
	} else if form.Get("post_logout_redirect_uri") != "" && pool.Strict {
		return nil, &untrusted{"invalid_request"} // who asks is proved by the hint only
	}
	if id == "" {
		return nil, nil
	}
	c, err := h.client(ctx, pool, id)
	if errors.Is(err, userpool.ErrClientNotFound) {
		return nil, &untrusted{"invalid_client"}
	}
	return c, err
}

// withState echoes state, which RP-Initiated Logout section 3 promises.
func withState(target string, form url.Values) string {
	state := form.Get("state")
	if state == "" || form.Get("logout_uri") != "" {
		return target
	}
	u, err := url.Parse(target)
	if err != nil {
		return target
	}
	q := u.Query()
	q.Set("state", state)
	u.RawQuery = q.Encode()
	return u.String()
}
