package chain

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/userpool"
)

// ours reports whether the goal is our own page.
func (g Goal) ours() bool { return g.Kind == "" && g.Address == "" }

// end is where a plan whose goal has no Answerer leads to. Our own page speaks the
// language of those before it.
func (p *plan) end(pool userpool.PoolID) string {
	if p.Goal.Address != "" {
		return p.Goal.Address
	}
	page := url.URL{Path: "/" + string(pool) + "/signedout", RawQuery: p.Languages.Encode()}
	return page.String()
}

func pagePath(pool userpool.PoolID) string { return "/" + string(pool) + "/signout" }

// finish leads to the goal. Where apps were asked and did not confirm, people read so
// first; an Answerer's message says it for itself. An app that nobody can tell keeps
// nobody from going on: it would at each sign-out.
func (h *Handler) finish(w http.ResponseWriter, r *http.Request, pool *userpool.Pool, p *plan, outcomes []Outcome) error {
	left := &Left{Mute: p.Mute}
	for i, o := range outcomes {
		if o != Confirmed {
			left.Missed = append(left.Missed, p.Stops[i].Name)
		}
	}
	partial := len(left.Missed)+len(left.Mute) > 0
	switch {
	case p.Goal.Kind != "":
		if first, err := h.close(w, r, pool.ID, p); err != nil || !first {
			return errors.Join(err, errOver)
		}
		return h.answer(w, r, pool.ID, p.Goal, partial)
	case len(left.Missed) > 0 || partial && p.Goal.ours():
		left.Next = p.Goal.Address
		client, err := h.client(r, pool.ID, p.Client)
		if err != nil {
			return err
		}
		return h.Pages.ShowLeft(w, r, pool, client, left)
	}
	if _, err := h.close(w, r, pool.ID, p); err != nil {
		return err
	}
	web.Redirect(w, r, p.end(pool.ID))
	return nil
}

// answer sends what an Answerer has to say.
func (h *Handler) answer(w http.ResponseWriter, r *http.Request, pool userpool.PoolID, g Goal, partial bool) error {
	a, ok := h.Answerers[g.Kind]
	if !ok {
		return errors.New("chain: nobody answers " + g.Kind)
	}
	d, err := a.Answer(r.Context(), pool, g.Data, partial)
	if err != nil {
		return err
	}
	return h.Send(w, r, d, "")
}

// Send sends the browser away with a message, to somebody who is called name; by
// their host where that is empty.
func (h *Handler) Send(w http.ResponseWriter, r *http.Request, d *sp.Departure, name string) error {
	if d.Form == nil {
		web.Redirect(w, r, d.Address)
		return nil
	}
	if u, err := url.Parse(d.Address); name == "" && err == nil {
		name = u.Host
	}
	page := web.Post{To: d.Address, App: name, Script: h.Script, Text: h.Wording.Text(r, name)}
	for field, values := range d.Form {
		for _, v := range values {
			page.Fields = append(page.Fields, web.PostField{Name: field, Value: v})
		}
	}
	return page.Write(w)
}

// client returns a client of the pool, nil for one that is gone.
func (h *Handler) client(r *http.Request, pool userpool.PoolID, id userpool.ClientID) (*userpool.Client, error) {
	if id == "" {
		return nil, nil
	}
	c, err := h.Store.Client(r.Context(), id)
	if errors.Is(err, userpool.ErrClientNotFound) || err == nil && c.Pool != pool {
		return nil, nil
	}
	return c, err
}
