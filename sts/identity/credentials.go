package identity

import (
	"context"
	"errors"
	"time"

	"github.com/poolhouse/poolhouse/sts"
)

const (
	sessionName = "CognitoIdentityCredentials"
	sessionLife = time.Hour // no role can shorten it, and the enhanced flow never lengthens it
)

// Credentials are an identity's credentials and how it came by them.
type Credentials struct {
	sts.Credentials
	Identity  *Identity
	Role      string   // ARN
	Providers []string // that vouched for the client; none for a guest
}

// A CredentialsRequest asks for credentials of an identity.
type CredentialsRequest struct {
	Visitor
	Role string // the role asked for; empty to have one chosen
	Keys map[string][]string
}

// Credentials returns credentials of the role that the pool gives to an identity
// (the enhanced flow). The role's trust policy is asked about the identity as if
// it had come to STS with a pool token.
func (s *Service) Credentials(ctx context.Context, in CredentialsRequest) (*Credentials, error) {
	who, err := s.presentOrToken(ctx, in.Visitor)
	if err != nil {
		return nil, err
	}
	role, err := s.role(who, in.Role)
	if err != nil {
		return nil, err
	}
	spec := sts.SessionSpec{Duration: sessionLife, Keys: in.Keys}
	if who.guest() {
		spec.Policy, spec.PolicyARNs = s.Guests.Policy, s.Guests.PolicyARNs
	}
	session, err := s.Roles.AssumeRoleWithWebIdentity(ctx, sts.WebIdentityRequest{
		SessionSpec: spec, RoleARN: role, SessionName: sessionName,
		Identity: sts.WebIdentity{Principal: sts.IdentityPoolPrincipal, Prefix: sts.IdentityPoolPrincipal,
			Audience: string(who.pool.ID), Subject: string(who.identity.ID), AMR: who.amr(), Tags: s.sessionTags(who)},
	})
	if err != nil {
		return nil, s.roleRefused(ctx, who, role, err)
	}
	return &Credentials{Credentials: session.Credentials, Identity: who.identity, Role: role, Providers: who.providers()}, nil
}

// presentOrToken is present for the call that also takes what the app's backend has
// got for an identity.
func (s *Service) presentOrToken(ctx context.Context, v Visitor) (*presence, error) {
	token, ok := v.Logins[sts.IdentityPoolPrincipal]
	switch {
	case !ok:
		return s.present(ctx, v)
	case len(v.Logins) > 1:
		return nil, fail(ErrInvalidParameter, sts.IdentityPoolPrincipal+" must be the only login.")
	}
	return s.presentToken(ctx, v, token)
}

// roleRefused turns a refusal by STS into the answer that clients know. The
// reason is the operator's business and goes to the log.
func (s *Service) roleRefused(ctx context.Context, who *presence, role string, err error) error {
	var fault *sts.Fault
	if !errors.As(err, &fault) {
		return err
	}
	if errors.Is(err, sts.ErrIDPCommunication) { // the role is one of another system
		return &Fault{Kind: ErrExternalService, Text: "The system that the role is of does not answer.", Cause: err}
	}
	s.Log.WarnContext(ctx, "identity pool's role refused", "pool", who.pool.ID, "identity", who.identity.ID, "role", role, "error", err)
	return errBadRoles
}
