package samlidp

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/idp/chain"
	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/userpool"
)

// A membership is what an app knows of a browser session: the Data of a participant.
type membership struct {
	Name  *saml.NameID // from the assertion, whole; nil where there was none
	Index string       // SessionIndex
}

// join notes that the app takes part in the session once it has the assertion. The
// app's own session ends with SessionNotOnOrAfter, and so does this.
func (x *exchange) join(ctx context.Context, s *idp.Session, a *saml.Assertion) error {
	data, err := json.Marshal(membership{a.Subject.NameID, a.AuthnStatements[0].SessionIndex})
	if err != nil {
		return err
	}
	if a.Subject.NameID != nil {
		if err := x.noteName(ctx, s.Sub, a.Subject.NameID.Value, s.Limit); err != nil {
			return err
		}
	}
	return x.h.Participants.Join(ctx, &idp.Participant{Pool: s.Pool, Sub: s.Sub, Root: s.Root, Kind: idp.SAMLApp, Client: userpool.ClientID(x.app.ID),
		Data: data, Joined: x.h.Now(), Expires: s.Limit})
}

// memberships are those of an app among participants, by their roots.
func memberships(list []*idp.Participant, app ApplicationID) (map[idp.Handle]membership, error) {
	all := map[idp.Handle]membership{}
	for _, p := range list {
		if p.Kind != idp.SAMLApp || p.Client != userpool.ClientID(app) {
			continue
		}
		var m membership
		if err := json.Unmarshal(p.Data, &m); err != nil {
			return nil, err
		}
		all[p.Root] = m
	}
	return all, nil
}

// is reports whether a LogoutRequest is about this membership (Core 3.7.1): it has the
// name, and one of the indexes if it lists any. A transient name is another one with
// each assertion, of which an app may hold an older; there the index, which nobody else
// was told, decides.
func (x *exchange) is(m membership, r *samlxml.LogoutRequest) bool {
	listed := slices.Contains(r.SessionIndexes, m.Index)
	if m.Name == nil || len(r.SessionIndexes) > 0 && !listed {
		return false
	}
	transient := formatURNs[Transient]
	return x.sameName(m.Name, r.NameID) || listed && m.Name.Format == transient && r.NameID.Format == transient
}

// sameName reports whether the app means the name that it was given. What it leaves out
// of the qualifiers says nothing, and the two of us are implied (Core 8.3.7); any other
// makes it another name.
func (x *exchange) sameName(given, said *saml.NameID) bool {
	fits := func(said, given, implied string) bool { return said == "" || said == given || said == implied }
	return said.Value == given.Value && fits(said.Format, given.Format, formatURNs[Unspecified]) &&
		fits(said.NameQualifier, given.NameQualifier, x.h.EntityID(x.pool.ID)) &&
		fits(said.SPNameQualifier, given.SPNameQualifier, x.app.EntityID) && said.SPProvidedID == given.SPProvidedID
}

// A telling is the Data of a chain.Stop: one name of a user at an app, and the
// sessions that end.
type telling struct {
	Name    saml.NameID
	Indexes []string
}

// Stops implements chain.Apps. An app that knows the user by one name in several
// browsers is asked once.
func (h *Handler) Stops(ctx context.Context, pool userpool.PoolID, list []*idp.Participant) (stops []chain.Stop, mute []string, err error) {
	var seen []ApplicationID
	for _, p := range list {
		id := ApplicationID(p.Client)
		if p.Kind != idp.SAMLApp || slices.Contains(seen, id) {
			continue
		}
		seen = append(seen, id)
		app, err := h.Apps.Application(ctx, pool, id)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		own, err := h.stopsOf(app, list)
		if err != nil {
			return nil, nil, err
		}
		if stops = append(stops, own...); len(own) == 0 {
			mute = append(mute, app.Name)
		}
	}
	return stops, mute, nil
}

// stopsOf are the stops at one app; none where it cannot be told.
func (h *Handler) stopsOf(app *Application, list []*idp.Participant) ([]chain.Stop, error) {
	sp, err := h.parties.get(app)
	if err != nil {
		return nil, err
	}
	if logoutEndpoint(sp.SLO, saml.HTTPRedirectBinding) == nil && soapEndpoint(sp.SLO) == nil {
		return nil, nil
	}
	var all []*telling
	for _, p := range list { // in the order of the list, which is the same each time
		one, err := memberships([]*idp.Participant{p}, app.ID)
		if err != nil {
			return nil, err
		}
		if m, ok := one[p.Root]; ok && m.Name != nil {
			all = tell(all, m)
		}
	}
	var stops []chain.Stop
	for _, t := range all {
		data, err := json.Marshal(t)
		if err != nil {
			return nil, err
		}
		stops = append(stops, chain.Stop{Kind: chain.App, ID: string(app.ID), Name: app.Name, Data: data})
	}
	return stops, nil
}

// tell adds a membership to those of its name.
func tell(all []*telling, m membership) []*telling {
	for _, t := range all {
		if t.Name == *m.Name {
			t.Indexes = append(t.Indexes, m.Index)
			return all
		}
	}
	return append(all, &telling{*m.Name, []string{m.Index}})
}
