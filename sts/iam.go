package sts

import (
	"context"
	"errors"
	"slices"
	"strings"
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

func (p Page) limit() int {
	if p.Limit <= 0 {
		return 100
	}
	return p.Limit
}

// under keeps entities whose path begins with prefix.
func under[T any](prefix string, path func(*T) string) func(*T) bool {
	return func(e *T) bool { return strings.HasPrefix(path(e), prefix) }
}

// list reads pages until it has enough entities to keep.
func list[T any](ctx context.Context, c Collection[T], account string, p Page, keep func(*T) bool) (out []*T, next string, err error) {
	limit, after := p.limit(), p.After
	for {
		part, more, err := c.List(ctx, account, after, limit-len(out))
		if err != nil {
			return nil, "", err
		}
		for _, e := range part {
			if keep(e) {
				out = append(out, e)
			}
		}
		if more == "" || len(out) >= limit {
			return out, more, nil
		}
		after = more
	}
}

// setTags lays tags over those that an entity has.
func setTags(old, tags []Tag) ([]Tag, error) {
	if err := checkTags(tags, nil); err != nil {
		return nil, asInput(err)
	}
	out := mergeTags(old, tags)
	if len(out) > maxTags {
		return nil, fail(ErrLimitExceeded, "The number of tags has reached the maximum limit.")
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
