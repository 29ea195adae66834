package sts

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/poolhouse/poolhouse/sts/policy"
)

// defaultPath is where an entity stands that names no path.
const defaultPath = "/"

// orPath returns path, or the default for an empty one.
func orPath(path string) (string, error) {
	if path == "" {
		return defaultPath, nil
	}
	if !strings.HasPrefix(path, "/") || !strings.HasSuffix(path, "/") || len(path) > 512 || strings.ContainsAny(path, " :*?") {
		return "", fail(ErrValidation, "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.")
	}
	return path, nil
}

// explain gives a store's ErrNotFound and ErrExists the text of IAM. An error
// that has a text keeps it.
func explain(err error, notFound, exists string) error {
	var f *Fault
	switch {
	case errors.As(err, &f):
		return err
	case errors.Is(err, ErrNotFound) && notFound != "":
		return fail(ErrNotFound, notFound)
	case errors.Is(err, ErrExists) && exists != "":
		return fail(ErrExists, exists)
	}
	return err
}

// always agrees to every deletion.
func always[T any](*T) error { return nil }

// A Page selects a part of a list.
type Page struct {
	After  string // Marker of the page before, or empty
	Limit  int    // 0 for 100
	Prefix string // of the path, or empty
}

// list reads pages until it has enough entities whose path fits.
func list[T any](ctx context.Context, c Collection[T], account string, p Page, path func(*T) string) (out []*T, next string, err error) {
	limit := p.Limit
	if limit <= 0 {
		limit = 100
	}
	after := p.After
	for {
		part, more, err := c.List(ctx, account, after, limit-len(out))
		if err != nil {
			return nil, "", err
		}
		for _, e := range part {
			if strings.HasPrefix(path(e), p.Prefix) {
				out = append(out, e)
			}
		}
		if more == "" || len(out) >= limit {
			return out, more, nil
		}
		after = more
	}
}

// checkInline judges an inline policy before it is stored.
func (s *Service) checkInline(name, doc string) error {
	if !validName(name, 128) {
		return fail(ErrValidation, "The specified value for policyName is invalid.")
	}
	return s.checkDocument(policy.Identity, doc)
}

func (p *Permissions) put(name, doc string) {
	if p.Inline == nil {
		p.Inline = map[string]string{}
	}
	p.Inline[name] = doc
}

// names returns the names of the inline policies in order.
func (p *Permissions) names() []string {
	out := make([]string, 0, len(p.Inline))
	for n := range p.Inline {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

// InlineNames returns the names of the inline policies in order.
func (p *Permissions) InlineNames() []string { return p.names() }

// maxAttached is how many managed policies a role or user may have.
const maxAttached = 20

func (p *Permissions) attach(arn string) error {
	if slices.Contains(p.Attached, arn) {
		return nil
	}
	if len(p.Attached) >= maxAttached {
		return fail(ErrLimitExceeded, "Cannot exceed quota for PoliciesPerRole: 20")
	}
	p.Attached = append(p.Attached, arn)
	return nil
}

func (p *Permissions) detach(arn string) error {
	i := slices.Index(p.Attached, arn)
	if i < 0 {
		return fail(ErrNotFound, "Policy "+arn+" was not found.")
	}
	p.Attached = slices.Delete(p.Attached, i, i+1)
	return nil
}

func (p *Permissions) uses(arn string) bool {
	return p.Boundary == arn || slices.Contains(p.Attached, arn)
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

// setTags lays tags over those that an entity has.
func setTags(old, tags []Tag) ([]Tag, error) {
	if err := checkTags(tags, nil); err != nil {
		return nil, asInput(err)
	}
	out := mergeTags(old, tags)
	if len(out) > maxTags {
		return nil, fail(ErrLimitExceeded, "Cannot exceed quota for TagsPerEntity: 50")
	}
	return out, nil
}

// asInput turns the kind of an STS error into IAM's.
func asInput(err error) error {
	var f *Fault
	if errors.As(err, &f) {
		return fail(ErrInvalidInput, f.Text)
	}
	return err
}

func dropTags(old []Tag, keys []string) []Tag {
	return slices.DeleteFunc(slices.Clone(old), func(t Tag) bool {
		return slices.ContainsFunc(keys, func(k string) bool { return strings.EqualFold(k, t.Key) })
	})
}
