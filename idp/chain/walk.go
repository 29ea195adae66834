package chain

import (
	"net/http"
	"net/url"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/userpool"
)

// patience is how long an app that is sent a form has to answer before the browser
// goes on without it, in seconds. Our own page times those that it links to.
const patience = "20"

// page is where the browser is between two stops. Its address may say to go to the
// present stop, to skip it, or that an answer came.
func (h *Handler) page(w http.ResponseWriter, r *http.Request) error {
	pool, err := h.pool(r)
	if err != nil {
		return err
	}
	p, err := h.plan(r, pool.ID)
	if err != nil {
		return err
	}
	r = web.Spoken(r, p.Languages) // apps bring nobody's language back
	switch q := r.URL.Query(); {
	case q.Has("go"):
		return h.visit(w, r, pool, p, q.Get("go"))
	case q.Has("skip"):
		return h.skip(w, r, pool.ID, p, q.Get("skip"))
	case q.Has("ticket"):
		return h.arrive(w, r, pool.ID, p, q.Get("ticket"))
	}
	return h.show(w, r, pool, p)
}

// show shows the first stop that is not over; after the last one it is the goal.
func (h *Handler) show(w http.ResponseWriter, r *http.Request, pool *userpool.Pool, p *plan) error {
	outcomes, err := h.outcomes(r.Context(), p)
	if err != nil {
		return err
	}
	l := &Leaving{}
	for i, o := range outcomes {
		l.Visits = append(l.Visits, Visit{Name: p.Stops[i].Name, Done: o})
		if o.Over() || l.Go != "" {
			continue
		}
		token := p.Stops[i].Token
		l.Go, l.Skip, l.Late = link(pool.ID, "go", token), link(pool.ID, "skip", token), o == Asked
		l.Visits[i].Now = true
	}
	if l.Go == "" {
		return h.finish(w, r, pool, p, outcomes)
	}
	client, err := h.client(r, pool.ID, p.Client)
	if err != nil {
		return err
	}
	return h.Pages.ShowLeaving(w, r, pool, client, l)
}

func link(pool userpool.PoolID, name, value string) string {
	return pagePath(pool) + "?" + url.Values{name: {value}}.Encode()
}

// visit sends the browser to a stop. Each time it is asked anew, with a ticket of its
// own.
func (h *Handler) visit(w http.ResponseWriter, r *http.Request, at *userpool.Pool, p *plan, token string) error {
	pool := at.ID
	i, ok := p.find(token)
	if !ok {
		return errOver
	}
	stop := p.Stops[i].Stop
	ticket, _ := idp.NewSecret()
	guide, err := h.guide(stop.Kind)
	if err != nil {
		return err
	}
	d, err := guide.Depart(r.Context(), pool, stop, ticket)
	if err != nil {
		h.Log.WarnContext(r.Context(), "an app cannot be told of a sign-out", "pool", pool, "kind", stop.Kind, "app", stop.ID, "error", err)
		return h.decided(w, r, pool, p, i, Refused)
	}
	if err := h.ask(r.Context(), pool, ticket, &Ask{Stop: stop, Memo: d.Memo, Base: h.base(r, at), Plan: p.key, Index: i}); err != nil {
		return err
	}
	if err := h.note(r.Context(), p, i, Asked); err != nil {
		return err
	}
	if d.Form != nil {
		w.Header().Set("Refresh", patience+"; url="+link(pool, "skip", token))
	}
	return h.Send(w, r, d, stop.Name)
}

// skip goes on without a stop.
func (h *Handler) skip(w http.ResponseWriter, r *http.Request, pool userpool.PoolID, p *plan, token string) error {
	i, ok := p.find(token)
	if !ok {
		return errOver
	}
	return h.decided(w, r, pool, p, i, Skipped)
}

// decided notes what came of a stop, and leads to the page anew: its address does
// nothing when it is visited again.
func (h *Handler) decided(w http.ResponseWriter, r *http.Request, pool userpool.PoolID, p *plan, i int, o Outcome) error {
	if err := h.note(r.Context(), p, i, o); err != nil {
		return err
	}
	web.Redirect(w, r, pagePath(pool))
	return nil
}
