package samlidp

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/internal/ephemeral"
	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/userpool"
)

const (
	nsPending   = "saml-pending"
	pendingLife = 10 * time.Minute // to sign in, second factor and all

	pendingParam  = "id"
	pendingPrefix = "ph_saml_" // of the cookie's name
)

// A pending exchange waits on the server while the user signs in.
type pending struct {
	App        ApplicationID
	Request    []byte // deflated, and verified already; empty where sign-in started at our side
	RelayState string
	Received   time.Time
	Browser    idp.Handle // of the secret in the browser's cookie
}

// park puts the exchange away and returns the address that takes it up again.
// The browser gets a cookie without which that address is worth nothing: a
// stranger's request cannot be finished in somebody's session.
func (x *exchange) park(w http.ResponseWriter, r *http.Request) (string, error) {
	id, _ := idp.NewSecret()
	secret, handle := idp.NewSecret()
	request, err := x.packed()
	if err != nil {
		return "", err
	}
	value, err := json.Marshal(pending{App: x.app.ID, Request: request, RelayState: x.relayState,
		Received: x.received, Browser: handle})
	if err != nil {
		return "", err
	}
	err = x.h.Ephemeral.Put(r.Context(), nsPending, pendingKey(x.pool.ID, id), value, x.h.Now().Add(pendingLife))
	if err != nil {
		return "", err
	}
	http.SetCookie(w, x.h.cookie(x.pool.ID, id, secret, int(pendingLife.Seconds())))
	return "/" + string(x.pool.ID) + "/saml/continue?" + url.Values{pendingParam: {id}}.Encode(), nil
}

// packed returns the request as it is kept. Anybody can have requests kept, and one
// by redirect may be a hundred times longer than what was sent: it is deflated
// again.
func (x *exchange) packed() ([]byte, error) {
	if x.request == nil {
		return nil, nil
	}
	return samlxml.Deflate(x.raw)
}

// cookie binds a pending exchange to the browser. Each has its own, so that two
// tabs can sign in at once.
func (h *Handler) cookie(pool userpool.PoolID, id, secret string, age int) *http.Cookie {
	c := web.HostCookie(pendingName(id), secret, h.Secure)
	c.MaxAge = age
	if !h.Secure { // __Host- cookies have no path
		c.Path = "/" + string(pool) + "/saml/"
	}
	return c
}

func pendingName(id string) string { return pendingPrefix + string(idp.HandleOf(id))[:12] }

func pendingKey(pool userpool.PoolID, id string) string { return string(pool) + "/" + id }

// resume takes up an exchange after the user signed in.
func (h *Handler) resume(w http.ResponseWriter, r *http.Request) error {
	pool, err := h.pool(r)
	if err != nil {
		return err
	}
	id := r.URL.Query().Get(pendingParam)
	x, err := h.parked(r, pool, id)
	if err != nil {
		return err
	}
	if x.passive() {
		return x.resumePassive(w, r, id)
	}
	force := x.request != nil && x.request.ForceAuthn
	here := r.URL.Path + "?" + url.Values{pendingParam: {id}}.Encode()
	s, ok := h.Gate.RequireSession(w, r, pool, here, force)
	if !ok {
		return nil
	}
	if err := x.takeUp(w, r, id); err != nil { // only now: a sign-in may take more than one visit
		return err
	}
	return x.answer(w, r, s)
}

// resumePassive answers a request by POST that must not ask the user.
func (x *exchange) resumePassive(w http.ResponseWriter, r *http.Request, id string) error {
	if err := x.takeUp(w, r, id); err != nil {
		return err
	}
	cur, err := x.h.Gate.Current(r, x.pool, false)
	if errors.Is(err, idp.ErrSessionNotFound) {
		return x.fail(w, r, errPassive)
	}
	if err != nil {
		return err
	}
	x.user = cur.User
	return x.answer(w, r, cur.Session)
}

// takeUp uses the parked exchange up.
func (x *exchange) takeUp(w http.ResponseWriter, r *http.Request, id string) error {
	if _, err := x.h.Ephemeral.Take(r.Context(), nsPending, pendingKey(x.pool.ID, id)); err != nil {
		return expired(err)
	}
	http.SetCookie(w, x.h.cookie(x.pool.ID, id, "", -1))
	return nil
}

// expired is the page for an exchange that is over.
func expired(err error) error {
	if !errors.Is(err, ephemeral.ErrNotFound) {
		return err
	}
	return badRequest("This sign-in is over. Go back to the app and start again.", err)
}

// parked rebuilds the exchange that this very browser left.
func (h *Handler) parked(r *http.Request, pool *userpool.Pool, id string) (*exchange, error) {
	value, err := h.Ephemeral.Get(r.Context(), nsPending, pendingKey(pool.ID, id))
	if err != nil {
		return nil, expired(err)
	}
	var p pending
	if err := json.Unmarshal(value, &p); err != nil {
		return nil, err
	}
	c, err := r.Cookie(web.CookieName(pendingName(id), h.Secure))
	if err != nil || subtle.ConstantTimeCompare([]byte(idp.HandleOf(c.Value)), []byte(p.Browser)) != 1 {
		return nil, expired(ephemeral.ErrNotFound)
	}
	x, err := h.rebuild(r.Context(), pool, p)
	if err != nil {
		return nil, err
	}
	x.relayState, x.received = p.RelayState, p.Received
	return x, nil
}

// rebuild reads the parked request again: the app may have changed meanwhile.
func (h *Handler) rebuild(ctx context.Context, pool *userpool.Pool, p pending) (*exchange, error) {
	if len(p.Request) == 0 {
		return h.unasked(ctx, pool, p.App)
	}
	raw, err := samlxml.Inflate(p.Request, samlxml.Messages().Bytes)
	if err != nil {
		return nil, err
	}
	return h.begin(ctx, pool, raw, nil)
}
