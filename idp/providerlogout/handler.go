// Package providerlogout is where identity providers upstream speak of sign-outs: they
// answer those that began here, and SAML ones tell of those that began with them. What a
// message says is sp/samlsp's to judge; which sessions end, and who is told on the
// way back, is decided here and in idp/chain.
package providerlogout

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/idp/browser"
	"github.com/poolhouse/poolhouse/idp/chain"
	"github.com/poolhouse/poolhouse/internal/ephemeral"
	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/sp/oidcrp"
	"github.com/poolhouse/poolhouse/sp/samlsp"
	"github.com/poolhouse/poolhouse/userpool"
)

// A Store finds pools and whom somebody at a provider is. userpool.Store does.
type Store interface {
	Pool(ctx context.Context, id userpool.PoolID) (*userpool.Pool, error)
	Provider(ctx context.Context, pool userpool.PoolID, name string) (*userpool.Provider, error)
	UserByIdentity(ctx context.Context, pool userpool.PoolID, key userpool.IdentityKey) (*userpool.User, error)
}

// A Receiver judges messages. *samlsp.Service does.
type Receiver interface {
	Receive(ctx context.Context, pool *userpool.Pool, query string, form url.Values) (*samlsp.Logout, error)
}

// A Chain signs browsers out. *chain.Handler does.
type Chain interface {
	SignOut(w http.ResponseWriter, r *http.Request, s *chain.Start) error
	Answered(w http.ResponseWriter, r *http.Request, pool userpool.PoolID, ticket string, confirmed bool) error
	Asked(ctx context.Context, pool userpool.PoolID, ticket string) (*chain.Ask, error)
}

// Goal is the kind of a chain's goal that *samlsp.Service answers.
const Goal = "upstream"

// A Limiter counts what anybody can send, before it is read. *login.Handler does.
type Limiter interface {
	LimitPool(w http.ResponseWriter, r *http.Request) error
}

// A Handler serves /{pool}/saml2/logout.
type Handler struct {
	Limiter   Limiter
	Store     Store
	Receiver  Receiver
	Browser   *browser.Store
	Chain     Chain
	Ephemeral ephemeral.Store
	Now       func() time.Time
}

const path = "/saml2/logout"

// maxPost bounds a posted message, in bytes: the longest one and its RelayState with
// every character escaped, and the names of the fields.
var maxPost = 3*int64(samlxml.Messages().Bytes+4<<10) + 64

// Mount registers the page.
func (h *Handler) Mount(mux *web.Mux) {
	mux.Get("/{pool}"+path, h.byRedirect)
	mux.Get("/{pool}"+oidcrp.SignedOutPath, h.fromOpenID)
	mux.LargeEndpoint("POST /{pool}"+path, maxPost, h.byPost) // providers post here, that is its purpose
}

// byRedirect takes a message by HTTP-Redirect, or takes up one that was posted.
func (h *Handler) byRedirect(w http.ResponseWriter, r *http.Request) error {
	pool, err := h.pool(r)
	if err != nil {
		return err
	}
	if ticket := r.URL.Query().Get("ticket"); ticket != "" {
		return h.resume(w, r, pool, ticket)
	}
	if err := h.Limiter.LimitPool(w, r); err != nil {
		return err
	}
	l, err := h.Receiver.Receive(r.Context(), pool, r.URL.RawQuery, nil)
	if err != nil {
		return refused(err)
	}
	if l.Request == nil {
		return h.Chain.Answered(w, r, pool.ID, l.State, l.Done)
	}
	return h.end(w, r, pool, l)
}

// byPost takes a message by HTTP-POST. Another site has posted it, so the browser's
// session did not come along; it will with the page that this leads to.
func (h *Handler) byPost(w http.ResponseWriter, r *http.Request) error {
	pool, err := h.pool(r)
	if err != nil {
		return err
	}
	if err := h.Limiter.LimitPool(w, r); err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return refused(errors.Join(sp.ErrInvalid, err))
	}
	l, err := h.Receiver.Receive(r.Context(), pool, "", r.PostForm)
	if err != nil {
		return refused(err)
	}
	if l.Request == nil {
		return h.Chain.Answered(w, r, pool.ID, l.State, l.Done)
	}
	ticket, err := h.keep(r.Context(), pool.ID, l)
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/"+string(pool.ID)+path+"?"+url.Values{"ticket": {ticket}}.Encode(), http.StatusSeeOther)
	return nil
}

// pool returns the pool that the address names.
func (h *Handler) pool(r *http.Request) (*userpool.Pool, error) {
	pool, err := h.Store.Pool(r.Context(), userpool.PoolID(r.PathValue("pool")))
	if errors.Is(err, userpool.ErrPoolNotFound) {
		return nil, web.Fail(http.StatusNotFound, "There is no such page.", err)
	}
	return pool, err
}

// refused is the page for a message that proves nothing. Nobody is told why.
func refused(err error) error {
	if errors.Is(err, sp.ErrInvalid) {
		return web.Fail(http.StatusBadRequest, "The request was refused.", err)
	}
	return err
}

const (
	nsPosted   = "saml-sp-posted-logout"
	postedLife = time.Minute // the browser comes at once
)

func key(pool userpool.PoolID, ticket string) string { return string(pool) + "/" + ticket }

// keep puts a request away that was posted, and returns what finds it once.
func (h *Handler) keep(ctx context.Context, pool userpool.PoolID, l *samlsp.Logout) (ticket string, err error) {
	value, err := json.Marshal(l)
	if err != nil {
		return "", err
	}
	ticket, _ = idp.NewSecret()
	return ticket, h.Ephemeral.Put(ctx, nsPosted, key(pool, ticket), value, h.Now().Add(postedLife))
}

// resume takes up a request that was posted. Whoever has the ticket of another's ends
// no session of their own by it.
func (h *Handler) resume(w http.ResponseWriter, r *http.Request, pool *userpool.Pool, ticket string) error {
	value, err := h.Ephemeral.Take(r.Context(), nsPosted, key(pool.ID, ticket))
	if errors.Is(err, ephemeral.ErrNotFound) {
		return web.Fail(http.StatusBadRequest, "This request has expired. Go back to the app and sign out once more.", err)
	}
	if err != nil {
		return err
	}
	l := new(samlsp.Logout)
	if err := json.Unmarshal(value, l); err != nil {
		return err
	}
	return h.end(w, r, pool, l)
}
