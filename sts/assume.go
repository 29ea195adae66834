package sts

import (
	"context"
	"time"

	"github.com/poolhouse/poolhouse/sts/policy"
)

// Bounds of a session's life.
const (
	minSession     = 15 * time.Minute
	maxSession     = 12 * time.Hour
	defaultSession = time.Hour
	chainedSession = time.Hour
)

// A SessionSpec is what every way of assuming a role has in common.
type SessionSpec struct {
	Policy     string        // inline session policy, or empty
	PolicyARNs []string      // managed session policies
	Duration   time.Duration // 0 for an hour
	// Keys are the condition keys of the request, such as aws:SourceIp.
	Keys map[string][]string
}

// An AssumeRoleRequest asks for a role on the strength of other credentials.
type AssumeRoleRequest struct {
	SessionSpec
	RoleARN        string
	SessionName    string
	ExternalID     string
	Tags           []Tag
	Transitive     []string
	SourceIdentity string
	MFA            MFAProof
}

// An AssumedRole is a session that began.
type AssumedRole struct {
	Credentials    Credentials
	ARN            string // arn:aws:sts::…:assumed-role/ROLE/SESSION
	ID             string // AROA…:SESSION
	PackedPolicy   *int   // percent; nil where neither policies nor tags were passed
	SourceIdentity string
	Beginning      *Beginning
}

// AssumeRole gives p a session of another role. A role that does not exist is
// refused as one that does not trust p, so that names cannot be found out.
func (s *Service) AssumeRole(ctx context.Context, p *Principal, in AssumeRoleRequest) (*AssumedRole, error) {
	a, err := s.assumable(ctx, p, &in)
	if err != nil {
		return nil, err
	}
	return s.begin(ctx, a, p.Kind == RoleSession, in.Tags, in.Transitive)
}

// assumable returns the role as p may assume it.
func (s *Service) assumable(ctx context.Context, p *Principal, in *AssumeRoleRequest) (*assumption, error) {
	ref, ok := ParseRoleARN(in.RoleARN)
	if !ok {
		return nil, fail(ErrValidation, in.RoleARN+" is invalid")
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	if err := checkChain(p, in); err != nil {
		return nil, err
	}
	role, err := s.roleOrStranger(ctx, ref)
	if err != nil {
		return nil, err
	}
	a := &assumption{role: role, session: in.SessionName, tags: mergeTags(in.Tags, inherited(p)),
		sourceIdentity: in.SourceIdentity, spec: in.SessionSpec}
	a.transitive = append(a.transitive, in.Transitive...)
	for _, t := range inherited(p) {
		a.transitive = append(a.transitive, t.Key)
	}
	if a.mfa, err = s.proveMFA(ctx, p, in.MFA); err != nil {
		return nil, err
	}
	if action, err := s.callerRefused(ctx, p, a, in.ExternalID); err != nil || action != "" {
		if err != nil {
			return nil, err
		}
		return nil, s.refuseRole(ctx, p, action, in.RoleARN, in.Keys)
	}
	return a, nil
}

// check is for callers inside the server; the wire has checked the form already.
func (in *AssumeRoleRequest) check() error {
	if !validSessionName(in.SessionName) {
		return fail(ErrValidation, `RoleSessionName must match [\w+=,.@-]{2,64}`)
	}
	if in.SourceIdentity != "" && !validSourceIdentity(in.SourceIdentity) {
		return fail(ErrValidation, badSourceIdentity)
	}
	return nil
}

// checkChain applies the rules of role chaining: what was set once stays.
func checkChain(p *Principal, in *AssumeRoleRequest) error {
	if set := p.SourceIdentity(); set != "" {
		if in.SourceIdentity != "" && in.SourceIdentity != set {
			return fail(ErrValidation, "The source identity is already set for this assume role session")
		}
		in.SourceIdentity = set
	}
	for _, t := range inherited(p) {
		if hasTag(in.Tags, t.Key) {
			return fail(ErrInvalidParameter, "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.")
		}
	}
	return nil
}

// An assumption is a role about to be assumed by somebody who is known.
type assumption struct {
	role           *Role
	session        string
	tags           []Tag
	transitive     []string
	sourceIdentity string
	mfa            bool                // the request came with a one-time password
	provider       string              // aws:FederatedProvider
	keep           map[string][]string // condition keys that outlive the call
	shorten        time.Duration       // upper bound from the assertion; 0 for none
	subject        string              // user of a provider, by a name that no other provider's user has; or empty
	spec           SessionSpec
}

// actions are what the trust policy must allow.
func (a *assumption) actions(first string) []string {
	out := []string{first}
	if len(a.tags) > 0 {
		out = append(out, "sts:TagSession")
	}
	if a.sourceIdentity != "" {
		out = append(out, "sts:SetSourceIdentity")
	}
	return out
}

// trustKeys returns the condition keys of the request for a trust policy.
func (s *Service) trustKeys(a *assumption, of map[string][]string) map[string][]string {
	keys := make(map[string][]string, len(a.spec.Keys)+len(of)+8)
	for _, m := range []map[string][]string{a.spec.Keys, of} {
		for k, v := range m {
			keys[k] = v
		}
	}
	keys["sts:RoleSessionName"] = []string{a.session}
	if a.sourceIdentity != "" {
		keys["sts:SourceIdentity"] = []string{a.sourceIdentity}
	}
	if len(a.transitive) > 0 {
		keys["sts:TransitiveTagKeys"] = a.transitive
	}
	for _, t := range a.role.Tags {
		keys["aws:ResourceTag/"+t.Key] = []string{t.Value}
		keys["iam:ResourceTag/"+t.Key] = []string{t.Value}
	}
	tagKeys(keys, a.tags)
	s.timeKeys(keys)
	return keys
}

// callerRefused returns the action that p may not perform on the role, or "".
func (s *Service) callerRefused(ctx context.Context, p *Principal, a *assumption, externalID string) (string, error) {
	keys := s.trustKeys(a, p.Keys)
	if externalID != "" {
		keys["sts:ExternalId"] = []string{externalID}
	}
	if a.mfa {
		keys["aws:MultiFactorAuthPresent"], keys["aws:MultiFactorAuthAge"] = []string{"true"}, []string{"0"}
	}
	stack, err := s.stack(ctx, p)
	if err != nil {
		return "", err
	}
	for _, action := range a.actions("sts:AssumeRole") {
		ok, err := s.mayAssume(p, a.role, stack, action, keys)
		if err != nil || !ok {
			return action, err
		}
	}
	return "", nil
}

// mayAssume joins the trust policy with the caller's own policies, as for every
// resource with a policy; but only the trust policy opens a role.
func (s *Service) mayAssume(p *Principal, role *Role, stack *policy.Stack, action string, keys map[string][]string) (bool, error) {
	if p.Kind == FederatedUser || p.state != nil && p.state.Task != "" {
		return false, nil
	}
	trust, err := s.policies.Parse(policy.Trust, role.Trust)
	if err != nil {
		return false, err
	}
	stack.Resource, stack.Guarded, stack.Foreign = []*policy.Policy{trust}, true, role.Account != p.Account
	r := &policy.Request{Principal: role.sees(p), Action: action, Resource: role.ARN(), Keys: keys}
	return policy.Decide(r, stack).Allowed, nil
}

// trusts asks the trust policy about a provider, which has no policies of its own.
func (s *Service) trusts(role *Role, r *policy.Request) (bool, error) {
	trust, err := s.policies.Parse(policy.Trust, role.Trust)
	if err != nil {
		return false, err
	}
	return policy.Decide(r, &policy.Stack{Unlimited: true, Guarded: true, Resource: []*policy.Policy{trust}}).Allowed, nil
}

// begin grants a session and issues its credentials.
func (s *Service) begin(ctx context.Context, a *assumption, chained bool, passed []Tag, transitive []string) (*AssumedRole, error) {
	g, err := s.grant(ctx, a, chained, passed, transitive)
	if err != nil {
		return nil, err
	}
	credentials, err := s.credentials(ctx, a, g)
	if err != nil {
		return nil, err
	}
	return &AssumedRole{Credentials: credentials, ARN: assumedRoleARN(a.role.Account, a.role.Name, a.session),
		ID: a.role.ID + ":" + a.session, PackedPolicy: g.packed, SourceIdentity: a.sourceIdentity,
		Beginning: &Beginning{Tags: a.tags, Transitive: a.transitive}}, nil
}

// A granted is a session that may begin.
type granted struct {
	session *session
	life    time.Duration
	packed  *int // percent
}

// grant checks what remains once the caller is trusted: duration, then policies
// and tags.
func (s *Service) grant(ctx context.Context, a *assumption, chained bool, passed []Tag, transitive []string) (*granted, error) {
	life, err := lifetime(a.spec.Duration, a.role.MaxSession, chained)
	if err != nil {
		return nil, err
	}
	if a.shorten > 0 {
		life = min(life, a.shorten)
	}
	if err := s.checkSessionPolicies(ctx, a.spec); err != nil {
		return nil, err
	}
	if err := checkTags(passed, transitive); err != nil {
		return nil, err
	}
	packed, err := packedSize(a.spec, a.tags)
	if err != nil {
		return nil, err
	}
	return &granted{a.newSession(), life, packed}, nil
}

func (a *assumption) newSession() *session {
	st := &session{Kind: RoleSession, Account: a.role.Account, Name: a.role.Name, Owner: a.role.ID,
		SessionName: a.session, PolicyARNs: a.spec.PolicyARNs, Tags: a.tags, Transitive: a.transitive,
		SourceIdentity: a.sourceIdentity, Provider: a.provider, Keys: a.keep}
	if a.spec.Policy != "" {
		st.Policies = []string{a.spec.Policy}
	}
	return st
}

// lifetime checks in AWS's order: the range, the role's maximum, the limit of
// chained sessions.
func lifetime(asked, roleMax time.Duration, chained bool) (time.Duration, error) {
	if asked == 0 {
		asked = defaultSession
	}
	switch {
	case asked < minSession || asked > maxSession:
		return 0, fail(ErrValidation, "DurationSeconds must be between 900 and 43200.")
	case asked > max(roleMax, defaultSession):
		return 0, fail(ErrValidation, "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	case chained && asked > chainedSession:
		return 0, fail(ErrValidation, "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
	}
	return asked, nil
}
