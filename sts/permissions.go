package sts

import (
	"fmt"
	"slices"

	"github.com/poolhouse/poolhouse/sts/policy"
)

// Sizes in characters, of which white space is not counted.
const (
	maxTrustSize   = 2048
	maxManagedSize = 6144
)

// maxAttached is how many managed policies a role or user may have.
const maxAttached = 10

// holder is what kind of entity has permissions, and how much it may have.
type holder struct {
	name      string
	quota     string // of attached policies, as AWS names it
	maxInline int    // characters of all inline policies together
}

var (
	ofRole = holder{"role", "PoliciesPerRole", 10240}
	ofUser = holder{"user", "PoliciesPerUser", 2048}
)

// checkInline judges an inline policy before it is stored with the entity called
// owner.
func (s *Service) checkInline(h holder, owner, name, doc string) error {
	if !validName(name, 128) {
		return fail(ErrValidation, "The specified value for policyName is invalid.")
	}
	if policy.Size(doc) > h.maxInline {
		return h.tooLarge(owner)
	}
	return s.checkDocument(policy.Identity, doc)
}

func (h holder) tooLarge(owner string) error {
	return fail(ErrLimitExceeded, fmt.Sprintf("Maximum policy size of %d bytes exceeded for %s %s", h.maxInline, h.name, owner))
}

// put adds or replaces an inline policy of the entity called owner.
func (p *Permissions) put(h holder, owner, name, doc string) error {
	size := policy.Size(doc)
	for n, other := range p.Inline {
		if n != name {
			size += policy.Size(other)
		}
	}
	if size > h.maxInline {
		return h.tooLarge(owner)
	}
	if p.Inline == nil {
		p.Inline = map[string]string{}
	}
	p.Inline[name] = doc
	return nil
}

// InlineNames returns the names of the inline policies in order.
func (p *Permissions) InlineNames() []string {
	out := make([]string, 0, len(p.Inline))
	for n := range p.Inline {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

func (p *Permissions) attach(h holder, arn string) error {
	if slices.Contains(p.Attached, arn) {
		return nil
	}
	if len(p.Attached) >= maxAttached {
		return fail(ErrLimitExceeded, fmt.Sprintf("Cannot exceed quota for %s: %d", h.quota, maxAttached))
	}
	p.Attached = append(p.Attached, arn)
	return nil
}

func (p *Permissions) detach(arn string) error {
	i := slices.Index(p.Attached, arn)
	if i < 0 {
		return noPolicy(arn)
	}
	p.Attached = slices.Delete(p.Attached, i, i+1)
	return nil
}

// deletable refuses while policies remain, as IAM does.
func (p *Permissions) deletable() error {
	switch {
	case len(p.Inline) > 0:
		return fail(ErrDeleteConflict, "Cannot delete entity, must delete policies first.")
	case len(p.Attached) > 0:
		return fail(ErrDeleteConflict, "Cannot delete entity, must detach all policies first.")
	}
	return nil
}
