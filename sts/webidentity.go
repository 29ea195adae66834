package sts

import "context"

// IdentityPoolPrincipal is how trust policies name identity pools, and the
// prefix of their condition keys.
const IdentityPoolPrincipal = "cognito-identity.amazonaws.com"

// A WebIdentity is what a verified token says.
type WebIdentity struct {
	Principal string // provider as trust policies name it: an ARN, or IdentityPoolPrincipal
	Prefix    string // of the condition keys: issuer's host and path, or IdentityPoolPrincipal
	Audience  string
	Subject   string
	AMR       []string

	Tags           []Tag
	Transitive     []string
	SourceIdentity string

	// Keys are further condition keys for the trust policy only.
	Keys map[string][]string
}

// A WebIdentityRequest asks for a role on the strength of a verified token.
type WebIdentityRequest struct {
	SessionSpec
	RoleARN     string
	SessionName string
	Identity    WebIdentity
}

const webIdentityRefusal = "Not authorized to perform sts:AssumeRoleWithWebIdentity"

// AssumeRoleWithWebIdentity begins a session for an identity whose token the
// caller has verified. Identity pools use it directly.
func (s *Service) AssumeRoleWithWebIdentity(ctx context.Context, in WebIdentityRequest) (*AssumedRole, error) {
	role, err := s.federatedRole(ctx, in.RoleARN)
	if err != nil {
		return nil, err
	}
	if !validSessionName(in.SessionName) {
		return nil, fail(ErrValidation, "RoleSessionName must match [\\w+=,.@-]{2,64}")
	}
	id := &in.Identity
	claims := id.conditionKeys()
	a := &assumption{role: role, session: in.SessionName, tags: id.Tags, transitive: id.Transitive,
		sourceIdentity: id.SourceIdentity, provider: id.Principal, subject: id.Prefix + subjectMark + id.Subject, spec: in.SessionSpec}
	if id.Principal == IdentityPoolPrincipal {
		a.keep, a.subject = claims, id.Subject
	}
	keys := make(map[string][]string, len(claims)+len(id.Keys))
	for _, m := range []map[string][]string{id.Keys, claims} {
		for k, v := range m {
			keys[k] = v
		}
	}
	err = s.admit(&federation{"sts:AssumeRoleWithWebIdentity", id.Principal, keys, webIdentityRefusal}, a)
	if err != nil {
		return nil, err
	}
	return s.begin(ctx, a, false, id.Tags, id.Transitive)
}

func (id *WebIdentity) conditionKeys() map[string][]string {
	keys := map[string][]string{id.Prefix + ":aud": {id.Audience}, id.Prefix + ":sub": {id.Subject}}
	if len(id.AMR) > 0 {
		keys[id.Prefix+":amr"] = id.AMR
	}
	return keys
}
