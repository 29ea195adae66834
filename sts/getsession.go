package sts

import (
	"context"
	"maps"
	"time"
)

// Bounds of sessions that a user makes for itself; root's are never over an hour.
const (
	maxUserSession     = 36 * time.Hour
	defaultUserSession = 12 * time.Hour
	maxRootSession     = time.Hour
)

// A SessionTokenRequest asks for temporary credentials of one's own.
type SessionTokenRequest struct {
	Duration time.Duration // 0 for 12 hours, of root for one
	MFA      MFAProof
}

// SessionToken gives a user or root temporary credentials of its own.
func (s *Service) SessionToken(ctx context.Context, p *Principal, in SessionTokenRequest) (Credentials, error) {
	life, err := userLifetime(p, in.Duration)
	if err != nil {
		return Credentials{}, err
	}
	if p.Temporary() {
		return Credentials{}, fail(ErrAccessDenied, "Cannot call GetSessionToken with session credentials")
	}
	st := &session{Kind: p.Kind, Account: p.Account, Name: p.Name, Owner: ownerID(p)}
	proved, err := s.proveMFA(ctx, p, in.MFA)
	if err != nil {
		return Credentials{}, err
	}
	if proved {
		st.MFA = s.now().UnixMicro()
	}
	return s.issue(ctx, st, life)
}

// A FederationRequest asks for a session under a name of the caller's choosing.
type FederationRequest struct {
	SessionSpec
	Name string
	Tags []Tag
}

// A Federated is the answer to it.
type Federated struct {
	Credentials  Credentials
	ARN, ID      string
	PackedPolicy int // percent
}

// FederationToken gives a user or root credentials that may do what the caller
// may and the passed policies allow; without policies, nothing.
func (s *Service) FederationToken(ctx context.Context, p *Principal, in FederationRequest) (*Federated, error) {
	if p.Temporary() {
		return nil, fail(ErrAccessDenied, "Cannot call GetFederationToken with session credentials")
	}
	life, err := userLifetime(p, in.Duration)
	if err != nil {
		return nil, err
	}
	if err := s.checkSessionPolicies(ctx, in.SessionSpec); err != nil {
		return nil, err
	}
	if err := s.mayTag(ctx, p, in); err != nil {
		return nil, err
	}
	packed, err := packedSize(in.SessionSpec, in.Tags)
	if err != nil {
		return nil, err
	}
	st := &session{Kind: FederatedUser, Account: p.Account, Name: in.Name, Owner: ownerID(p), OwnerName: p.Name,
		PolicyARNs: in.PolicyARNs, Tags: in.Tags}
	if in.Policy != "" {
		st.Policies = []string{in.Policy}
	}
	c, err := s.issue(ctx, st, life)
	if err != nil {
		return nil, err
	}
	out := &Federated{Credentials: c, ARN: federatedARN(p.Account, in.Name), ID: p.Account + ":" + in.Name}
	if packed != nil {
		out.PackedPolicy = *packed
	}
	return out, nil
}

// mayTag judges the session tags of a federation. They stand above the caller's own
// tags, by which its policies may let it do more or less: so they need permission.
func (s *Service) mayTag(ctx context.Context, p *Principal, in FederationRequest) error {
	if len(in.Tags) == 0 {
		return nil
	}
	if err := checkTags(in.Tags, nil); err != nil {
		return err
	}
	keys := maps.Clone(in.Keys)
	if keys == nil {
		keys = map[string][]string{}
	}
	tagKeys(keys, in.Tags)
	return s.Authorize(ctx, p, "sts:TagSession", federatedARN(p.Account, in.Name), keys)
}

// ownerID is what the session dies with: the user's stable ID.
func ownerID(p *Principal) string {
	if p.user != nil {
		return p.user.ID
	}
	return p.Account
}

func userLifetime(p *Principal, asked time.Duration) (time.Duration, error) {
	if asked != 0 && (asked < minSession || asked > maxUserSession) {
		return 0, fail(ErrValidation, "DurationSeconds must be between 900 and 129600.")
	}
	if p.Kind == Root {
		if asked == 0 {
			return maxRootSession, nil
		}
		return min(asked, maxRootSession), nil
	}
	if asked == 0 {
		return defaultUserSession, nil
	}
	return asked, nil
}
