package approval

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/poolhouse/poolhouse/idp/decoupled"
)

// notifyTime is how long a person waits for an app to hear of their answer. One that
// does not listen can still poll.
const notifyTime = 3 * time.Second

// A Caller posts to addresses of others. *outbound.Client does.
type Caller interface {
	Post(ctx context.Context, address string, header http.Header, body []byte) (status int, err error)
}

// tellApp tells an app of the ping mode that its request was decided (CIBA Core
// section 10.2). It says which, not how: for that the app asks the token endpoint.
func (h *Handler) tellApp(r *http.Request, req *decoupled.Request) {
	if req.Notify == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), notifyTime)
	defer cancel()
	if err := h.ping(ctx, req); err != nil {
		h.Log.WarnContext(ctx, "an app was not told of a decision", "pool", req.Pool, "client", req.Client, "error", err)
	}
}

func (h *Handler) ping(ctx context.Context, req *decoupled.Request) error {
	c, err := h.Store.Client(ctx, req.Client)
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]string{"auth_req_id": req.Secret})
	if err != nil {
		return err
	}
	status, err := h.Caller.Post(ctx, c.OpenID.CIBANotify, http.Header{"Authorization": {"Bearer " + req.Notify}, "Content-Type": {"application/json"}}, body)
	if err == nil && (status < 200 || status > 299) {
		err = fmt.Errorf("approval: the app answered %d", status)
	}
	return err
}
