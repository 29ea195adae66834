package identity

import (
	"context"
	"errors"
	"slices"

	"github.com/poolhouse/poolhouse/sts"
)

// Attributes that an assertion's subject stands in for.
const (
	samlNameID = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier"
	samlName   = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name"
)

// proveSAML verifies a SAML response. It serves as long as its assertion is valid:
// a client sends it with each of its calls.
func (s *Service) proveSAML(ctx context.Context, m *method, response string) (*proof, error) {
	login, err := s.SAML.SAMLLogin(ctx, m.arn, response)
	var fault *sts.Fault
	switch {
	case errors.Is(err, sts.ErrTokenExpired):
		return nil, s.refused(ctx, m, err, errExpired)
	case errors.As(err, &fault):
		return nil, s.refused(ctx, m, err, errNotSAML)
	case err != nil:
		return nil, err
	}
	claims := map[string]any{}
	for name, values := range login.Attributes {
		claims[name] = values
	}
	if claims[samlNameID] == nil {
		claims[samlNameID] = login.Subject
	}
	return &proof{Login: Login{Provider: m.name, Subject: login.Subject}, method: m, claims: claims, roles: login.Roles}, nil
}

// proveAccess asks a public provider about an access token.
func (s *Service) proveAccess(ctx context.Context, m *method, token string) (*proof, error) {
	if s.Access == nil {
		return nil, fail(ErrExternalService, "This server asks no other services about tokens.")
	}
	apps, subject, err := s.Access.Bearer(ctx, m.name, token)
	switch {
	case errors.Is(err, ErrNotAuthorized):
		return nil, s.refused(ctx, m, err, errBadAccess)
	case errors.Is(err, ErrExternalService):
		return nil, &Fault{Kind: ErrExternalService, Text: m.name + " could not be asked about the token.", Cause: err}
	case err != nil:
		return nil, err
	case subject == "":
		return nil, errBadAccess
	}
	n := slices.IndexFunc(apps, func(app string) bool { return m.clients[app] })
	if n < 0 {
		s.Log.InfoContext(ctx, "access token for another app", "provider", m.name, "app", apps)
		return nil, errProvider
	}
	return &proof{Login: Login{Provider: m.name, Subject: subject}, method: m, client: apps[n], claims: map[string]any{"sub": subject, "aud": apps[n]}}, nil
}
