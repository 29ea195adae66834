package sts

import (
	"context"
	"errors"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/sts/policy"
)

// Authorize returns nil if p may perform action on resource, else a Fault of
// kind ErrAccessDenied with the sealed reason. keys are the condition keys of the request; those of
// the principal stand above them.
func (s *Service) Authorize(ctx context.Context, p *Principal, action, resource string, keys map[string][]string) error {
	if free(action) {
		return nil
	}
	r := &policy.Request{Principal: p.trusted(), Action: action, Resource: resource, Keys: s.requestKeys(p, keys)}
	if barred(p, action) {
		return s.refuse(ctx, p, r, nil, policy.Decision{Part: policy.SessionPart})
	}
	stack, err := s.stack(ctx, p)
	if err != nil {
		return err
	}
	if d := policy.Decide(r, stack); !d.Allowed {
		return s.refuse(ctx, p, r, stack, d)
	}
	return nil
}

// free actions need no permission: GetCallerIdentity works even where it is
// denied; the others are decided with the trust policy or the kind of credential.
func free(action string) bool {
	switch action {
	case "sts:GetCallerIdentity", "sts:AssumeRole", "sts:GetSessionToken":
		return true
	}
	return false
}

// barred actions are beyond a kind of credential whatever its policies say.
func barred(p *Principal, action string) bool {
	if !p.Temporary() {
		return false
	}
	service, _, _ := strings.Cut(action, ":")
	switch p.Kind {
	case RoleSession:
		return action == "sts:GetFederationToken"
	case Root:
		return p.state.Task == "" && ofIdentity(action) || service == "sts"
	case IAMUser: // of GetSessionToken
		return p.state.MFA == 0 && ofIdentity(action) || service == "sts"
	default: // of GetFederationToken
		return ofIdentity(action) || service == "sts"
	}
}

// ofIdentity reports whether an action is IAM's, or one of ours that stands in for
// IAM's.
func ofIdentity(action string) bool {
	return strings.HasPrefix(action, "iam:") || strings.HasPrefix(action, "poolhouse:") && strings.Contains(action, "MfaDevice")
}

// stack returns the principal's own policies.
func (s *Service) stack(ctx context.Context, p *Principal) (*policy.Stack, error) {
	out := &policy.Stack{}
	grants := p.permissions()
	out.Unlimited = grants == nil
	if grants != nil {
		var err error
		if out.Identity, err = s.compile(ctx, policy.Identity, inlineTexts(grants), grants.Attached); err != nil {
			return nil, err
		}
		if grants.Boundary != "" {
			boundary, err := s.compile(ctx, policy.Identity, nil, []string{grants.Boundary})
			if err != nil {
				return nil, err
			}
			out.Limits = append(out.Limits, policy.Limit{Part: policy.BoundaryPart, Policies: boundary})
		}
	}
	if p.scoped() {
		passed, err := s.compile(ctx, policy.Session, p.state.Policies, p.state.PolicyARNs)
		if err != nil {
			return nil, err
		}
		out.Limits = append(out.Limits, policy.Limit{Part: policy.SessionPart, Policies: passed})
	}
	return out, nil
}

// permissions returns the policies of the identity behind p; nil means root, or a
// federated user of root.
func (p *Principal) permissions() *Permissions {
	switch {
	case p.role != nil:
		return &p.role.Permissions
	case p.user != nil:
		return &p.user.Permissions
	}
	return nil
}

// scoped reports whether session policies count. A federated user without any
// may do nothing.
func (p *Principal) scoped() bool {
	return p.state != nil && (p.Kind == FederatedUser || len(p.state.Policies)+len(p.state.PolicyARNs) > 0)
}

func inlineTexts(g *Permissions) []string {
	out := make([]string, 0, len(g.Inline))
	for _, doc := range g.Inline {
		out = append(out, doc)
	}
	return out
}

// denyAll stands in for a managed policy that is gone. It cannot be deleted
// while it is attached, but a session may outlive it, and what it denied.
const denyAll = `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}`

// compile returns the policies of texts and of managed ARNs.
func (s *Service) compile(ctx context.Context, kind policy.Kind, texts, arns []string) ([]*policy.Policy, error) {
	out := make([]*policy.Policy, 0, len(texts)+len(arns))
	for _, text := range texts {
		p, err := s.policies.Parse(kind, text)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	for _, arn := range arns {
		doc, err := s.managedDocument(ctx, arn)
		if errors.Is(err, ErrNotFound) {
			doc, err = denyAll, nil
		}
		if err != nil {
			return nil, err
		}
		p, err := s.policies.Parse(policy.Identity, doc)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// requestKeys lays the principal's keys and the time over those of the request.
func (s *Service) requestKeys(p *Principal, keys map[string][]string) map[string][]string {
	out := make(map[string][]string, len(keys)+len(p.Keys)+2)
	maps.Copy(out, keys)
	maps.Copy(out, p.Keys)
	s.timeKeys(out)
	return out
}

func (s *Service) timeKeys(keys map[string][]string) {
	now := s.Now().UTC()
	keys["aws:CurrentTime"] = []string{now.Format(time.RFC3339)}
	keys["aws:EpochTime"] = []string{strconv.FormatInt(now.Unix(), 10)}
}
