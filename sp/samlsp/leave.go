package samlsp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/internal/ephemeral"
	"github.com/poolhouse/poolhouse/internal/samlsoap"
	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/userpool"
)

const (
	nsLeaving    = "saml-sp-leaving"
	leavingLife  = 10 * time.Minute // for people who are asked something on the way
	requestLife  = 5 * time.Minute  // that a provider may take a request for good
	reasonByUser = "urn:oasis:names:tc:SAML:2.0:logout:user"
)

// A leaving is a sign-out at a provider that waits for its answer.
type leaving struct{ Provider, State string }

// logoutEndpoint is where a provider takes logout messages: by HTTP-Redirect where it
// can, as Cognito sends them. Nil: nowhere.
func logoutEndpoint(m *samlxml.IDPMetadata) *samlxml.Endpoint {
	if e := endpoint(m.SLO, saml.HTTPRedirectBinding); e != nil {
		return e
	}
	return endpoint(m.SLO, saml.HTTPPostBinding)
}

// Leave sends the browser to end the session at a provider that one here came of. kept
// is what sp.Arrival had of it. Receive says of the answer what state it is to.
// ErrUnusable: the provider is not signed out of, or cannot be.
func (s *Service) Leave(ctx context.Context, p *userpool.Provider, kept []byte, state string) (*sp.Departure, error) {
	m, req, err := s.goodbye(ctx, p, kept)
	if err != nil {
		return nil, err
	}
	to := logoutEndpoint(m)
	if to == nil {
		return nil, fmt.Errorf("%w: %q takes no logout by a browser", sp.ErrUnusable, p.Name)
	}
	signer, err := s.signer(ctx, p)
	if err != nil {
		return nil, err
	}
	out, err := signer.SendLogout(req, to.Binding, to.Location, state)
	if err != nil {
		return nil, err
	}
	return &sp.Departure{Address: out.Address, Form: out.Form}, s.remember(ctx, p, req.ID, state)
}

// Tell ends that session without a browser, by SOAP, where the provider takes it, and
// reports whether it did. Where a browser is at hand and the provider takes one, it is
// ErrBrowser: it may know its own session by a cookie alone.
func (s *Service) Tell(ctx context.Context, p *userpool.Provider, kept []byte, alone bool) (confirmed bool, err error) {
	m, req, err := s.goodbye(ctx, p, kept)
	if err != nil {
		return false, err
	}
	to := endpoint(m.SLO, saml.SOAPBinding)
	if to == nil || !alone && logoutEndpoint(m) != nil {
		return false, sp.ErrBrowser
	}
	signer, err := s.signer(ctx, p)
	if err != nil {
		return false, err
	}
	return samlsoap.Logout(ctx, s.Caller, signer, samlsoap.Peer{Entity: m.EntityID, Address: to.Location, Policy: policy(p, m, nil)}, req)
}

// goodbye is the LogoutRequest for a session at a provider.
func (s *Service) goodbye(ctx context.Context, p *userpool.Provider, kept []byte) (*samlxml.IDPMetadata, *samlxml.LogoutRequest, error) {
	if !isOn(p, "IDPSignout") || len(kept) == 0 {
		return nil, nil, fmt.Errorf("%w: %q is not signed out of", sp.ErrUnusable, p.Name)
	}
	there, err := readSession(kept)
	if err != nil {
		return nil, nil, err
	}
	m, err := s.idp(ctx, p)
	if err != nil {
		return nil, nil, err
	}
	if there.Entity != m.EntityID {
		return nil, nil, fmt.Errorf("%w: %q takes no logout of that session", sp.ErrUnusable, p.Name)
	}
	req := &samlxml.LogoutRequest{Envelope: s.envelope(p.Pool), Reason: reasonByUser, NameID: &there.Name}
	req.NotOnOrAfter = req.IssueInstant.Add(requestLife)
	if there.Index != "" {
		req.SessionIndexes = []string{there.Index}
	}
	return m, req, nil
}

func (s *Service) envelope(pool userpool.PoolID) samlxml.Envelope {
	return samlxml.Envelope{ID: samlxml.NewID(), Issuer: EntityID(pool), IssueInstant: s.Now()}
}

func leavingKey(pool userpool.PoolID, id string) string { return string(pool) + "/" + id }

// remember keeps whose answer is waited for. It is found by the request and not by
// RelayState, which some providers lose.
func (s *Service) remember(ctx context.Context, p *userpool.Provider, id, state string) error {
	value, err := json.Marshal(leaving{p.Name, state})
	if err != nil {
		return err
	}
	return s.Ephemeral.Put(ctx, nsLeaving, leavingKey(p.Pool, id), value, s.Now().Add(leavingLife))
}

// left takes what waits for the answer to a request of ours. It is there once.
func (s *Service) left(ctx context.Context, pool userpool.PoolID, id string) (*leaving, error) {
	value, err := s.Ephemeral.Take(ctx, nsLeaving, leavingKey(pool, id))
	if errors.Is(err, ephemeral.ErrNotFound) {
		return nil, invalid(fmt.Errorf("samlsp: nobody waits for the answer to %q", id))
	}
	if err != nil {
		return nil, err
	}
	l := new(leaving)
	return l, json.Unmarshal(value, l)
}
