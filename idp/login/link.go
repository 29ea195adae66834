package login

import (
	"errors"
	"net/http"

	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/userpool"
)

// showLink is where the link of a mail leads. It changes nothing: mail servers and
// browsers open links that nobody has clicked at.
func (h *Handler) showLink(w http.ResponseWriter, r *http.Request) error {
	if !r.URL.Query().Has("confirmation_code") {
		return h.showConfirm(w, r)
	}
	v, err := h.linked(r)
	if err != nil {
		return err
	}
	return h.Pages.Render(w, http.StatusOK, "link.html", h.view(w, r, v, "confirm.title"))
}

// submitLink takes the code that the link brought.
func (h *Handler) submitLink(w http.ResponseWriter, r *http.Request) error {
	v, err := h.linked(r)
	if err != nil {
		return err
	}
	if err := h.Forms.Check(r, string(v.pool.ID)); err != nil {
		return err
	}
	if err := h.limit(w, r, v); err != nil {
		return err
	}
	err = h.Accounts.ConfirmSignUp(h.origin(r), v.actor(), v.query.Get("user_name"), v.query.Get("confirmation_code"), false)
	if errors.Is(err, userpool.ErrExpiredCode) || errors.Is(err, userpool.ErrCodeMismatch) {
		p := h.view(w, r, v, "confirm.title")
		p.Error = p.T("problem.link-gone")
		return h.Pages.Render(w, http.StatusBadRequest, "link.html", p)
	}
	p := h.view(w, r, v, "confirm.title")
	if err != nil {
		return h.again(w, "link.html", p, err)
	}
	p.Title = p.T("confirm.confirmed")
	return h.Pages.Render(w, http.StatusOK, "confirmed.html", p)
}

var errLink = web.Fail(http.StatusBadRequest, "This link is not complete. Open it from the mail again, or ask for a new one.", nil)

// linked reads the address of a link.
func (h *Handler) linked(r *http.Request) (*visit, error) {
	q := r.URL.Query()
	if !web.IsText(q) || q.Get("user_name") == "" || q.Get("confirmation_code") == "" {
		return nil, errLink
	}
	pool, err := h.Store.Pool(r.Context(), userpool.PoolID(r.PathValue("pool")))
	if err != nil {
		return nil, notThere(err, userpool.ErrPoolNotFound)
	}
	client, err := h.Store.Client(r.Context(), userpool.ClientID(q.Get("client_id")))
	if err == nil && client.Pool != pool.ID {
		err = userpool.ErrClientNotFound
	}
	if err != nil {
		return nil, notThere(err, userpool.ErrClientNotFound)
	}
	kept := web.Languages(q)
	for _, name := range []string{"client_id", "user_name", "confirmation_code"} {
		kept.Set(name, q.Get(name))
	}
	return &visit{pool: pool, client: client, query: kept}, nil
}

// notThere makes an unknown part of a link one that is not complete.
func notThere(err, kind error) error {
	if errors.Is(err, kind) {
		return errLink
	}
	return err
}
