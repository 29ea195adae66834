package samlsp

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/userpool"
)

// Arrive implements sp.Upstream.
func (s *Service) Arrive(ctx context.Context, answer *sp.Answer) (*sp.Arrival, error) {
	p := answer.Provider
	m, err := s.idp(ctx, p)
	if err != nil {
		return nil, err
	}
	want, err := s.expect(ctx, answer, m)
	if err != nil {
		return nil, err
	}
	r, err := s.read(ctx, answer, m)
	if err != nil {
		return nil, err
	}
	for _, rule := range rules {
		if err := rule(want, r); err != nil {
			return nil, invalid(err)
		}
	}
	arrival, err := want.arrival(r)
	if err != nil {
		return nil, invalid(err)
	}
	return arrival, s.once(ctx, p, r)
}

func invalid(err error) error { return fmt.Errorf("%w: %w", sp.ErrInvalid, err) }

// expect gathers what the answer has to fit.
func (s *Service) expect(ctx context.Context, answer *sp.Answer, m *samlxml.IDPMetadata) (*expected, error) {
	p := answer.Provider
	pool, err := s.Pools.Pool(ctx, p.Pool)
	if err != nil {
		return nil, err
	}
	want := &expected{now: s.Now(), skew: skew(p), issuer: m.EntityID, audience: EntityID(p.Pool), acs: s.addresses(pool, acsPath),
		encrypted: isOn(p, "EncryptedResponses"), scopes: m.Scopes, settings: &p.Settings.SAML}
	if answer.Memo == nil {
		if !isOn(p, "IDPInit") {
			return nil, invalid(errUnasked)
		}
		return want, nil
	}
	want.request = new(memo)
	if err := json.Unmarshal(answer.Memo, want.request); err != nil {
		return nil, err
	}
	if want.request.Entity != m.EntityID || want.request.ID == "" {
		return nil, invalid(errors.New("samlsp: another provider was asked"))
	}
	want.acs = []string{want.request.ACS}
	return want, nil
}

// read decodes and verifies the Response that was posted. Only HTTP-POST carries one
// (Profiles 4.1.2).
func (s *Service) read(ctx context.Context, answer *sp.Answer, m *samlxml.IDPMetadata) (*samlxml.Response, error) {
	p := answer.Provider
	if answer.Query != "" || len(answer.Form["SAMLResponse"]) != 1 || len(answer.Form["RelayState"]) > 1 {
		return nil, invalid(errors.New("samlsp: not one Response by HTTP-POST"))
	}
	raw, err := samlxml.DecodePost(answer.Form.Get("SAMLResponse"))
	if err != nil {
		return nil, invalid(err)
	}
	keys, err := s.decrypting(ctx, p.Pool)
	if err != nil {
		return nil, err
	}
	policy := policy(p, m, keys)
	r, err := policy.Read(raw, s.Now())
	switch {
	case errors.Is(err, samlxml.ErrStatus) && r.Issuer == m.EntityID:
		return nil, fmt.Errorf("%w: status %q, %q: %q", sp.ErrRefused, r.Status.Code, r.Status.Second, r.Status.Message)
	case err != nil:
		return nil, invalid(err)
	}
	return r, nil
}

// policy is what is accepted of a provider, in assertions and in logout messages.
func policy(p *userpool.Provider, m *samlxml.IDPMetadata, keys []*rsa.PrivateKey) *samlxml.Policy {
	return &samlxml.Policy{Certificates: m.Certificates, Keys: keys, Skew: skew(p), SHA1: p.Settings.SAML.SHA1, CBC: p.Settings.SAML.CBC}
}

const nsAssertion = "saml-sp-assertion"

// once accepts an assertion, which must not have been accepted before: by any node,
// for any provider of the pool.
func (s *Service) once(ctx context.Context, p *userpool.Provider, r *samlxml.Response) error {
	key := string(p.Pool) + "\n" + r.Assertion.Issuer.Value + "\n" + r.Assertion.ID
	first, err := s.Ephemeral.Claim(ctx, nsAssertion, key, acceptedUntil(r, skew(p)))
	if err != nil {
		return err
	}
	if !first {
		return invalid(errors.New("samlsp: the assertion was used before"))
	}
	return nil
}

// acceptedUntil is when no rule would accept the assertion any more.
func acceptedUntil(r *samlxml.Response, skew time.Duration) time.Time {
	return r.Assertion.IssueInstant.Add(maxAge + 2*skew)
}
