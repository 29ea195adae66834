// Package approval serves the pages where people, signed in, answer what an app
// asked for on another device: they type the code of a television, or follow the
// link of a mail. What they see is who asks, for what, and the words or the code
// that the other side shows too: a request that somebody else began to trick them
// does not look like theirs.
package approval

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/idp/decoupled"
	"github.com/poolhouse/poolhouse/idp/login"
	"github.com/poolhouse/poolhouse/internal/ephemeral"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/userpool"
)

// A Store finds what requests name. userpool.Store has all of it.
type Store interface {
	Pool(ctx context.Context, id userpool.PoolID) (*userpool.Pool, error)
	Client(ctx context.Context, id userpool.ClientID) (*userpool.Client, error)
	ResourceServers(ctx context.Context, pool userpool.PoolID) ([]*userpool.ResourceServer, error)
}

// A Handler serves the pages of every pool.
type Handler struct {
	Store     Store
	Waiting   *decoupled.Store
	Login     *login.Handler // for the look of the pages
	Gate      *login.Gate
	Ephemeral ephemeral.Store // counts guesses
	Caller    Caller          // of apps that want to hear of an answer
	Log       *slog.Logger
}

// Mount adds the pages.
func (h *Handler) Mount(m *web.Mux) {
	m.Get("/{pool}/device", h.showDevice)
	m.Post("/{pool}/device", h.submitDevice)
	m.Get("/{pool}/approve", h.showApprove)
	m.Post("/{pool}/approve", h.submitApprove)
}

// A view is what the templates read.
type view struct {
	login.Frame
	Code    string // of a device
	Request string // handle of a request
	Message string // of the app
	App     string
	User    string
	Scopes  []string // what the app gets, in words
	Answer  string   // where the form leads
	Weak    bool     // the sign-in is not what the app requires: they can only refuse
}

// A visit is who looks at a page: somebody signed in, at a pool.
type visit struct {
	pool *userpool.Pool
	user *userpool.User
	sess *idp.Session
}

// visit finds who is there. Where nobody is signed in it answers with the way to the
// sign-in page, and returns nil.
func (h *Handler) visit(w http.ResponseWriter, r *http.Request) (*visit, error) {
	pool, err := h.Store.Pool(r.Context(), userpool.PoolID(r.PathValue("pool")))
	if errors.Is(err, userpool.ErrPoolNotFound) {
		return nil, web.Fail(http.StatusNotFound, "There is no such page.", err)
	}
	if err != nil {
		return nil, err
	}
	if !web.IsText(r.URL.Query()) {
		return nil, web.Fail(http.StatusBadRequest, "The request could not be read.", nil)
	}
	back := r.URL.Path
	if r.Method == http.MethodGet && r.URL.RawQuery != "" {
		back += "?" + r.URL.Query().Encode()
	}
	if _, ok := h.Gate.RequireSession(w, r, pool, back, false); !ok {
		return nil, nil
	}
	cur, err := h.Gate.Current(r, pool, false)
	if err != nil {
		return nil, err
	}
	return &visit{pool, cur.User, cur.Session}, nil
}

// submitted is visit for a form: it checks the form's token too.
func (h *Handler) submitted(w http.ResponseWriter, r *http.Request) (*visit, error) {
	v, err := h.visit(w, r)
	if v == nil || err != nil {
		return nil, err
	}
	return v, h.Login.Forms.Check(r, string(v.pool.ID))
}

// client is the app that asks. Who came by a way that it does not admit answers nothing
// for it, as they could not sign in to it (userpool.ErrClientNotFound).
func (h *Handler) client(r *http.Request, v *visit, req *decoupled.Request) (*userpool.Client, error) {
	c, err := h.Store.Client(r.Context(), req.Client)
	if err == nil && !c.Admits(v.sess.Provider()) {
		err = userpool.ErrClientNotFound
	}
	return c, err
}

// ask shows a request and two buttons.
func (h *Handler) ask(w http.ResponseWriter, r *http.Request, v *visit, id idp.Handle, req *decoupled.Request, page string) error {
	c, err := h.client(r, v, req)
	if gone(err) {
		return h.nothing(w, r, v)
	}
	if err != nil {
		return err
	}
	stronger, err := h.stepUp(w, r, v, id, req)
	if stronger || err != nil {
		return err
	}
	p := &view{Frame: h.Login.Frame(w, r, v.pool, c, "approval.title"), Code: req.UserCode, Request: string(id), Message: req.Message,
		App: c.Name, User: v.user.Username, Answer: "/" + string(v.pool.ID) + page}
	if p.Weak = v.weakFor(req); p.Weak {
		p.Error = p.T("approval.weak", "app", c.Name)
	}
	apis, err := h.Store.ResourceServers(r.Context(), v.pool.ID)
	if err != nil {
		return err
	}
	p.Scopes = p.Frame.Scopes(apis, req.Scopes)
	return h.Login.Pages.Render(w, http.StatusOK, "approve.html", p)
}

// decide records what the user chose. Nobody answers a request that is not theirs.
func (h *Handler) decide(w http.ResponseWriter, r *http.Request, v *visit, id idp.Handle, req *decoupled.Request) error {
	yes := r.PostForm.Get("decision") == "allow"
	_, err := h.client(r, v, req)
	if gone(err) {
		return h.nothing(w, r, v)
	}
	if err != nil {
		return err
	}
	if yes && v.weakFor(req) {
		return h.ask(w, r, v, id, req, approvePage)
	}
	err = h.Waiting.Decide(r.Context(), req, id, decoupled.Answer{Approved: yes, Sub: v.user.Sub, AuthTime: v.sess.AuthTime,
		Session: v.sess.ID, Methods: v.sess.Methods})
	if errors.Is(err, decoupled.ErrDecided) {
		return h.nothing(w, r, v)
	}
	if err != nil {
		return err
	}
	h.record(r, v, req, yes)
	h.tellApp(r, req)
	p := &view{Frame: h.Login.Frame(w, r, v.pool, nil, "approval.done-title")}
	if p.Notice = p.T("approval.denied"); yes {
		p.Notice = p.T("approval.allowed")
	}
	return h.Login.Pages.Render(w, http.StatusOK, "answered.html", p)
}

// record has the event log remember a decision.
func (h *Handler) record(r *http.Request, v *visit, req *decoupled.Request, yes bool) {
	e := idp.Event{Name: idp.EventDecision, Pool: v.pool.ID, Client: req.Client, Username: v.user.Username, Grant: req.Kind,
		Address: web.RemoteIP(r), UserAgent: r.UserAgent()}
	e.By(v.sess)
	if !yes {
		e.Error = "access_denied"
	}
	h.Gate.Browser.Sessions.Record(r.Context(), e)
}

// nothing says that there is nothing to answer: an unknown request, an old one and
// another's all look the same.
func (h *Handler) nothing(w http.ResponseWriter, r *http.Request, v *visit) error {
	p := &view{Frame: h.Login.Frame(w, r, v.pool, nil, "approval.title")}
	p.Error = p.T("approval.nothing")
	return h.Login.Pages.Render(w, http.StatusNotFound, "answered.html", p)
}

// gone reports whether an error means that nothing waits.
func gone(err error) bool {
	return errors.Is(err, decoupled.ErrNotFound) || errors.Is(err, decoupled.ErrExpired) || errors.Is(err, decoupled.ErrDecided) ||
		errors.Is(err, userpool.ErrClientNotFound)
}
