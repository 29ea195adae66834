package samlidp

import (
	"slices"
	"strconv"

	"github.com/crewjam/saml"
)

// requested are the attributes that one AttributeConsumingService of an app's
// metadata asks for (Metadata 2.4.4); nil where it has none.
type requested saml.AttributeConsumingService

// requested returns what the request asks for by index, or else what the metadata's
// default service does.
func (t *teller) requested() *requested {
	all := t.party.Entity.SPSSODescriptors[0].AttributeConsumingServices
	if len(all) == 0 {
		return nil
	}
	chosen := &all[0]
	for i, s := range slices.Backward(all) {
		if s.IsDefault != nil && *s.IsDefault {
			chosen = &all[i]
		}
	}
	if t.request != nil && t.request.AttributeIndex != "" {
		for i, s := range all {
			if strconv.Itoa(s.Index) == t.request.AttributeIndex {
				chosen = &all[i]
			}
		}
	}
	return (*requested)(chosen)
}

// names lists the attributes asked for.
func (r *requested) names() []string {
	all := []string{}
	if r != nil {
		for _, a := range r.RequestedAttributes {
			all = append(all, a.Name)
		}
	}
	return all
}

const formatUnspecified = "urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified"

// allowed returns those values of an attribute that are asked for: all of them,
// unless the app lists some.
func (r *requested) allowed(rule Attribute, values []string) []string {
	if r == nil {
		return nil
	}
	for _, a := range r.RequestedAttributes {
		if a.Name != rule.Name || a.NameFormat != "" && a.NameFormat != formatUnspecified && a.NameFormat != rule.format() {
			continue
		}
		if len(a.Values) == 0 {
			return values
		}
		return slices.DeleteFunc(slices.Clone(values), func(v string) bool {
			return !slices.ContainsFunc(a.Values, func(w saml.AttributeValue) bool { return w.Value == v })
		})
	}
	return nil
}

// missing reports the attributes that the app says it cannot do without and is not
// told. It gets its answer all the same: what it does then is for it to say.
func (r *requested) missing(told []saml.Attribute) []Problem {
	if r == nil {
		return nil
	}
	var all []Problem
	for _, a := range r.RequestedAttributes {
		if a.IsRequired != nil && *a.IsRequired &&
			!slices.ContainsFunc(told, func(t saml.Attribute) bool { return t.Name == a.Name }) {
			all = append(all, Problem{Attribute: a.Name, Message: "The app requires it and the user has no value for it."})
		}
	}
	return all
}
