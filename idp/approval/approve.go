package approval

import (
	"net/http"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/idp/decoupled"
)

// showApprove shows what an app has asked this very user for: the request of the
// link that a mail brought, or else the newest one.
func (h *Handler) showApprove(w http.ResponseWriter, r *http.Request) error {
	v, err := h.visit(w, r)
	if v == nil || err != nil {
		return err
	}
	id, req, err := h.asked(r, v, r.URL.Query().Get("request"))
	if gone(err) {
		return h.nothing(w, r, v)
	}
	if err != nil {
		return err
	}
	return h.ask(w, r, v, id, req, approvePage)
}

// submitApprove takes the decision.
func (h *Handler) submitApprove(w http.ResponseWriter, r *http.Request) error {
	v, err := h.submitted(w, r)
	if v == nil || err != nil {
		return err
	}
	id, req, err := h.asked(r, v, r.PostForm.Get("request"))
	if gone(err) {
		return h.nothing(w, r, v)
	}
	if err != nil {
		return err
	}
	return h.decide(w, r, v, id, req)
}

// asked finds a request that is for the user of the visit.
func (h *Handler) asked(r *http.Request, v *visit, handle string) (id idp.Handle, req *decoupled.Request, err error) {
	if handle == "" {
		return h.Waiting.Newest(r.Context(), v.pool.ID, v.user.Sub)
	}
	id = idp.Handle(handle)
	req, err = h.Waiting.Get(r.Context(), v.pool.ID, id)
	if err == nil && (req.Kind != decoupled.CIBA || req.Sub != v.user.Sub) {
		err = decoupled.ErrNotFound
	}
	return id, req, err
}
