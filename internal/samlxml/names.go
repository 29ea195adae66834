package samlxml

import (
	"slices"
	"strings"

	"github.com/beevik/etree"
)

// Namespaces.
const (
	nsXML       = "http://www.w3.org/XML/1998/namespace"
	nsXMLNS     = "http://www.w3.org/2000/xmlns/"
	nsAssertion = "urn:oasis:names:tc:SAML:2.0:assertion"
	nsProtocol  = "urn:oasis:names:tc:SAML:2.0:protocol"
	nsMetadata  = "urn:oasis:names:tc:SAML:2.0:metadata"
	nsSignature = "http://www.w3.org/2000/09/xmldsig#"
	nsEncrypt   = "http://www.w3.org/2001/04/xmlenc#"
	nsExclusive = "http://www.w3.org/2001/10/xml-exc-c14n#"
)

// Bearer is the confirmation method of web SSO (Profiles 3.3).
const Bearer = "urn:oasis:names:tc:SAML:2.0:cm:bearer"

// namespace returns the namespace of el's name, looked up in the tree.
func namespace(el *etree.Element) string {
	key, space := "xmlns", ""
	if el.Space != "" {
		key, space = el.Space, "xmlns"
	}
	for e := el; e != nil; e = e.Parent() {
		for _, a := range e.Attr {
			if a.Key == key && a.Space == space {
				return a.Value
			}
		}
	}
	return ""
}

// is reports whether el has this expanded name.
func is(el *etree.Element, space, tag string) bool {
	return el.Tag == tag && namespace(el) == space
}

// children returns the children of el with an expanded name.
func children(el *etree.Element, space, tag string) []*etree.Element {
	var found []*etree.Element
	for _, c := range el.Child {
		if c, ok := c.(*etree.Element); ok && is(c, space, tag) {
			found = append(found, c)
		}
	}
	return found
}

// child returns the only child with that name; nil where there is none.
func child(el *etree.Element, space, tag string) (*etree.Element, error) {
	switch found := children(el, space, tag); len(found) {
	case 0:
		return nil, nil
	case 1:
		return found[0], nil
	default:
		return nil, malformed("%d elements %s in %s", len(found), tag, el.Tag)
	}
}

// mustChild is child for an element that has to be there.
func mustChild(el *etree.Element, space, tag string) (*etree.Element, error) {
	c, err := child(el, space, tag)
	if err == nil && c == nil {
		err = malformed("no %s in %s", tag, el.Tag)
	}
	return c, err
}

// attr returns an attribute in no namespace.
func attr(el *etree.Element, key string) string {
	for _, a := range el.Attr {
		if a.Space == "" && a.Key == key {
			return a.Value
		}
	}
	return ""
}

// text returns the text of an element that holds nothing else.
func text(el *etree.Element) (string, error) {
	var b strings.Builder
	for _, c := range el.Child {
		data, ok := c.(*etree.CharData)
		if !ok {
			return "", malformed("%s holds more than text", el.Tag)
		}
		b.WriteString(data.Data)
	}
	return b.String(), nil
}

// only refuses children of el whose tag is not listed.
func only(el *etree.Element, tags ...string) error {
	for _, c := range el.ChildElements() {
		if !slices.Contains(tags, c.Tag) {
			return malformed("unexpected %s in %s", c.Tag, el.Tag)
		}
	}
	return nil
}

// onlyIn is only for children that must be in one namespace besides.
func onlyIn(el *etree.Element, space string, tags ...string) error {
	for _, c := range el.ChildElements() {
		if namespace(c) != space {
			return malformed("foreign %s in %s", c.Tag, el.Tag)
		}
	}
	return only(el, tags...)
}

// walk calls f for el and everything below it.
func walk(el *etree.Element, f func(*etree.Element) error) error {
	if err := f(el); err != nil {
		return err
	}
	for _, c := range el.Child {
		if c, ok := c.(*etree.Element); ok {
			if err := walk(c, f); err != nil {
				return err
			}
		}
	}
	return nil
}

// noSpace removes white space, which base64 in XML may be laid out with.
func noSpace(s string) string {
	return strings.Join(strings.Fields(s), "")
}

// supports reports whether a space-separated list has an item.
func supports(list, item string) bool {
	return slices.Contains(strings.Fields(list), item)
}
