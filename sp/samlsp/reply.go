package samlsp

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/userpool"
)

// A reply is what is still to be said to a provider that told of a sign-out.
type reply struct{ Provider, ID, RelayState string }

// Reply is what Answer takes to answer a request later; nil where none is wanted.
func (l *Logout) Reply() []byte {
	if l.Request == nil || l.Request.Silent {
		return nil
	}
	raw, err := json.Marshal(reply{l.Provider, l.Request.ID, l.Request.RelayState})
	if err != nil {
		panic(err) // three strings
	}
	return raw
}

// Answer tells a provider that the sessions it spoke of have ended here: Success, also
// where there were none any more. partial says that an app did not hear of it.
func (s *Service) Answer(ctx context.Context, pool userpool.PoolID, data []byte, partial bool) (*sp.Departure, error) {
	var to reply
	if err := json.Unmarshal(data, &to); err != nil {
		return nil, err
	}
	p, err := s.Pools.Provider(ctx, pool, to.Provider)
	if err != nil {
		return nil, err
	}
	m, err := s.idp(ctx, p)
	if err != nil {
		return nil, err
	}
	e := logoutEndpoint(m)
	if e == nil {
		return nil, fmt.Errorf("%w: %q takes no answer", sp.ErrUnusable, p.Name)
	}
	signer, err := s.signer(ctx, p)
	if err != nil {
		return nil, err
	}
	answer := &samlxml.LogoutResponse{Envelope: s.envelope(pool), InResponseTo: to.ID, Status: samlxml.Status{Code: saml.StatusSuccess}}
	if partial {
		answer.Status.Second = saml.StatusPartialLogout
	}
	out, err := signer.SendLogout(answer, e.Binding, e.Answers(), to.RelayState)
	if err != nil {
		return nil, err
	}
	return &sp.Departure{Address: out.Address, Form: out.Form}, nil
}
