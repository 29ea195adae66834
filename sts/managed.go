package sts

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/poolhouse/poolhouse/sts/policy"
)

// maxVersions is how many versions a managed policy can have.
const maxVersions = 5

// policyName returns the name in the ARN of a policy of this account or of AWS.
func (s *Service) policyName(arn string) (account, name string, err error) {
	account, resource, ok := cutARN(strings.Replace(arn, "::aws:", "::"+awsDigits+":", 1), "iam")
	rest, isPolicy := strings.CutPrefix(resource, "policy/")
	if name = rest[strings.LastIndexByte(rest, '/')+1:]; !ok || !isPolicy || !validName(name, 128) {
		return "", "", fail(ErrInvalidInput, "ARN "+arn+" is not valid.")
	}
	return account, name, nil
}

func noPolicy(arn string) error { return fail(ErrNotFound, "Policy "+arn+" was not found.") }

// Policy returns a managed policy of this account or of AWS.
func (s *Service) Policy(ctx context.Context, arn string) (*ManagedPolicy, error) {
	account, name, err := s.policyName(arn)
	if err != nil {
		return nil, err
	}
	if p, ok := builtin[arn]; ok {
		return p.clone(), nil
	}
	if account != s.Account {
		return nil, noPolicy(arn)
	}
	p, err := s.Store.Policies().Get(ctx, s.Account, name)
	if errors.Is(err, ErrNotFound) || err == nil && p.ARN() != arn {
		return nil, noPolicy(arn)
	}
	return p, err
}

// managedDocument returns the text that counts.
func (s *Service) managedDocument(ctx context.Context, arn string) (string, error) {
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

// checkAttachable refuses a policy that is not there, or is a service's.
func (s *Service) checkAttachable(ctx context.Context, arn string) error {
	p, err := s.Policy(ctx, arn)
	if errors.Is(err, ErrNotFound) || err == nil && p.Deleting {
		return fail(ErrNotFound, "Policy "+arn+" does not exist or is not attachable.")
	}
	if err == nil && p.ofService() {
		return fail(ErrNotAttachable, "Cannot attach a Service Role Policy to a Customer Role.")
	}
	return err
}

// keepAttached looks once more at a policy that was just attached. Whoever deletes
// it marks it first and counts its users then: either the count has this one, or
// this look sees the mark and undoes what was done.
func (s *Service) keepAttached(ctx context.Context, arn string, undo func() error) error {
	err := s.checkAttachable(ctx, arn)
	if errors.Is(err, ErrNotFound) {
		if undone := undo(); undone != nil && !errors.Is(undone, ErrNotFound) {
			return undone
		}
	}
	return err
}

func (s *Service) checkBoundary(ctx context.Context, arn string) error {
	if arn == "" {
		return nil
	}
	err := s.checkAttachable(ctx, arn)
	if errors.Is(err, ErrNotFound) {
		return fail(ErrNotFound, "Scope ARN: "+arn+" does not exist or is not attachable.")
	}
	return err
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

// ownPolicy is Policy for one that is to be changed: AWS's own cannot be.
func (s *Service) ownPolicy(ctx context.Context, arn string) (*ManagedPolicy, error) {
	p, err := s.Policy(ctx, arn)
	if err == nil && p.Account != s.Account {
		return nil, fail(ErrAccessDenied, "Policy "+arn+" is managed by AWS and cannot be changed.")
	}
	return p, err
}

func (s *Service) updatePolicy(ctx context.Context, arn string, fn func(*ManagedPolicy) error) error {
	p, err := s.ownPolicy(ctx, arn)
	if err != nil {
		return err
	}
	_, err = s.Store.Policies().Update(ctx, s.Account, p.Name, func(now *ManagedPolicy) error {
		if now.ID != p.ID {
			return noPolicy(arn)
		}
		return fn(now)
	})
	return explain(err, "Policy "+arn+" was not found.", "")
}

// revisePolicy is updatePolicy for what UpdateDate tells of: the versions.
func (s *Service) revisePolicy(ctx context.Context, arn string, fn func(*ManagedPolicy) error) error {
	return s.updatePolicy(ctx, arn, func(p *ManagedPolicy) error {
		p.Updated = s.now()
		return fn(p)
	})
}

// CreatePolicyVersion adds a version, the one that counts where asDefault is set.
func (s *Service) CreatePolicyVersion(ctx context.Context, arn, doc string, asDefault bool) (v PolicyVersion, err error) {
	if err := s.checkManaged(doc); err != nil {
		return v, err
	}
	err = s.revisePolicy(ctx, arn, func(p *ManagedPolicy) error {
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
	return s.revisePolicy(ctx, arn, func(p *ManagedPolicy) error {
		_, err := p.Version(version)
		p.Default = version
		return err
	})
}

// DeletePolicyVersion deletes a version other than the one that counts.
func (s *Service) DeletePolicyVersion(ctx context.Context, arn, version string) error {
	return s.revisePolicy(ctx, arn, func(p *ManagedPolicy) error {
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

// TagPolicy lays tags over those of the policy.
func (s *Service) TagPolicy(ctx context.Context, arn string, tags []Tag) error {
	return s.updatePolicy(ctx, arn, func(p *ManagedPolicy) (err error) { p.Tags, err = setTags(p.Tags, tags); return err })
}

// UntagPolicy removes tags.
func (s *Service) UntagPolicy(ctx context.Context, arn string, keys []string) error {
	return s.updatePolicy(ctx, arn, func(p *ManagedPolicy) error { p.Tags = dropTags(p.Tags, keys); return nil })
}

// DeletePolicy deletes a policy that nobody uses and that has one version.
func (s *Service) DeletePolicy(ctx context.Context, arn string) error {
	mark := func(deleting bool) error {
		return s.updatePolicy(ctx, arn, func(p *ManagedPolicy) error { p.Deleting = deleting; return nil })
	}
	if err := mark(true); err != nil {
		return err
	}
	err := s.deleteMarked(ctx, arn)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return errors.Join(err, mark(false))
	}
	return err
}

func (s *Service) deleteMarked(ctx context.Context, arn string) error {
	usage, err := s.PolicyUsage(ctx)
	if err != nil {
		return err
	}
	if u := usage[arn]; u.Attached+u.Boundaries > 0 {
		return fail(ErrDeleteConflict, "Cannot delete a policy attached to entities.")
	}
	_, name, err := s.policyName(arn)
	if err != nil {
		return err
	}
	err = s.Store.Policies().Delete(ctx, s.Account, name, func(p *ManagedPolicy) error {
		if len(p.Versions) > 1 {
			return fail(ErrDeleteConflict, "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.")
		}
		return nil
	})
	return explain(err, "Policy "+arn+" was not found.", "")
}
