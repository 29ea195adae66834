package login

import (
	"errors"
	"net/http"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/userpool"
)

// After a sign-in there may be something to offer: recovery codes to who has just
// set up an authenticator app, a passkey to who has none. The browser is signed in
// by then; the step keeps where it was going.
const (
	stepCodes   = "recoverycodes"
	stepPasskey = "passkeys/add"
)

// offer sends the browser to, by way of what there is to offer. A failure to find
// that out keeps nobody from going on.
func (h *Handler) offer(w http.ResponseWriter, r *http.Request, v *visit, u *userpool.User, setUp bool, to string) error {
	for _, o := range []struct {
		page string
		open func() (bool, error)
	}{
		{stepCodes, func() (bool, error) { return setUp, nil }},
		{stepPasskey, func() (bool, error) { return h.lacksPasskey(r, v, u) }},
	} {
		open, err := o.open()
		if err != nil {
			h.Log.ErrorContext(r.Context(), "nothing offered after a sign-in", "pool", v.pool.ID, "page", o.page, "error", err)
		}
		if open && err == nil {
			return h.toOffer(w, r, v, o.page, to)
		}
	}
	seeOther(w, to)
	return nil
}

// toOffer remembers where the browser was going.
func (h *Handler) toOffer(w http.ResponseWriter, r *http.Request, v *visit, page, to string) error {
	s := step{Page: page, To: to, Target: v.asked.Get("redirect_uri")}
	if v.client != nil {
		s.Client = v.client.ID
	}
	return h.toStepAt(w, r, &visit{pool: v.pool, query: web.Languages(v.query)}, s)
}

const laterCookie = "ph_passkey_later"

// lacksPasskey reports whether to offer a passkey: to a browser that has them, as its
// script said with the sign-in, of a user who has none and has not put it off.
func (h *Handler) lacksPasskey(r *http.Request, v *visit, u *userpool.User) (bool, error) {
	if r.PostForm.Get("passkeys") == "" || !h.Passwords.Ways(v.pool, v.actor()).Passkey {
		return false, nil
	}
	if _, err := r.Cookie(web.CookieName(laterCookie, h.Forms.Secure)); err == nil {
		return false, nil
	}
	keys, _, err := h.Accounts.ListPasskeys(r.Context(), u, "", 1)
	return len(keys) == 0, err
}

// declinePasskey has the browser not be asked again for a month.
func (h *Handler) declinePasskey(w http.ResponseWriter, _ userpool.PoolID) {
	c := web.HostCookie(laterCookie, "1", h.Forms.Secure)
	c.MaxAge = 30 * 24 * 3600
	http.SetCookie(w, c)
}

// offered is visit for a page that can be an offer: with a step it stands between a
// sign-in and what that was for.
func (h *Handler) offered(w http.ResponseWriter, r *http.Request, page string) (*visit, string, error) {
	token := r.URL.Query().Get("step")
	if r.Method == http.MethodPost && token == "" {
		if err := r.ParseForm(); err != nil {
			return nil, "", web.Fail(http.StatusBadRequest, "The form could not be read.", err)
		}
		token = r.PostForm.Get("step")
	}
	if token == "" && page == stepPasskey {
		v, err := h.visit(w, r)
		if v == nil || err != nil {
			return nil, "", err
		}
		return v, v.asked.Get("redirect_uri"), nil
	}
	pool, err := h.Store.Pool(r.Context(), userpool.PoolID(r.PathValue("pool")))
	if err != nil {
		return nil, "", notPool(err)
	}
	v := &visit{pool: pool, query: web.Languages(r.URL.Query()), step: token}
	s, err := h.step(r, v, page, token)
	if err != nil {
		return nil, "", err
	}
	if s == nil {
		return nil, "", web.Fail(http.StatusBadRequest, textSignInGone, nil)
	}
	if s.Client != "" {
		if v.client, err = h.Store.Client(r.Context(), s.Client); err != nil && !errors.Is(err, userpool.ErrClientNotFound) {
			return nil, "", err
		}
	}
	web.AllowFormTarget(w.Header(), s.Target)
	return v, s.To, nil
}

// offeredForm is offered for a form.
func (h *Handler) offeredForm(w http.ResponseWriter, r *http.Request, page string) (*visit, string, error) {
	v, to, err := h.offered(w, r, page)
	if v == nil || err != nil {
		return nil, "", err
	}
	if err := h.Forms.Check(r, string(v.pool.ID)); err != nil {
		return nil, "", err
	}
	return v, to, h.limit(w, r, v)
}

// leave goes on to where the browser was going. The address is of a step, or one
// that the client has registered.
func (h *Handler) leave(w http.ResponseWriter, r *http.Request, v *visit, to string) error {
	if v.step != "" {
		if err := h.endStep(r, v, v.step); err != nil {
			return err
		}
	}
	seeOther(w, to)
	return nil
}

// showCodes offers recovery codes. They are made, and shown, on demand.
func (h *Handler) showCodes(w http.ResponseWriter, r *http.Request) error {
	v, _, err := h.offered(w, r, stepCodes)
	if v == nil || err != nil {
		return err
	}
	if _, err := h.Gate.Current(r, v.pool, false); err != nil {
		return sessionGone(err)
	}
	p := h.view(w, r, v, "codes.title")
	p.Step = v.step
	return h.Pages.Render(w, http.StatusOK, "codes.html", p)
}

// submitCodes shows a set of codes, once, or goes on.
func (h *Handler) submitCodes(w http.ResponseWriter, r *http.Request) error {
	v, to, err := h.offeredForm(w, r, stepCodes)
	if v == nil || err != nil {
		return err
	}
	if !r.PostForm.Has("show") {
		return h.leave(w, r, v, to)
	}
	cur, err := h.Gate.Current(r, v.pool, false)
	if err != nil {
		return sessionGone(err)
	}
	p := h.view(w, r, v, "codes.title")
	p.Step = v.step
	if p.Codes, err = h.Accounts.CreateOwnRecoveryCodes(h.origin(r), cur.User); err != nil {
		return h.again(w, "codes.html", p, err)
	}
	return h.Pages.Render(w, http.StatusOK, "codes.html", p)
}

func sessionGone(err error) error {
	if errors.Is(err, idp.ErrSessionNotFound) {
		return web.Fail(http.StatusBadRequest, textSignInGone, err)
	}
	return err
}
