package samlsp

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/userpool"
)

// maxRelayState is what the standard allows, in bytes (Bindings 3.4.3).
const maxRelayState = 80

// A memo is what is known of a request when its answer comes.
type memo struct {
	ID     string    // of the request
	Entity string    // of the provider that was asked
	ACS    string    // where it was asked to answer
	At     time.Time // when
	Fresh  bool      // the provider was told not to rely on an earlier sign-in
}

// Depart implements sp.Upstream.
func (s *Service) Depart(ctx context.Context, ask *sp.Ask) (*sp.Departure, error) {
	if len(ask.State) > maxRelayState {
		return nil, errors.New("samlsp: the state does not fit into a RelayState")
	}
	p := ask.Provider
	m, err := s.idp(ctx, p)
	if err != nil {
		return nil, err
	}
	acs, err := s.acs(ctx, ask)
	if err != nil {
		return nil, err
	}
	settings := p.Settings.SAML
	req := &samlxml.OutgoingRequest{ID: samlxml.NewID(), Issuer: EntityID(p.Pool), IssueInstant: s.Now(), ACS: acs,
		ForceAuthn: ask.Force || settings.ForceAuthn, NameID: namePolicy(settings.NameIDFormat), Contexts: settings.Contexts}
	out, err := s.send(ctx, p, m, req, ask.State)
	if err != nil {
		return nil, err
	}
	out.Memo, err = json.Marshal(memo{ID: req.ID, Entity: m.EntityID, ACS: acs, At: req.IssueInstant, Fresh: req.ForceAuthn})
	return out, err
}

// acs is where an answer is to be posted.
func (s *Service) acs(ctx context.Context, ask *sp.Ask) (string, error) {
	pool, err := s.Pools.Pool(ctx, ask.Provider.Pool)
	if err != nil {
		return "", err
	}
	return ask.At(s.Bases(pool)) + acsPath, nil
}

// namePolicy asks for names of a format. The unspecified one stands for any, which
// is asked for without naming it.
func namePolicy(format string) samlxml.NameIDPolicy {
	switch format {
	case "":
		return samlxml.NameIDPolicy{}
	case string(saml.UnspecifiedNameIDFormat):
		return samlxml.NameIDPolicy{Create: true}
	case string(saml.TransientNameIDFormat): // always made anew
		return samlxml.NameIDPolicy{Format: format}
	}
	return samlxml.NameIDPolicy{Create: true, Format: format}
}

// send addresses a request to the provider, by HTTP-Redirect unless it must or should
// be HTTP-POST, and signs it where the provider wants that.
func (s *Service) send(ctx context.Context, p *userpool.Provider, m *samlxml.IDPMetadata, req *samlxml.OutgoingRequest, state string) (*sp.Departure, error) {
	redirect, post := endpoint(m.SSO, saml.HTTPRedirectBinding), endpoint(m.SSO, saml.HTTPPostBinding)
	var signer *samlxml.Signer
	if m.WantAuthnRequestsSigned || p.Details["RequestSigningAlgorithm"] != "" {
		key, err := s.signer(ctx, p)
		if err != nil {
			return nil, err
		}
		signer = &key
	}
	if redirect == nil || p.Settings.SAML.PostRequests && post != nil {
		req.Destination = post.Location
		return byPost(req, signer, state)
	}
	req.Destination = redirect.Location
	address, err := samlxml.RedirectURL(redirect.Location, "SAMLRequest", req.Write(), state, signer)
	if err != nil {
		return nil, fmt.Errorf("samlsp: request to %q: %w", p.Name, err)
	}
	return &sp.Departure{Address: address}, nil
}

func byPost(req *samlxml.OutgoingRequest, signer *samlxml.Signer, state string) (*sp.Departure, error) {
	raw := req.Write()
	if signer != nil {
		var err error
		if raw, err = signer.WriteRequest(req); err != nil {
			return nil, err
		}
	}
	form := url.Values{"SAMLRequest": {base64.StdEncoding.EncodeToString(raw)}}
	if state != "" {
		form.Set("RelayState", state)
	}
	return &sp.Departure{Address: req.Destination, Form: form}, nil
}
