package chain

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/poolhouse/poolhouse/internal/ephemeral"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/userpool"
)

const (
	nsAsk    = "signout-ask"
	nsAnswer = "signout-answer"
)

// An Ask waits for the answer of a stop.
type Ask struct {
	Stop Stop
	Memo []byte // of the Departure

	Base string // of the pool's addresses, where the browser is that was sent there

	Plan  string // its key
	Index int    // of the stop in it
}

// ErrNotAsked is the error for a ticket that nobody waits for any more, or ever did.
var ErrNotAsked = errors.New("chain: nobody waits for that answer")

func ticketKey(pool userpool.PoolID, ticket string) string { return string(pool) + "/" + ticket }

func (h *Handler) ask(ctx context.Context, pool userpool.PoolID, ticket string, a *Ask) error {
	value, err := json.Marshal(a)
	if err != nil {
		return err
	}
	return h.Ephemeral.Put(ctx, nsAsk, ticketKey(pool, ticket), value, h.Now().Add(life))
}

// Asked returns what a ticket stands for, so that a Guide can judge the answer that
// brought it, or ErrNotAsked.
func (h *Handler) Asked(ctx context.Context, pool userpool.PoolID, ticket string) (*Ask, error) {
	value, err := h.Ephemeral.Get(ctx, nsAsk, ticketKey(pool, ticket))
	if errors.Is(err, ephemeral.ErrNotFound) {
		return nil, ErrNotAsked
	}
	if err != nil {
		return nil, err
	}
	a := new(Ask)
	return a, json.Unmarshal(value, a)
}

// Answered takes up the chain after an answer that a Guide has judged: the stop has
// signed the user out, or says that it has not. An answer may have been posted from
// another site, without our cookie; the redirect brings it, and only then the answer
// counts, in the browser that was sent there, once.
func (h *Handler) Answered(w http.ResponseWriter, r *http.Request, pool userpool.PoolID, ticket string, confirmed bool) error {
	o := Refused
	if confirmed {
		o = Confirmed
	}
	if err := h.Ephemeral.Put(r.Context(), nsAnswer, ticketKey(pool, ticket), []byte(o), h.Now().Add(life)); err != nil {
		return err
	}
	a, err := h.Asked(r.Context(), pool, ticket)
	switch {
	case errors.Is(err, ErrNotAsked) || err == nil && a.Base == "":
		web.Redirect(w, r, link(pool, "ticket", ticket))
	case err != nil:
		return err
	default: // answers come to one address, and our cookie may be at another
		web.Redirect(w, r, a.Base+"/signout?"+url.Values{"ticket": {ticket}}.Encode())
	}
	return nil
}

// base returns which of the pool's addresses the browser is at; empty for none of them.
func (h *Handler) base(r *http.Request, pool *userpool.Pool) string {
	if h.Bases == nil {
		return ""
	}
	for _, base := range h.Bases(pool) {
		if u, err := url.Parse(base); err == nil && strings.EqualFold(u.Host, r.Host) {
			return base
		}
	}
	return ""
}

// arrive notes an answer in the plan that it belongs to.
func (h *Handler) arrive(w http.ResponseWriter, r *http.Request, pool userpool.PoolID, p *plan, ticket string) error {
	a, err := h.Asked(r.Context(), pool, ticket)
	if errors.Is(err, ErrNotAsked) || err == nil && a.Plan != p.key {
		return errOver // another browser's, or one that has counted
	}
	if err != nil {
		return err
	}
	answer, err := h.Ephemeral.Take(r.Context(), nsAnswer, ticketKey(pool, ticket))
	if errors.Is(err, ephemeral.ErrNotFound) {
		return errOver
	}
	if err != nil {
		return err
	}
	if err := h.Ephemeral.Delete(r.Context(), nsAsk, ticketKey(pool, ticket)); err != nil {
		return err
	}
	return h.decided(w, r, pool, p, a.Index, Outcome(answer))
}
