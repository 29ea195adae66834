package identity

import (
	"context"
	_ "embed"
	"errors"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/sts"
)

// DefaultGuestPolicy is what guests may use at most, whatever their role allows:
// the services that AWS lists for the enhanced flow.
//
//go:embed guestpolicy.json
var DefaultGuestPolicy string

const (
	sessionName = "CognitoIdentityCredentials"
	sessionLife = time.Hour // no role can shorten it, and the enhanced flow never lengthens it
)

// Credentials are an identity's credentials and how it came by them.
type Credentials struct {
	sts.Credentials
	Identity  *Identity
	Role      string   // ARN
	Providers []string // that the client signed in with; none for a guest
}

// A CredentialsRequest asks for credentials of an identity.
type CredentialsRequest struct {
	Identity ID
	Logins   map[string]string // provider → token
	Role     string            // the role asked for; empty to have one chosen
	Keys     map[string][]string
}

// Credentials returns credentials of the role that the pool gives to an identity
// (the enhanced flow). The role's trust policy is asked about the identity as if
// it had come to STS with a pool token.
func (s *Service) Credentials(ctx context.Context, in CredentialsRequest) (*Credentials, error) {
	who, err := s.present(ctx, in.Identity, in.Logins)
	if err != nil {
		return nil, err
	}
	role, err := s.role(who, in.Role)
	if err != nil {
		return nil, err
	}
	session, err := s.Roles.AssumeRoleWithWebIdentity(ctx, sts.WebIdentityRequest{
		SessionSpec: sts.SessionSpec{Policy: s.sessionPolicy(who), Duration: sessionLife, Keys: in.Keys},
		RoleARN:     role,
		SessionName: sessionName,
		Identity: sts.WebIdentity{Principal: sts.IdentityPoolPrincipal, Prefix: sts.IdentityPoolPrincipal,
			Audience: string(who.pool.ID), Subject: string(who.identity.ID), AMR: who.amr()},
	})
	if err != nil {
		return nil, s.roleRefused(ctx, who, role, err)
	}
	out := &Credentials{Credentials: session.Credentials, Identity: who.identity, Role: role}
	for _, one := range who.proofs {
		out.Providers = append(out.Providers, one.Provider)
	}
	return out, nil
}

func (s *Service) sessionPolicy(who *presence) string {
	switch {
	case len(who.proofs) > 0:
		return ""
	case s.GuestPolicy != "":
		return s.GuestPolicy
	}
	return strings.TrimSpace(DefaultGuestPolicy)
}

// roleRefused turns a refusal by STS into the answer that clients know. The
// reason is the operator's business and goes to the log.
func (s *Service) roleRefused(ctx context.Context, who *presence, role string, err error) error {
	var fault *sts.Fault
	if !errors.As(err, &fault) {
		return err
	}
	s.Log.WarnContext(ctx, "identity pool's role refused", "pool", who.pool.ID, "identity", who.identity.ID, "role", role, "error", err)
	return errBadRoles
}
