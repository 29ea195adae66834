package login

import (
	"errors"
	"net/http"

	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/userpool"
)

// What the link of a mail about a sign-in says of it.
const (
	feedbackValid   = "valid"
	feedbackInvalid = "invalid"
)

// showFeedback is where the links of mails about sign-ins at risk lead. It changes
// nothing: mail servers and browsers open links that nobody has clicked at.
func (h *Handler) showFeedback(w http.ResponseWriter, r *http.Request) error {
	v, err := h.judged(r)
	if err != nil {
		return err
	}
	return h.Pages.Render(w, http.StatusOK, "feedback.html", h.feedbackView(w, r, v))
}

// submitFeedback takes the user's word on the sign-in.
func (h *Handler) submitFeedback(w http.ResponseWriter, r *http.Request) error {
	v, err := h.judged(r)
	if err != nil {
		return err
	}
	if err := h.Forms.Check(r, string(v.pool.ID)); err != nil {
		return err
	}
	if err := h.limit(w, r, v); err != nil {
		return err
	}
	q := v.query
	err = h.Accounts.GiveOwnFeedback(r.Context(), v.pool.ID, q.Get("user_name"), q.Get("event"), q.Get("token"), q.Get("value") == feedbackValid)
	p := h.feedbackView(w, r, v)
	if errors.Is(err, userpool.ErrNotAuthorized) || errors.Is(err, userpool.ErrNotFound) || errors.Is(err, userpool.ErrAddOnNotEnabled) {
		p.Error = p.T("feedback.gone")
		return h.Pages.Render(w, http.StatusBadRequest, "feedback.html", p)
	}
	if err != nil {
		return err
	}
	p.Title, p.Detail = p.T("feedback.thanks"), p.T("feedback.done-"+q.Get("value"))
	return h.Pages.Render(w, http.StatusOK, "feedbackdone.html", p)
}

func (h *Handler) feedbackView(w http.ResponseWriter, r *http.Request, v *visit) *view {
	value := v.query.Get("value")
	p := h.view(w, r, v, "feedback.title-"+value)
	p.Value = value
	return p
}

// judged reads the address of such a link.
func (h *Handler) judged(r *http.Request) (*visit, error) {
	q := r.URL.Query()
	kept := web.Languages(q)
	for _, name := range []string{"user_name", "event", "token", "value"} {
		if q.Get(name) == "" {
			return nil, errLink
		}
		kept[name] = q[name][:1]
	}
	if value := kept.Get("value"); !web.IsText(kept) || value != feedbackValid && value != feedbackInvalid {
		return nil, errLink
	}
	pool, err := h.Store.Pool(r.Context(), userpool.PoolID(r.PathValue("pool")))
	if err != nil {
		return nil, notThere(err, userpool.ErrPoolNotFound)
	}
	return &visit{pool: pool, query: kept}, nil
}
