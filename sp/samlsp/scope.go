package samlsp

import (
	"slices"
	"strings"

	"github.com/poolhouse/poolhouse/internal/samlxml"
)

// scoped are attributes whose values end in a domain that the provider says something
// about: principal names, affiliations and subject identifiers.
var scoped = []string{
	"urn:oasis:names:tc:SAML:attribute:subject-id", "urn:oasis:names:tc:SAML:attribute:pairwise-id",
	"urn:oid:1.3.6.1.4.1.5923.1.1.1.6", "urn:oid:1.3.6.1.4.1.5923.1.1.1.9", "urn:oid:1.3.6.1.4.1.5923.1.1.1.13",
	"urn:mace:dir:attribute-def:eduPersonPrincipalName", "urn:mace:dir:attribute-def:eduPersonScopedAffiliation",
	"eduPersonPrincipalName", "eduPersonScopedAffiliation", "eduPersonUniqueId",
}

// withinScope leaves out the values of scoped attributes whose domain is none of those
// in the provider's metadata: it does not speak for them. Metadata that names no scope
// limits the attributes that the settings list, and no others.
func (want *expected) withinScope(claims map[string][]string) {
	names := want.settings.ScopedAttributes
	if len(want.scopes) > 0 {
		names = append(slices.Clone(names), scoped...)
	}
	for _, name := range names {
		if values, ok := claims[name]; ok {
			claims[name] = slices.DeleteFunc(slices.Clone(values), func(v string) bool { return !want.speaksOf(v) })
		}
	}
}

func (want *expected) speaksOf(value string) bool {
	_, scope, ok := strings.Cut(value, "@")
	return ok && slices.ContainsFunc(want.scopes, func(s samlxml.Scope) bool { return s.Covers(scope) })
}
