package samlidp

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/idp/chain"
	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/userpool"
)

// A debt is the answer that an app waits for: the Data of a chain.Goal.
type debt struct {
	App                      ApplicationID
	InResponseTo, RelayState string
	Post                     bool
}

// answerKind is the Kind of such goals.
const answerKind = "saml"

// Answerers are those that a chain needs for the apps.
func (h *Handler) Answerers() map[string]chain.Answerer {
	return map[string]chain.Answerer{answerKind: h}
}

func (req *leave) debt() *debt {
	return &debt{req.Exchange.app.ID, req.Request.ID, req.RelayState, req.Post}
}

// goal is where the browser goes after a sign-out: to the app with our answer, or to
// our own page where the app wants none, or has no address for it.
func (x *exchange) goal(req *leave) (chain.Goal, error) {
	if req.Request.Asynchronous || x.answerAt(req.Post) == nil {
		return chain.Goal{}, nil
	}
	data, err := json.Marshal(req.debt())
	return chain.Goal{Kind: answerKind, Data: data}, err
}

// Answer implements chain.Answerer. Our own session has ended, which is what the top
// level is about (Core 3.7.3.2).
func (h *Handler) Answer(ctx context.Context, pool userpool.PoolID, data []byte, partial bool) (*sp.Departure, error) {
	var d debt
	if err := json.Unmarshal(data, &d); err != nil {
		return nil, err
	}
	p, err := h.Directory.Pool(ctx, pool)
	if err != nil {
		return nil, err
	}
	x, err := h.unasked(ctx, p, d.App)
	if err != nil {
		return nil, err
	}
	status := samlxml.Status{Code: saml.StatusSuccess}
	if partial {
		status.Second = saml.StatusPartialLogout
	}
	return x.respond(ctx, &d, status)
}

// reply answers a request that ended nothing.
func (h *Handler) reply(w http.ResponseWriter, r *http.Request, req *leave, status samlxml.Status) error {
	x := req.Exchange
	if status.Code != saml.StatusSuccess {
		h.Log.InfoContext(r.Context(), "saml logout refused", "pool", x.pool.ID, "app", x.app.ID, "status", status.Second, "reason", status.Message)
	}
	if req.Request.Asynchronous || x.answerAt(req.Post) == nil {
		if status.Code != saml.StatusSuccess {
			return badRequest("The app's sign-out request is too old, was used before, or was not meant for us.", errors.New("samlidp: "+status.Message))
		}
		web.Redirect(w, r, "/"+string(x.pool.ID)+"/signedout")
		return nil
	}
	d, err := x.respond(r.Context(), req.debt(), status)
	if err != nil {
		return err
	}
	return h.Leaving.Send(w, r, d, x.app.Name)
}

// respond writes a LogoutResponse.
func (x *exchange) respond(ctx context.Context, d *debt, status samlxml.Status) (*sp.Departure, error) {
	e := x.answerAt(d.Post)
	if e == nil { // the app has changed meanwhile
		return &sp.Departure{Address: "/" + string(x.pool.ID) + "/signedout"}, nil
	}
	return x.dispatch(ctx, &samlxml.LogoutResponse{Envelope: x.envelope(samlxml.NewID()), InResponseTo: d.InResponseTo, Status: status},
		e.Binding, e.Answers(), d.RelayState)
}
