package samlidp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/idp/chain"
	"github.com/poolhouse/poolhouse/internal/ephemeral"
	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/userpool"
)

const (
	nsLogout   = "saml-logout" // IDs of messages that were used
	nsPosted   = "saml-logout-posted"
	postedLife = time.Minute // for one redirect

	postedParam = "posted"
)

// SLOURL is where messages of single logout for a pool are sent.
func (h *Handler) SLOURL(pool userpool.PoolID) string { return h.Issuer(pool) + "/saml/slo" }

// slo takes LogoutRequests and LogoutResponses of apps (Profiles 4.4) by the redirect
// or the POST binding.
func (h *Handler) slo(w http.ResponseWriter, r *http.Request) error {
	pool, err := h.pool(r)
	if err != nil {
		return err
	}
	if token := r.URL.Query().Get(postedParam); token != "" && r.Method != http.MethodPost {
		return h.posted(w, r, pool, token)
	}
	if err := h.Limiter.LimitPool(w, r); err != nil {
		return err
	}
	l, err := receivedLogout(r)
	if err != nil {
		return badRequest("The app sent a sign-out request that cannot be read.", err)
	}
	x, err := h.loggingOut(r.Context(), pool, l, h.SLOURL(pool.ID))
	if l.Response != nil {
		return h.confirmed(w, r, pool, x, l.Response, err)
	}
	if err != nil {
		return err
	}
	req := &leave{Exchange: x, Request: l.Request, RelayState: l.RelayState, Post: r.Method == http.MethodPost}
	if req.Post {
		return h.post(w, r, req)
	}
	return h.leave(w, r, req)
}

func receivedLogout(r *http.Request) (*samlxml.Logout, error) {
	if r.Method != http.MethodPost {
		return samlxml.LogoutByRedirect(r.URL.RawQuery)
	}
	if err := r.ParseForm(); err != nil {
		return nil, err
	}
	return samlxml.LogoutByPost(r.PostForm)
}

// loggingOut judges who sent a message, that it was meant for the address to, and that it
// is fresh. It must be signed: a sign-out that anybody can cause is an attack.
func (h *Handler) loggingOut(ctx context.Context, pool *userpool.Pool, l *samlxml.Logout, to string) (*exchange, error) {
	issuer := l.Envelope().Issuer
	app, err := h.Apps.ApplicationByEntityID(ctx, pool.ID, issuer)
	if errors.Is(err, ErrNotFound) {
		return nil, badRequest("The app you came from is not registered here.", fmt.Errorf("%w: %q", err, issuer))
	}
	if err != nil {
		return nil, err
	}
	x, err := h.exchange(pool, app)
	if err != nil {
		return nil, err
	}
	if err := l.Verify(x.sp.Signing); err != nil {
		return nil, badRequest("The app's sign-out request is not signed as it should be.", err)
	}
	stale := func(err error) error {
		return badRequest("The app's sign-out request is too old, was used before, or was not meant for us.", err)
	}
	if err := l.Current(to, h.Now(), samlxml.Skew); err != nil {
		return nil, stale(err)
	}
	if len(l.RelayState) > maxRelayState {
		return nil, stale(samlxml.ErrTooLarge)
	}
	key := string(pool.ID) + "\n" + string(app.ID) + "\n" + l.Envelope().ID
	first, err := h.Ephemeral.Claim(ctx, nsLogout, key, l.Until(samlxml.Skew))
	if err == nil && !first {
		err = stale(errors.New("samlidp: a message of single logout came twice"))
	}
	return x, err
}

// A leave is a LogoutRequest that was verified.
type leave struct {
	Exchange   *exchange `json:"-"`
	App        ApplicationID
	Request    *samlxml.LogoutRequest
	RelayState string
	Post       bool // it came by POST
}

// post keeps a posted request and turns it into a GET: a POST from another site comes
// without our Lax cookie, and the redirect brings it.
func (h *Handler) post(w http.ResponseWriter, r *http.Request, req *leave) error {
	req.App = req.Exchange.app.ID
	value, err := json.Marshal(req)
	if err != nil {
		return err
	}
	pool := req.Exchange.pool.ID
	token, _ := idp.NewSecret()
	if err := h.Ephemeral.Put(r.Context(), nsPosted, string(pool)+"/"+token, value, h.Now().Add(postedLife)); err != nil {
		return err
	}
	web.Redirect(w, r, "/"+string(pool)+"/saml/slo?"+url.Values{postedParam: {token}}.Encode())
	return nil
}

// posted takes up a request that was posted.
func (h *Handler) posted(w http.ResponseWriter, r *http.Request, pool *userpool.Pool, token string) error {
	value, err := h.Ephemeral.Take(r.Context(), nsPosted, string(pool.ID)+"/"+token)
	if errors.Is(err, ephemeral.ErrNotFound) {
		return badRequest("This request has expired. Go back to the app and sign out once more.", err)
	}
	if err != nil {
		return err
	}
	req := new(leave)
	if err := json.Unmarshal(value, req); err != nil {
		return err
	}
	if req.Exchange, err = h.unasked(r.Context(), pool, req.App); err != nil {
		return err
	}
	return h.leave(w, r, req)
}

// confirmed takes the answer to a LogoutRequest of ours. One that proves nothing
// changes nothing: the page where the browser waits for the app says that there is no
// answer yet. err is what was found wrong with it already.
func (h *Handler) confirmed(w http.ResponseWriter, r *http.Request, pool *userpool.Pool, x *exchange, res *samlxml.LogoutResponse, err error) error {
	ticket := strings.TrimPrefix(res.InResponseTo, ticketPrefix)
	if err == nil {
		err = x.answers(r.Context(), ticket)
	}
	if err != nil {
		h.Log.WarnContext(r.Context(), "saml logout response refused", "pool", pool.ID, "issuer", res.Issuer, "error", err)
		web.Redirect(w, r, "/"+string(pool.ID)+"/signout")
		return nil
	}
	ok := res.Status.Code == saml.StatusSuccess && res.Status.Second != saml.StatusPartialLogout
	if !ok {
		h.Log.InfoContext(r.Context(), "saml logout not confirmed", "pool", pool.ID, "app", x.app.ID, "status", res.Status.Code, "second", res.Status.Second)
	}
	return h.Leaving.Answered(w, r, pool.ID, ticket, ok)
}

// answers reports whether the app was asked with that ticket.
func (x *exchange) answers(ctx context.Context, ticket string) error {
	ask, err := x.h.Leaving.Asked(ctx, x.pool.ID, ticket)
	if err != nil {
		return err
	}
	if ask.Stop.Kind != chain.App || ask.Stop.ID != string(x.app.ID) {
		return errors.New("samlidp: another app was asked")
	}
	return nil
}
