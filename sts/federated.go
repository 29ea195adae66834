package sts

import (
	"context"

	"github.com/poolhouse/poolhouse/sts/policy"
)

// A federation is a role assumed on the word of an identity provider.
type federation struct {
	action    string              // sts:AssumeRoleWithSAML or …WithWebIdentity
	principal string              // provider as trust policies name it
	keys      map[string][]string // what the provider said, as condition keys
	reason    string              // text of every refusal
}

// admit returns an error unless the role trusts the provider with all that the
// assumption asks for.
func (s *Service) admit(f *federation, a *assumption) error {
	keys := s.trustKeys(a, f.keys)
	keys["aws:FederatedProvider"] = []string{f.principal}
	who := policy.Principal{Type: "Federated", Names: []string{f.principal}}
	for _, action := range a.actions(f.action) {
		ok, err := s.trusts(a.role, &policy.Request{Principal: who, Action: action, Resource: a.role.ARN(), Keys: keys})
		if err != nil {
			return err
		}
		if !ok {
			return fail(ErrAccessDenied, f.reason)
		}
	}
	return nil
}

// federatedRole returns the role of an ARN, or a stranger.
func (s *Service) federatedRole(ctx context.Context, arn string) (*Role, error) {
	ref, ok := ParseRoleARN(arn)
	if !ok {
		return nil, fail(ErrValidation, arn+" is invalid")
	}
	return s.roleOrStranger(ctx, ref)
}
