package sts

import (
	"slices"
	"time"

	"github.com/poolhouse/poolhouse/sts/policy"
)

// A Kind is what sort of identity a credential belongs to.
type Kind string

// The kinds of principal.
const (
	Root          Kind = "root"
	IAMUser       Kind = "user"
	RoleSession   Kind = "role"
	FederatedUser Kind = "federated"
)

// A Principal is who is behind a credential, as of the moment it was verified.
type Principal struct {
	Kind        Kind
	Account     string
	ARN         string // as GetCallerIdentity reports it
	UserID      string
	Name        string // of the role, the user or the federated user; empty for root
	AccessKeyID string
	Keys        map[string][]string // condition keys that the credential carries

	state *session // nil for a long-term key
	role  *Role    // of a role session
	user  *User    // of a user, or behind a federated one; nil for root's
}

// Temporary reports whether the credential expires.
func (p *Principal) Temporary() bool { return p.state != nil }

// Expires returns when the credential ends; zero for a long-term key.
func (p *Principal) Expires() time.Time {
	if p.state == nil {
		return time.Time{}
	}
	return time.UnixMicro(p.state.Expires).UTC()
}

// SourceIdentity returns what was set when the role was assumed, or "".
func (p *Principal) SourceIdentity() string {
	if p.state == nil {
		return ""
	}
	return p.state.SourceIdentity
}

// identify fills in names and condition keys.
func (p *Principal) identify() {
	principalARN, kind := p.ARN, "User"
	switch {
	case p.Kind == Root:
		p.ARN, p.UserID, kind = rootARN(p.Account), p.Account, "Account"
		principalARN = p.ARN
	case p.Kind == IAMUser:
		p.ARN, p.UserID, p.Name = p.user.ARN(), p.user.ID, p.user.Name
		principalARN = p.ARN
	case p.Kind == RoleSession:
		p.ARN = assumedRoleARN(p.Account, p.role.Name, p.state.SessionName)
		p.UserID, p.Name, kind = p.role.ID+":"+p.state.SessionName, p.role.Name, "AssumedRole"
		principalARN = p.role.ARN()
	case p.Kind == FederatedUser:
		p.ARN = federatedARN(p.Account, p.state.Name)
		p.UserID, p.Name, kind = p.Account+":"+p.state.Name, p.state.Name, "FederatedUser"
		principalARN = p.ARN
	}
	p.Keys = map[string][]string{
		"aws:PrincipalArn":     {principalARN},
		"aws:PrincipalAccount": {p.Account},
		"aws:PrincipalType":    {kind},
		"aws:userid":           {p.UserID},
	}
	if p.Kind == IAMUser {
		p.Keys["aws:username"] = []string{p.user.Name}
	}
	p.addSessionKeys()
	for _, t := range p.tags() {
		p.Keys["aws:PrincipalTag/"+t.Key] = []string{t.Value}
	}
}

func (p *Principal) addSessionKeys() {
	if p.state == nil {
		return
	}
	for k, v := range p.state.Keys {
		p.Keys[k] = slices.Clip(v) // the session is shared
	}
	issued := time.UnixMicro(p.state.Issued).UTC()
	p.Keys["aws:TokenIssueTime"] = []string{issued.Format(time.RFC3339)}
	p.Keys["aws:MultiFactorAuthPresent"] = []string{"false"}
	if p.state.SourceIdentity != "" {
		p.Keys["aws:SourceIdentity"] = []string{p.state.SourceIdentity}
	}
	if p.state.Provider != "" {
		p.Keys["aws:FederatedProvider"] = []string{p.state.Provider}
	}
}

// tags are the identity's own tags under the session's: the latter win.
func (p *Principal) tags() []Tag {
	var own, passed []Tag
	switch {
	case p.role != nil:
		own = p.role.Tags
	case p.user != nil:
		own = p.user.Tags
	}
	if p.state != nil {
		passed = p.state.Tags
	}
	return mergeTags(own, passed)
}

// trusted is how trust and resource policies see the principal. A session answers
// to its own name and to that of the role or user behind it.
func (p *Principal) trusted() policy.Principal {
	names := []string{p.ARN}
	switch {
	case p.role != nil:
		names = append(names, p.role.ARN())
	case p.user != nil && p.Kind == FederatedUser:
		names = append(names, p.user.ARN())
	}
	return policy.Principal{Type: "AWS", Account: p.Account, Names: names}
}
