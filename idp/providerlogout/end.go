package providerlogout

import (
	"context"
	"errors"
	"net/http"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/idp/chain"
	"github.com/poolhouse/poolhouse/sp/samlsp"
	"github.com/poolhouse/poolhouse/userpool"
)

// end ends the sessions that came of those that a provider has ended, here and in
// other browsers, leads this browser past the apps that took part in them, and then
// back with an answer. A session of somebody else, whose browser was only sent here,
// goes on.
func (h *Handler) end(w http.ResponseWriter, r *http.Request, pool *userpool.Pool, l *samlsp.Logout) error {
	here, err := h.here(r, pool.ID, l)
	if err != nil {
		return err
	}
	others, err := h.others(r.Context(), pool.ID, l, here)
	if err != nil {
		return err
	}
	s := &chain.Start{Pool: pool, Others: others, Stays: here == nil, Kind: chain.Upstream, ID: l.Provider}
	if reply := l.Reply(); reply != nil {
		s.Goal = chain.Goal{Kind: Goal, Data: reply}
	}
	return h.Chain.SignOut(w, r, s)
}

// here returns the browser's session if it is one of those that end, else nil.
func (h *Handler) here(r *http.Request, pool userpool.PoolID, l *samlsp.Logout) (*idp.Session, error) {
	cur, err := h.Browser.Current(r, pool)
	if errors.Is(err, idp.ErrSessionNotFound) {
		return nil, nil
	}
	if err != nil || !cameOf(cur.Session, l) {
		return nil, err
	}
	return cur.Session, nil
}

// cameOf reports whether a session came of one that a provider has ended.
func cameOf(s *idp.Session, l *samlsp.Logout) bool {
	return s.Upstream != nil && s.Upstream.Provider == l.Provider && l.Request.Is(s.Upstream.Session)
}

// others returns the sessions that end beside the one here: of the same user, and of
// whom the name belongs to.
func (h *Handler) others(ctx context.Context, pool userpool.PoolID, l *samlsp.Logout, here *idp.Session) ([]*idp.Session, error) {
	subs := map[string]bool{}
	if here != nil {
		subs[here.Sub] = true
	}
	u, err := h.Store.UserByIdentity(ctx, pool, userpool.IdentityKey{Provider: l.Provider, Attribute: userpool.IdentitySubject, Value: l.Request.Name.Value})
	switch {
	case err == nil:
		subs[u.Sub] = true
	case !errors.Is(err, userpool.ErrUserNotFound):
		return nil, err
	}
	var found []*idp.Session
	for sub := range subs {
		list, err := h.Browser.Sessions.Store.List(ctx, pool, sub)
		if err != nil {
			return nil, err
		}
		for _, s := range list {
			if cameOf(s, l) && (here == nil || s.ID != here.ID) {
				found = append(found, s)
			}
		}
	}
	return found, nil
}
