package chain

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/userpool"
)

// A Start is a sign-out that begins. Whoever makes one has judged who asks: what it
// says happens.
type Start struct {
	Pool   *userpool.Pool
	Client *userpool.Client // whose look the pages have; may be nil
	Goal   Goal

	// Others are sessions in other browsers, which end too.
	Others []*idp.Session

	// Stays says that the session of this browser is not meant: it goes on.
	Stays bool

	// Kind and ID are those of the Stop that asked for the sign-out: it is not asked
	// in turn. Both may be empty.
	Kind, ID string
}

// An ending is what a start comes to.
type ending struct {
	*Start
	here   *idp.Session // of this browser; nil where nobody is signed in
	frames []string     // addresses of OpenID clients, for this browser
	told   []*idp.Participant
	plan   *plan
}

// SignOut ends the browser's session at the pool and the other ones, and leads the
// browser past the apps that took part in them to the goal. Where nobody is signed in
// it goes there at once.
func (h *Handler) SignOut(w http.ResponseWriter, r *http.Request, s *Start) error {
	e, err := h.draw(r, s)
	if err != nil {
		return err
	}
	// In this order: after a failure somebody is still signed in, or an app is told
	// twice, but none is forgotten.
	var cookie *http.Cookie
	if e.kept() {
		if cookie, err = h.keep(r.Context(), s.Pool.ID, e.plan); err != nil {
			return err
		}
	}
	if err := h.end(w, r, e); err != nil {
		return err
	}
	if cookie != nil {
		http.SetCookie(w, cookie)
		if err := h.tellFirst(r.Context(), s.Pool.ID, e.plan); err != nil {
			return err
		}
	}
	return h.send(w, r, e)
}

// draw gathers what ends, who is to be told, and how.
func (h *Handler) draw(r *http.Request, s *Start) (*ending, error) {
	e := &ending{Start: s, plan: &plan{Goal: s.Goal, Languages: web.Languages(r.URL.Query())}}
	cur, err := h.Browser.Current(r, s.Pool.ID)
	if err != nil && !errors.Is(err, idp.ErrSessionNotFound) {
		return nil, err
	}
	if cur != nil && !s.Stays {
		e.here = cur.Session
		if e.frames, err = h.Clients.Frames(r.Context(), e.here); err != nil {
			return nil, err
		}
	}
	if s.Client != nil {
		e.plan.Client = s.Client.ID
	}
	if e.told, err = h.participants(r.Context(), e.sessions()); err != nil {
		return nil, err
	}
	return e, h.drawStops(r.Context(), e)
}

// sessions are all that end.
func (e *ending) sessions() []*idp.Session {
	if e.here == nil {
		return e.Others
	}
	return append([]*idp.Session{e.here}, e.Others...)
}

// participants are the apps of sessions that the browser has to tell.
func (h *Handler) participants(ctx context.Context, sessions []*idp.Session) ([]*idp.Participant, error) {
	var all []*idp.Participant
	for _, s := range sessions {
		list, err := h.Participants.Participants(ctx, s.Pool, s.Sub, s.Root)
		if err != nil {
			return nil, err
		}
		all = append(all, slices.DeleteFunc(list, func(p *idp.Participant) bool { return p.Kind == idp.OpenIDClient })...)
	}
	return all, nil
}

// drawStops fills in the stops of the plan: the apps, and last the provider that the
// user came from, whose page may be where the browser stays.
func (h *Handler) drawStops(ctx context.Context, e *ending) error {
	var stops []Stop
	if h.Apps != nil {
		asked := slices.DeleteFunc(slices.Clone(e.told), func(p *idp.Participant) bool { return e.Kind == App && string(p.Client) == e.ID })
		var err error
		if stops, e.plan.Mute, err = h.Apps.Stops(ctx, e.Pool.ID, asked); err != nil {
			return err
		}
	}
	if e.here != nil && e.here.Upstream != nil && (e.Kind != Upstream || e.ID != e.here.Upstream.Provider) {
		upstream, err := h.upstreamStop(ctx, e.Pool.ID, e.here.Upstream)
		if err != nil {
			return err
		}
		stops = append(stops, upstream...)
	}
	for _, stop := range stops {
		token, _ := idp.NewSecret()
		e.plan.Stops = append(e.plan.Stops, planned{stop, token})
	}
	return nil
}

// kept reports whether the plan is needed beyond this request.
func (e *ending) kept() bool {
	return len(e.plan.Stops) > 0 || len(e.plan.Mute) > 0 && e.Goal.ours() || len(e.frames) > 0 && e.Goal.Kind != ""
}

// end ends the sessions, and forgets the participants that the plan remembers.
func (h *Handler) end(w http.ResponseWriter, r *http.Request, e *ending) error {
	for _, s := range e.Others {
		if err := h.Browser.Sessions.Close(r.Context(), s); err != nil {
			return err
		}
	}
	if !e.Stays {
		if err := h.Browser.SignOut(w, r, e.Pool.ID); err != nil {
			return err
		}
	}
	for _, p := range e.told {
		if err := h.Participants.Leave(r.Context(), p); err != nil {
			return err
		}
	}
	return nil
}

// send sends the browser on: to the frames, the first stop, or the goal.
func (h *Handler) send(w http.ResponseWriter, r *http.Request, e *ending) error {
	if !e.kept() && e.Goal.Kind != "" {
		return h.answer(w, r, e.Pool.ID, e.Goal, len(e.plan.Mute) > 0)
	}
	next := e.plan.end(e.Pool.ID)
	if e.kept() {
		next = pagePath(e.Pool.ID)
	}
	if len(e.frames) > 0 {
		return h.Pages.ShowSigningOut(w, r, e.Pool, e.Client, e.frames, next)
	}
	web.Redirect(w, r, next)
	return nil
}
