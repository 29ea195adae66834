package sts

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxTags is how many tags a session or an entity can have.
const maxTags = 50

// checkTags judges session tags and their transitive keys.
func checkTags(tags []Tag, transitive []string) error {
	if len(tags) > maxTags || len(transitive) > maxTags {
		return fail(ErrInvalidParameter, "More than 50 tags were given.")
	}
	for i, t := range tags {
		if !validTag(t) {
			return fail(ErrInvalidParameter, "A tag has a key or a value that is not allowed.")
		}
		if hasTag(tags[:i], t.Key) {
			return fail(ErrInvalidParameter, "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
	}
	for _, k := range transitive {
		if !hasTag(tags, k) {
			return fail(ErrInvalidParameter, "The specified transitive tag key must be included in the requested tags.")
		}
	}
	return nil
}

func validTag(t Tag) bool {
	n := utf8.RuneCountInString(t.Key)
	return n >= 1 && n <= 128 && utf8.RuneCountInString(t.Value) <= 256 &&
		!strings.HasPrefix(strings.ToLower(t.Key), "aws:") &&
		!strings.ContainsFunc(t.Key+t.Value, func(r rune) bool { return !tagRune(r) })
}

func tagRune(r rune) bool {
	return unicode.In(r, unicode.L, unicode.Z, unicode.N) || strings.ContainsRune("_.:/=+-@", r)
}

func hasTag(tags []Tag, key string) bool {
	return slices.ContainsFunc(tags, func(t Tag) bool { return strings.EqualFold(t.Key, key) })
}

// mergeTags returns base with over laid on it; keys are compared ignoring case.
func mergeTags(base, over []Tag) []Tag {
	out := slices.DeleteFunc(slices.Clone(base), func(t Tag) bool { return hasTag(over, t.Key) })
	return append(out, over...)
}

// inherited returns the tags that a chained session must carry on.
func inherited(p *Principal) (tags []Tag) {
	if p == nil || p.state == nil {
		return nil
	}
	for _, t := range p.state.Tags {
		if slices.ContainsFunc(p.state.Transitive, func(k string) bool { return strings.EqualFold(k, t.Key) }) {
			tags = append(tags, t)
		}
	}
	return tags
}

// tagKeys adds aws:RequestTag/… and aws:TagKeys.
func tagKeys(keys map[string][]string, tags []Tag) {
	for _, t := range tags {
		keys["aws:RequestTag/"+t.Key] = []string{t.Value}
		keys["aws:TagKeys"] = append(keys["aws:TagKeys"], t.Key)
	}
}
