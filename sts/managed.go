package sts

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/poolhouse/poolhouse/sts/policy"
)

// Limits of managed policies.
const (
	maxManagedSize = 6144 // characters
	maxVersions    = 5
)

// builtin are the policies of AWS's own account that every account can use.
var builtin = map[string]string{
	"arn:aws:iam::aws:policy/AdministratorAccess":                          `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`,
	"arn:aws:iam::aws:policy/AmazonCognitoUnAuthedIdentitiesSessionPolicy": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"rum:PutRumEvents","Resource":"*"}]}`,
	"arn:aws:iam::aws:policy/IAMFullAccess":                                `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:*","Resource":"*"}]}`,
	"arn:aws:iam::aws:policy/AmazonCognitoPowerUser": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["cognito-identity:*","cognito-idp:*",` +
		`"cognito-sync:*","iam:ListRoles","iam:ListOpenIdConnectProviders","iam:GetRole","iam:ListSAMLProviders","iam:GetSAMLProvider"],"Resource":"*"}]}`,
	"arn:aws:iam::aws:policy/AmazonCognitoReadOnly": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["cognito-identity:Describe*",` +
		`"cognito-identity:Get*","cognito-identity:List*","cognito-idp:Describe*","cognito-idp:AdminGet*","cognito-idp:AdminList*","cognito-idp:List*",` +
		`"cognito-idp:Get*","cognito-sync:Describe*","cognito-sync:Get*","cognito-sync:List*","iam:ListOpenIdConnectProviders","iam:ListRoles"],"Resource":"*"}]}`,
}

// policyName returns the name in the ARN of a policy of this account.
func (s *Service) policyName(arn string) (string, bool) {
	account, resource, ok := cutARN(arn, "iam")
	rest, isPolicy := strings.CutPrefix(resource, "policy/")
	return rest[strings.LastIndexByte(rest, '/')+1:], ok && isPolicy && account == s.Account
}

func noPolicy(arn string) error { return fail(ErrNotFound, "Policy "+arn+" does not exist.") }

// Policy returns a managed policy of this account.
func (s *Service) Policy(ctx context.Context, arn string) (*ManagedPolicy, error) {
	name, ok := s.policyName(arn)
	if !ok {
		return nil, noPolicy(arn)
	}
	p, err := s.Store.Policies().Get(ctx, s.Account, name)
	if errors.Is(err, ErrNotFound) || err == nil && p.ARN() != arn {
		return nil, noPolicy(arn)
	}
	return p, err
}

// managedDocument returns the text that counts, also of a builtin policy.
func (s *Service) managedDocument(ctx context.Context, arn string) (string, error) {
	if doc, ok := builtin[arn]; ok {
		return doc, nil
	}
	p, err := s.Policy(ctx, arn)
	if err != nil {
		return "", err
	}
	v, err := p.Version(p.Default)
	return v.Document, err
}

// Version returns one version of the policy.
func (p *ManagedPolicy) Version(id string) (PolicyVersion, error) {
	for _, v := range p.Versions {
		if v.ID == id {
			return v, nil
		}
	}
	return PolicyVersion{}, fail(ErrNotFound, "Policy "+p.ARN()+" version "+id+" does not exist or is not attachable.")
}

func (s *Service) checkAttachable(ctx context.Context, arn string) error {
	_, err := s.managedDocument(ctx, arn)
	if errors.Is(err, ErrNotFound) {
		return fail(ErrNotFound, "Policy "+arn+" does not exist or is not attachable.")
	}
	return err
}

func (s *Service) checkBoundary(ctx context.Context, arn string) error {
	if arn == "" {
		return nil
	}
	return s.checkAttachable(ctx, arn)
}

func (s *Service) checkManaged(doc string) error {
	if policy.Size(doc) > maxManagedSize {
		return fail(ErrLimitExceeded, "Cannot exceed quota for PolicySize: 6144")
	}
	return s.checkDocument(policy.Managed, doc)
}

// CreatePolicy makes a managed policy with its first version.
func (s *Service) CreatePolicy(ctx context.Context, p *ManagedPolicy, doc string) (err error) {
	if !validName(p.Name, 128) {
		return fail(ErrValidation, "The specified value for policyName is invalid.")
	}
	if p.Path, err = orPath(p.Path); err != nil {
		return err
	}
	if err := s.checkManaged(doc); err != nil {
		return err
	}
	if p.Tags, err = setTags(nil, p.Tags); err != nil {
		return err
	}
	p.Account, p.ID, p.Created, p.Updated = s.Account, newID("ANPA", 17), s.now(), s.now()
	p.Versions = []PolicyVersion{{ID: "v1", Document: doc, Created: p.Created}}
	p.Default, p.LastVersion = "v1", 1
	return explain(s.Store.Policies().Create(ctx, p), "", "A policy called "+p.Name+" already exists. Duplicate names are not allowed.")
}

func (s *Service) updatePolicy(ctx context.Context, arn string, fn func(*ManagedPolicy) error) error {
	p, err := s.Policy(ctx, arn)
	if err != nil {
		return err
	}
	_, err = s.Store.Policies().Update(ctx, s.Account, p.Name, func(p *ManagedPolicy) error {
		p.Updated = s.now()
		return fn(p)
	})
	return explain(err, "Policy "+arn+" does not exist.", "")
}

// CreatePolicyVersion adds a version, the one that counts where asDefault is set.
func (s *Service) CreatePolicyVersion(ctx context.Context, arn, doc string, asDefault bool) (v PolicyVersion, err error) {
	if err := s.checkManaged(doc); err != nil {
		return v, err
	}
	err = s.updatePolicy(ctx, arn, func(p *ManagedPolicy) error {
		if len(p.Versions) >= maxVersions {
			return fail(ErrLimitExceeded, "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.")
		}
		p.LastVersion++
		v = PolicyVersion{ID: "v" + strconv.Itoa(p.LastVersion), Document: doc, Created: p.Updated}
		p.Versions = append(p.Versions, v)
		if asDefault {
			p.Default = v.ID
		}
		return nil
	})
	return v, err
}

// SetDefaultPolicyVersion chooses the version that counts.
func (s *Service) SetDefaultPolicyVersion(ctx context.Context, arn, version string) error {
	return s.updatePolicy(ctx, arn, func(p *ManagedPolicy) error {
		_, err := p.Version(version)
		p.Default = version
		return err
	})
}

// DeletePolicyVersion deletes a version other than the one that counts.
func (s *Service) DeletePolicyVersion(ctx context.Context, arn, version string) error {
	return s.updatePolicy(ctx, arn, func(p *ManagedPolicy) error {
		if version == p.Default {
			return fail(ErrDeleteConflict, "Cannot delete the default version of a policy.")
		}
		if _, err := p.Version(version); err != nil {
			return err
		}
		p.Versions = slices.DeleteFunc(p.Versions, func(v PolicyVersion) bool { return v.ID == version })
		return nil
	})
}

// DeletePolicy deletes a policy that nobody uses and that has one version.
func (s *Service) DeletePolicy(ctx context.Context, arn string) error {
	p, err := s.Policy(ctx, arn)
	if err != nil {
		return err
	}
	used, err := s.AttachmentCount(ctx, arn)
	if err != nil {
		return err
	}
	if used > 0 {
		return fail(ErrDeleteConflict, "Cannot delete a policy attached to entities.")
	}
	return s.Store.Policies().Delete(ctx, s.Account, p.Name, func(p *ManagedPolicy) error {
		if len(p.Versions) > 1 {
			return fail(ErrDeleteConflict, "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.")
		}
		return nil
	})
}

// Policies lists the managed policies of this account.
func (s *Service) Policies(ctx context.Context, page Page) ([]*ManagedPolicy, string, error) {
	return list(ctx, s.Store.Policies(), s.Account, page, func(p *ManagedPolicy) string { return p.Path })
}

// AttachmentCount returns how many roles and users use a policy. It reads all of
// them: an account has tens, and the count is asked for rarely.
func (s *Service) AttachmentCount(ctx context.Context, arn string) (int, error) {
	roles, err := countUses(ctx, s.Store.Roles(), s.Account, func(r *Role) bool { return r.Permissions.uses(arn) })
	if err != nil {
		return 0, err
	}
	users, err := countUses(ctx, s.Store.Users(), s.Account, func(u *User) bool { return u.Permissions.uses(arn) })
	return roles + users, err
}

func countUses[T any](ctx context.Context, c Collection[T], account string, uses func(*T) bool) (n int, err error) {
	for after := ""; ; {
		part, next, err := c.List(ctx, account, after, 500)
		if err != nil {
			return 0, err
		}
		for _, e := range part {
			if uses(e) {
				n++
			}
		}
		if after = next; next == "" {
			return n, nil
		}
	}
}
