package samlidp

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/userpool"
)

// ECPURL is where enhanced clients of a pool bring requests.
func (h *Handler) ECPURL(pool userpool.PoolID) string { return h.SSOURL(pool) + "/soap" }

// ecp answers the request of an app that an enhanced client brings, a program other than
// a browser (Enhanced Client or Proxy Profile, Profiles 4.2). It shows a name and a
// password with it, by HTTP Basic. Nobody is led to a page there, so whoever must do more
// than that cannot sign in this way; and no session begins here, because nothing could
// be signed out of it.
func (h *Handler) ecp(w http.ResponseWriter, r *http.Request) error {
	pool, err := h.pool(r)
	if err != nil {
		return err
	}
	settings, err := h.Apps.PoolSettings(r.Context(), pool.ID)
	if err != nil {
		return err
	}
	if !settings.EnhancedClients {
		return web.Fail(http.StatusNotFound, "There is no such page.", errors.New("samlidp: the pool takes no enhanced clients"))
	}
	if err := h.Limiter.LimitPool(w, r); err != nil {
		return err
	}
	name, password, ok := r.BasicAuth()
	if !ok {
		return challenge(w)
	}
	raw, err := io.ReadAll(r.Body) // bounded where it is mounted
	if err != nil {
		return fault(w, "The request is too long.")
	}
	x, err := h.beginECP(r.Context(), pool, raw)
	if err != nil {
		h.Log.InfoContext(r.Context(), "saml request of an enhanced client refused", "pool", pool.ID, "error", err)
		return refusedECP(w, err)
	}
	return x.enhance(w, r, name, password)
}

// refusedECP is the answer to a request that nobody can be told of but the client.
func refusedECP(w http.ResponseWriter, err error) error {
	if page := (*web.Error)(nil); !errors.As(err, &page) {
		return err
	}
	return fault(w, "The request is not valid, was used before, or is not of an app that is registered here for enhanced clients.")
}

// challenge asks for a name and a password. It says the same whatever was wrong.
func challenge(w http.ResponseWriter) error {
	w.Header().Set("WWW-Authenticate", `Basic realm="SAML", charset="UTF-8"`)
	return soap(w, http.StatusUnauthorized, samlxml.WriteFault("A name and a password are needed."))
}

func (h *Handler) beginECP(ctx context.Context, pool *userpool.Pool, raw []byte) (*exchange, error) {
	request, document, err := samlxml.AuthnRequestBySOAP(raw)
	if err != nil {
		return nil, badRequest("The app sent a sign-in request that cannot be read.", err)
	}
	return h.admit(ctx, pool, arrived{request, document, (*samlxml.AuthnRequest).Verify, true})
}

// enhance signs the client's user in and answers. The request is used up only with the
// right password: a client may try again.
func (x *exchange) enhance(w http.ResponseWriter, r *http.Request, name, password string) error {
	if err := x.check(); err != nil {
		return x.failECP(w, r, err)
	}
	s, err := x.byPassword(r, name, password)
	if errors.Is(err, userpool.ErrNotAuthorized) {
		x.record(r, nil, "NotAuthorized")
		return challenge(w)
	}
	if err != nil {
		return x.failECP(w, r, err)
	}
	if err := x.claim(r.Context()); err != nil {
		return refusedECP(w, err)
	}
	out, err := x.success(r.Context(), s)
	if err != nil {
		return x.failECP(w, r, err)
	}
	x.record(r, s, "")
	return x.sendECP(w, r, out)
}

// errMore is the refusal of who would have to do what takes a page.
var errMore = refuse(saml.StatusResponder, saml.StatusAuthnFailed, "a name and a password are not enough for this account: it has to sign in with a browser")

// byPassword signs the user in by the rules of the hosted pages, and returns a session
// that is kept nowhere.
func (x *exchange) byPassword(r *http.Request, name, password string) (*idp.Session, error) {
	if name == "" || password == "" || !web.IsText(url.Values{"": {name, password}}) {
		return nil, userpool.ErrNotAuthorized
	}
	actor := &userpool.Client{Pool: x.pool.ID, HideUserExistence: true}
	if !x.h.Passwords.Ways(x.pool, nil).Password {
		return nil, errMore
	}
	ctx := userpool.WithOrigin(r.Context(), userpool.Origin{IP: web.RemoteIP(r), UserAgent: r.UserAgent()})
	user, err := x.h.Passwords.CheckPassword(ctx, x.pool, actor, name, password)
	if err != nil {
		return nil, wanting(err)
	}
	if err := x.alone(ctx, actor, user); err != nil {
		return nil, wanting(err)
	}
	if err := x.h.Passwords.Finish(ctx, x.pool, actor, user, userpool.Finished{}); err != nil {
		return nil, wanting(err)
	}
	x.user = user
	_, handle := idp.NewSecret()
	now := x.h.Now()
	return &idp.Session{ID: handle, Root: handle, Pool: x.pool.ID, Sub: user.Sub, Methods: []string{"pwd"}, AuthTime: now, Created: now,
		Limit: now.Add(idp.DefaultSessionLife)}, nil
}

// alone reports, as an error, that the password alone is not enough. No code is sent for
// a second factor that could not be answered.
func (x *exchange) alone(ctx context.Context, actor *userpool.Client, u *userpool.User) error {
	if u.Status == userpool.ForceChangePassword || x.pool.MFA == userpool.MFAOn || len(x.pool.Factors(u)) > 0 {
		return errMore
	}
	ch, _, err := x.h.Passwords.SecondFactor(ctx, x.pool, actor, u)
	if err == nil && ch != nil {
		return errMore
	}
	return err
}

// wanting tells what stands against a sign-in from our own failures. A wrong password
// stays what it is.
func wanting(err error) error {
	if errors.Is(err, userpool.ErrBusy) || errors.Is(err, userpool.ErrTooManyRequests) {
		return web.Fail(http.StatusServiceUnavailable, "Too many people are trying at once. Please go back and try again in a few seconds.", err)
	}
	var no *refusal
	if fault := (*userpool.Fault)(nil); errors.As(err, &no) || errors.Is(err, userpool.ErrNotAuthorized) || !errors.As(err, &fault) {
		return err
	}
	return errMore
}

// failECP tells the app of a refusal, by way of the client.
func (x *exchange) failECP(w http.ResponseWriter, r *http.Request, err error) error {
	var no *refusal
	if !errors.As(err, &no) {
		return err
	}
	x.record(r, nil, no.code())
	x.h.Log.InfoContext(r.Context(), "saml sign-in refused", "pool", x.pool.ID, "app", x.app.ID, "status", no.Second, "reason", no.Message)
	out := x.response(no.Status)
	out.SignResponse = true
	return x.sendECP(w, r, out)
}

func (x *exchange) sendECP(w http.ResponseWriter, r *http.Request, out *samlxml.Outgoing) error {
	signer, err := x.signer(r.Context())
	if err != nil {
		return err
	}
	raw, err := signer.WriteResponse(out)
	if err != nil {
		return err
	}
	return soap(w, http.StatusOK, samlxml.WriteECPResponse(x.acs.Location, x.proven, raw))
}
