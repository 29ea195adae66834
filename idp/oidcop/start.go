package oidcop

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/userpool"
)

// maxLoginHint bounds what a link may say of who is to sign in, in bytes.
const maxLoginHint = 256

var errNoStart = web.Fail(http.StatusNotFound, "There is no such page.", nil)

// start has an app begin a sign-in here (OpenID Connect Core section 4): a portal's
// tile or a link in a mail leads to this address, and it to the app's initiate_login_uri.
// Without one there is no such page, and neither for a client that registered itself:
// nobody vouches for its address, and ours would lead people there.
func (h *Handler) start(w http.ResponseWriter, r *http.Request) error {
	pool, err := h.pool(r)
	if err != nil {
		return err
	}
	c, err := h.client(r.Context(), pool, r.PathValue("client"))
	if errors.Is(err, userpool.ErrClientNotFound) {
		return errNoStart
	}
	if err != nil {
		return err
	}
	to := c.OpenID.InitiateLoginURI
	if c.OpenID.Registered || originOf(to) == "" || !idp.WellFormedRedirect(to) {
		return errNoStart
	}
	params, err := startParams(r.URL.Query(), c)
	if err != nil {
		return err
	}
	params.Set("iss", h.Issuer(pool.ID))
	redirect(w, r, withQuery(to, params))
	return nil
}

// startParams are the parameters for the app: whom to sign in, and where to go in the
// app after that, which must be a page of the app.
func startParams(q url.Values, c *userpool.Client) (url.Values, error) {
	bad := web.Fail(http.StatusBadRequest, "The request could not be read.", nil)
	if checkSingle(q) != nil || len(q.Get("login_hint")) > maxLoginHint {
		return nil, bad
	}
	out := url.Values{}
	if hint := q.Get("login_hint"); hint != "" {
		out.Set("login_hint", hint)
	}
	if target := q.Get("target_link_uri"); target != "" {
		if !idp.WellFormedRedirect(target) || originOf(target) == "" || originOf(target) != originOf(c.OpenID.InitiateLoginURI) {
			return nil, bad
		}
		out.Set("target_link_uri", target)
	}
	return out, nil
}
