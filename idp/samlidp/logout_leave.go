package samlidp

import (
	"context"
	"errors"
	"net/http"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/idp/chain"
	"github.com/poolhouse/poolhouse/internal/samlxml"
)

// leave ends the sessions that an app means, if this browser's is among them. Where
// there is none any more the app has what it wants.
func (h *Handler) leave(w http.ResponseWriter, r *http.Request, req *leave) error {
	x := req.Exchange
	if req.Request.NameID == nil {
		return h.reply(w, r, req, samlxml.Status{Code: saml.StatusRequester, Second: saml.StatusRequestUnsupported, Message: "an EncryptedID is not read here"})
	}
	cur, err := h.Leaving.Browser.Current(r, x.pool.ID)
	if errors.Is(err, idp.ErrSessionNotFound) {
		return h.reply(w, r, req, samlxml.Status{Code: saml.StatusSuccess})
	}
	if err != nil {
		return err
	}
	meant, err := x.meant(r.Context(), cur.Session.Sub, req.Request)
	if err != nil {
		return err
	}
	if len(meant) == 0 {
		return h.reply(w, r, req, samlxml.Status{Code: saml.StatusSuccess})
	}
	if !meant[cur.Session.Root] {
		return h.reply(w, r, req, samlxml.Status{Code: saml.StatusResponder, Second: saml.StatusRequestDenied, Message: "the session is another browser's"})
	}
	s := &chain.Start{Pool: x.pool, Kind: chain.App, ID: string(x.app.ID)}
	if s.Others, err = h.others(r.Context(), cur.Session, meant); err != nil {
		return err
	}
	if s.Goal, err = x.goal(req); err != nil {
		return err
	}
	return h.Leaving.SignOut(w, r, s)
}

// meant are the roots of the sessions that a request is about: of that user, and of
// those that the app takes part in.
func (x *exchange) meant(ctx context.Context, sub string, req *samlxml.LogoutRequest) (map[idp.Handle]bool, error) {
	list, err := x.h.Participants.Participants(ctx, x.pool.ID, sub, "")
	if err != nil {
		return nil, err
	}
	own, err := memberships(list, x.app.ID)
	if err != nil {
		return nil, err
	}
	roots := map[idp.Handle]bool{}
	for root, m := range own {
		if x.is(m, req) {
			roots[root] = true
		}
	}
	return roots, nil
}

// others are the sessions of roots in other browsers.
func (h *Handler) others(ctx context.Context, here *idp.Session, roots map[idp.Handle]bool) ([]*idp.Session, error) {
	if len(roots) == 1 {
		return nil, nil
	}
	list, err := h.Leaving.Browser.Sessions.Store.List(ctx, here.Pool, here.Sub)
	var others []*idp.Session
	for _, s := range list {
		if roots[s.Root] && s.Root != here.Root {
			others = append(others, s)
		}
	}
	return others, err
}
