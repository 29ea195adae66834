package approval

import (
	"context"
	"net/http"
	"time"

	"github.com/poolhouse/poolhouse/idp/decoupled"
)

// notifyTime is how long a person waits for an app to hear of their answer. One that
// does not listen can still poll.
const notifyTime = 3 * time.Second

// tellApp tells an app of the ping mode that its request was decided (CIBA Core
// section 10.2). It says which, not how: for that the app asks the token endpoint.
func (h *Handler) tellApp(r *http.Request, req *decoupled.Request) {
	if req.Notify == "" || h.Notify == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), notifyTime)
	defer cancel()
	if err := h.Notify(ctx, req); err != nil {
		h.Log.WarnContext(ctx, "an app was not told of a decision", "pool", req.Pool, "client", req.Client, "error", err)
	}
}
