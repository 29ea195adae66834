package samlxml

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/beevik/etree"

	"github.com/poolhouse/poolhouse/internal/expr"
)

// A Scope is a domain that an identity provider may make statements about, or a
// pattern of such (Shibboleth Metadata Extensions 1.0).
type Scope struct {
	text    string
	pattern *regexp.Regexp // nil for a text
}

// Covers reports whether a scope is this one.
func (s Scope) Covers(scope string) bool {
	if s.pattern != nil {
		return s.pattern.MatchString(scope)
	}
	return strings.EqualFold(s.text, scope)
}

const (
	maxScopes = 500
	maxScope  = 256 // characters
)

// scopes reads the scopes of an entity and of its role. A pattern has to match the whole,
// whatever it says itself.
func scopes(entity, role *etree.Element) (all []Scope, err error) {
	for _, holder := range []*etree.Element{entity, role} {
		for _, extensions := range children(holder, nsMetadata, "Extensions") {
			for _, el := range children(extensions, nsShibboleth, "Scope") {
				s, err := readScope(el)
				if err != nil {
					return nil, err
				}
				if all = append(all, s); len(all) > maxScopes {
					return nil, tooLarge("scopes", maxScopes)
				}
			}
		}
	}
	return all, nil
}

func readScope(el *etree.Element) (s Scope, err error) {
	if s.text, err = text(el); err != nil {
		return s, err
	}
	if s.text = strings.TrimSpace(s.text); s.text == "" || len(s.text) > maxScope {
		return s, fmt.Errorf("%w: a scope of %d characters", ErrMetadata, len(s.text))
	}
	if !isTrue(attr(el, "regexp")) {
		return s, nil
	}
	if s.pattern, err = expr.Whole("(?i)" + s.text); err != nil {
		return s, fmt.Errorf("%w: the pattern of a scope", ErrMetadata)
	}
	return s, nil
}
