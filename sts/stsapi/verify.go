package stsapi

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/sp/oidcrp"
	"github.com/poolhouse/poolhouse/sts"
)

// SAML reads SAML documents for package sts.
type SAML struct{}

var _ sts.SAMLVerifier = SAML{}

// Metadata implements sts.SAMLVerifier.
func (SAML) Metadata(raw []byte) (*sts.SAMLMetadata, error) {
	m, err := samlxml.ParseIDPMetadata(raw)
	if err != nil {
		return nil, err
	}
	return &sts.SAMLMetadata{EntityID: m.EntityID, Certificates: m.Certificates, ValidUntil: m.ValidUntil}, nil
}

// Assertion implements sts.SAMLVerifier.
func (SAML) Assertion(raw []byte, certs []*x509.Certificate, keys []*rsa.PrivateKey, now time.Time) (*sts.Assertion, error) {
	r, err := (&samlxml.Policy{Certificates: certs, Keys: keys, Skew: samlxml.Skew}).Read(raw, now)
	switch {
	case err == nil:
		return assertion(r), nil
	case errors.Is(err, samlxml.ErrNoSignature), errors.Is(err, samlxml.ErrSignature), errors.Is(err, samlxml.ErrAlgorithm):
		return nil, fmt.Errorf("%w: %w", sts.ErrAssertionSignature, err)
	case errors.Is(err, samlxml.ErrStatus):
		return nil, fmt.Errorf("%w: %w", sts.ErrSignInRefused, err)
	case errors.Is(err, samlxml.ErrExpired):
		return nil, fmt.Errorf("%w: %w", sts.ErrTokenExpired, err)
	}
	return nil, fmt.Errorf("%w: %w", sts.ErrAssertionMalformed, err)
}

func assertion(r *samlxml.Response) *sts.Assertion {
	a := r.Assertion
	out := &sts.Assertion{ID: a.ID, Issuer: a.Issuer.Value, Encrypted: r.Encrypted, Audiences: r.Audiences,
		NotBefore: a.Conditions.NotBefore, NotOnOrAfter: a.Conditions.NotOnOrAfter, Authenticated: len(a.AuthnStatements) > 0}
	if n := a.Subject.NameID; n != nil {
		out.Subject, out.SubjectFormat = n.Value, n.Format
	}
	for _, c := range a.Subject.SubjectConfirmations {
		d := c.SubjectConfirmationData
		out.Confirmations = append(out.Confirmations, sts.Confirmation{Method: c.Method, Recipient: d.Recipient,
			NotBefore: d.NotBefore, NotOnOrAfter: d.NotOnOrAfter})
	}
	for _, s := range a.AuthnStatements {
		if end := s.SessionNotOnOrAfter; end != nil && (out.SessionNotOnOrAfter.IsZero() || end.Before(out.SessionNotOnOrAfter)) {
			out.SessionNotOnOrAfter = *end
		}
	}
	for _, s := range a.AttributeStatements {
		for _, attr := range s.Attributes {
			out.Attributes = append(out.Attributes, sts.Attribute{Name: attr.Name, Values: values(attr)})
		}
	}
	return out
}

func values(a saml.Attribute) []string {
	out := make([]string, 0, len(a.Values))
	for _, v := range a.Values {
		out = append(out, v.Value)
	}
	return out
}

// Remote verifies tokens of issuers elsewhere for package sts.
type Remote struct {
	Verifier *oidcrp.Verifier
	Leeway   time.Duration // how long after its expiry a token is still accepted
}

var _ sts.RemoteIssuers = Remote{}

// Verify implements sts.RemoteIssuers.
func (r Remote) Verify(ctx context.Context, issuer, rawJWT string) (map[string]any, error) {
	verify := r.Verifier.Verify
	if r.Leeway > 0 {
		verify = func(ctx context.Context, issuer, raw string) (map[string]any, error) {
			return r.Verifier.VerifyWithin(ctx, issuer, raw, r.Leeway)
		}
	}
	claims, err := verify(ctx, issuer, rawJWT)
	switch {
	case errors.Is(err, oidcrp.ErrExpired):
		return nil, fmt.Errorf("%w: %w", sts.ErrTokenExpired, err)
	case errors.Is(err, oidcrp.ErrUnreachable):
		return nil, fmt.Errorf("%w: %w", sts.ErrIDPCommunication, err)
	case errors.Is(err, oidcrp.ErrInvalid):
		return nil, fmt.Errorf("%w: %w", sts.ErrInvalidToken, err)
	}
	return claims, err
}
