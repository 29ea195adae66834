package samlidp

import (
	"context"
	"encoding/json"
	"time"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/idp/chain"
	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/userpool"
)

const (
	ticketPrefix = "_" // makes an ID of a ticket, which may begin with a digit

	logoutLife = 5 * time.Minute // of a LogoutRequest of ours
	userReason = "urn:oasis:names:tc:SAML:2.0:logout:user"
)

// Depart implements chain.Guide.
func (h *Handler) Depart(ctx context.Context, pool userpool.PoolID, s chain.Stop, ticket string) (*sp.Departure, error) {
	x, t, err := h.stop(ctx, pool, s)
	if err != nil {
		return nil, err
	}
	e := logoutEndpoint(x.sp.SLO, saml.HTTPRedirectBinding)
	if e == nil {
		return nil, sp.ErrUnusable
	}
	return x.dispatch(ctx, x.goodbye(ticketPrefix+ticket, t), e.Binding, e.Location, "")
}

// stop reads what a stop is about.
func (h *Handler) stop(ctx context.Context, pool userpool.PoolID, s chain.Stop) (*exchange, *telling, error) {
	t := new(telling)
	if err := json.Unmarshal(s.Data, t); err != nil {
		return nil, nil, err
	}
	p, err := h.Directory.Pool(ctx, pool)
	if err != nil {
		return nil, nil, err
	}
	x, err := h.unasked(ctx, p, ApplicationID(s.ID))
	return x, t, err
}

// goodbye is the LogoutRequest to the app.
func (x *exchange) goodbye(id string, t *telling) *samlxml.LogoutRequest {
	return &samlxml.LogoutRequest{Envelope: x.envelope(id), NotOnOrAfter: x.h.Now().Add(logoutLife), Reason: userReason,
		NameID: &t.Name, SessionIndexes: t.Indexes}
}

func (x *exchange) envelope(id string) samlxml.Envelope {
	return samlxml.Envelope{ID: id, Issuer: x.h.EntityID(x.pool.ID), IssueInstant: x.h.Now()}
}

func (x *exchange) dispatch(ctx context.Context, m samlxml.LogoutMessage, binding, location, relayState string) (*sp.Departure, error) {
	choose := x.signer
	if binding == saml.HTTPRedirectBinding {
		choose = x.querySigner
	}
	signer, err := choose(ctx)
	if err != nil {
		return nil, err
	}
	out, err := signer.SendLogout(m, binding, location, relayState)
	if err != nil {
		return nil, err
	}
	return &sp.Departure{Address: out.Address, Form: out.Form}, nil
}

// answerAt is where the app takes answers, by the binding that it asked with if it
// can; nil where nowhere.
func (x *exchange) answerAt(post bool) *samlxml.Endpoint {
	if post {
		return logoutEndpoint(x.sp.SLO, saml.HTTPPostBinding)
	}
	return logoutEndpoint(x.sp.SLO, saml.HTTPRedirectBinding)
}

// logoutEndpoint is the first endpoint of the preferred binding, else of the other one
// that browsers carry, else nil.
func logoutEndpoint(all []samlxml.Endpoint, preferred string) *samlxml.Endpoint {
	var other *samlxml.Endpoint
	for i := range all {
		switch {
		case all[i].Binding == preferred:
			return &all[i]
		case other == nil && (all[i].Binding == saml.HTTPRedirectBinding || all[i].Binding == saml.HTTPPostBinding):
			other = &all[i]
		}
	}
	return other
}
