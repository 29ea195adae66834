package oidcop

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/idp/chain"
	"github.com/poolhouse/poolhouse/internal/ephemeral"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/userpool"
)

// SignOutPages are what people see of a logout. *login.Handler has them.
type SignOutPages interface {
	// AskSignOut shows a form that posts step to the page "logout/confirm" of the
	// pool. client may be nil.
	AskSignOut(w http.ResponseWriter, r *http.Request, pool *userpool.Pool, client *userpool.Client, step string) error
	// CheckForm verifies that a form is one of ours, sent by this browser.
	CheckForm(r *http.Request, pool userpool.PoolID) error
}

const (
	nsLogout     = "oidcop-logout"     // what follows the answer to the question
	nsLogoutForm = "oidcop-logoutform" // parameters of a POST
	logoutLife   = 10 * time.Minute
)

// An ending is what remains of a logout request once nothing is doubtful any more.
type ending struct {
	Client userpool.ClientID // empty where it is not known
	Target string            // empty is our own page
}

func (q *logoutRequest) ending() ending {
	e := ending{Target: q.target}
	if q.client != nil {
		e.Client = q.client.ID
	}
	return e
}

// logoutByGet keeps the parameters of a POST and turns it into a GET. A cross-site
// POST comes without our Lax cookie; the redirect is a navigation, and brings it. An
// app that posts its hint does not want it in an address.
func (h *Handler) logoutByGet(w http.ResponseWriter, r *http.Request, pool *userpool.Pool) error {
	if err := r.ParseForm(); err != nil {
		return web.Fail(http.StatusBadRequest, "The request could not be read.", err)
	}
	token, err := h.keepLogout(r, nsLogoutForm, pool.ID, r.PostForm)
	if err != nil {
		return err
	}
	redirect(w, r, "/"+string(pool.ID)+"/logout?"+url.Values{"posted": {token}}.Encode())
	return nil
}

// logoutParams are the parameters of the address, or those that were posted.
func (h *Handler) logoutParams(r *http.Request, pool *userpool.Pool) (url.Values, error) {
	params := r.URL.Query()
	token := params.Get("posted")
	if token == "" {
		return params, nil
	}
	raw, err := h.Gate.Ephemeral.Get(r.Context(), nsLogoutForm, string(pool.ID)+"/"+token)
	if errors.Is(err, ephemeral.ErrNotFound) {
		return nil, errLogoutGone
	}
	if err != nil {
		return nil, err
	}
	params = url.Values{}
	return params, json.Unmarshal(raw, &params)
}

var errLogoutGone = web.Fail(http.StatusBadRequest, "This request has expired. Go back to the app and sign out once more.", nil)

// askLogout asks the person. What the answer leads to stays here.
func (h *Handler) askLogout(w http.ResponseWriter, r *http.Request, req *logoutRequest) error {
	token, err := h.keepLogout(r, nsLogout, req.pool.ID, req.ending())
	if err != nil {
		return err
	}
	return h.Pages.AskSignOut(w, r, req.pool, req.client, token)
}

func (h *Handler) keepLogout(r *http.Request, namespace string, pool userpool.PoolID, v any) (token string, err error) {
	value, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	token, _ = idp.NewSecret()
	return token, h.Gate.Ephemeral.Put(r.Context(), namespace, string(pool)+"/"+token, value, h.Now().Add(logoutLife))
}

// confirmLogout is the answer yes.
func (h *Handler) confirmLogout(w http.ResponseWriter, r *http.Request) error {
	pool, err := h.pool(r)
	if err != nil {
		return err
	}
	if err := h.Pages.CheckForm(r, pool.ID); err != nil {
		return err
	}
	raw, err := h.Gate.Ephemeral.Take(r.Context(), nsLogout, string(pool.ID)+"/"+r.PostForm.Get("step"))
	if errors.Is(err, ephemeral.ErrNotFound) {
		return errLogoutGone
	}
	if err != nil {
		return err
	}
	var e ending
	if err := json.Unmarshal(raw, &e); err != nil {
		return err
	}
	return h.endSession(w, r, pool, e)
}

// endSession signs the browser out and sends it on, past the apps that are to be told
// by it.
func (h *Handler) endSession(w http.ResponseWriter, r *http.Request, pool *userpool.Pool, e ending) error {
	client, err := h.client(r.Context(), pool, string(e.Client))
	if err != nil && !errors.Is(err, userpool.ErrClientNotFound) {
		return err
	}
	return h.Leaving.SignOut(w, r, &chain.Start{Pool: pool, Client: client, Goal: chain.Goal{Address: e.Target}})
}
