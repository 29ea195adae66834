package approval

import (
	"errors"
	"net/http"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/idp/decoupled"
	"github.com/poolhouse/poolhouse/internal/web"
)

// approvePage is the page of CIBA requests, below the pool.
const approvePage = "/approve"

// weakFor reports whether a visit is of none of the classes that a request insists on
// (acr_values of CIBA Core section 7.1). A device's request has none: RFC 8628 does
// not know them.
func (v *visit) weakFor(req *decoupled.Request) bool {
	if req.Kind != decoupled.CIBA {
		return false
	}
	_, met := idp.ChooseACR(v.sess.Methods, req.ACR)
	return !met
}

// stepUp sends a user whose sign-in is too weak for a request to sign in once more,
// and reports that it did. Who comes back from there as weak as before is not sent again.
func (h *Handler) stepUp(w http.ResponseWriter, r *http.Request, v *visit, id idp.Handle, req *decoupled.Request) (sent bool, err error) {
	if !v.weakFor(req) || r.Method != http.MethodGet {
		return false, nil
	}
	_, err = h.Gate.Current(r, v.pool, true)
	if err == nil || !errors.Is(err, idp.ErrSessionNotFound) {
		return false, err
	}
	q := web.Languages(r.URL.Query())
	q.Set("request", string(id))
	_, there := h.Gate.RequireSession(w, r, v.pool, "/"+string(v.pool.ID)+approvePage+"?"+q.Encode(), true)
	return !there, nil
}
