package samlxml

import (
	"cmp"
	"slices"

	"github.com/beevik/etree"
)

// canonical returns el in exclusive canonical form (Exclusive XML
// Canonicalization 1.0), as it stands in its document but without its child
// skip, which may be nil. inclusive is the PrefixList: prefixes that are treated
// as inclusive canonicalisation would, "#default" among them for the empty one.
//
// The size is bounded by the source: a parsed namespace has at most maxNamespace
// bytes and is written at most once for each name that uses its prefix.
func canonical(el, skip *etree.Element, inclusive []string) string {
	c := canonicalizer{skip: skip, inclusive: inclusive, scope: map[string]string{}, written: map[string]string{}}
	var above []*etree.Element
	for p := el.Parent(); p != nil; p = p.Parent() {
		above = append(above, p)
	}
	for _, p := range slices.Backward(above) {
		c.declare(p, nil)
	}
	c.element(el)
	return c.w.String()
}

type canonicalizer struct {
	w              writer
	skip           *etree.Element
	inclusive      []string
	scope, written map[string]string // prefix to namespace: of the source, of the output
}

// A binding is what a prefix meant before an element changed it.
type binding struct {
	prefix, namespace string
	bound             bool
}

func bind(m map[string]string, prefix, namespace string, undo []binding) []binding {
	old, ok := m[prefix]
	m[prefix] = namespace
	return append(undo, binding{prefix, old, ok})
}

func unbind(m map[string]string, undo []binding) {
	for _, b := range slices.Backward(undo) {
		if b.bound {
			m[b.prefix] = b.namespace
		} else {
			delete(m, b.prefix)
		}
	}
}

// declared returns the prefix that an attribute declares, if it does.
func declared(a etree.Attr) (prefix string, ok bool) {
	switch {
	case a.Space == "xmlns":
		return a.Key, true
	case a.Space == "" && a.Key == "xmlns":
		return "", true
	}
	return "", false
}

func (c *canonicalizer) declare(el *etree.Element, undo []binding) []binding {
	for _, a := range el.Attr {
		if prefix, ok := declared(a); ok {
			undo = bind(c.scope, prefix, a.Value, undo)
		}
	}
	return undo
}

func (c *canonicalizer) element(el *etree.Element) {
	scope, written := c.start(el)
	for _, token := range el.Child {
		switch t := token.(type) {
		case *etree.Element:
			if t != c.skip {
				c.element(t)
			}
		case *etree.CharData:
			c.w.escape(t.Data, false)
		}
	}
	c.end(el, scope, written)
}

// start writes a start tag, and returns what end takes back.
func (c *canonicalizer) start(el *etree.Element) (scope, written []binding) {
	scope = c.declare(el, nil)
	attrs := c.attributes(el)
	c.w.raw("<" + el.FullTag())
	written = c.namespaces(el, attrs)
	for _, a := range attrs {
		c.w.raw(" " + a.FullKey() + `="`)
		c.w.escape(a.Value, true)
		c.w.raw(`"`)
	}
	c.w.raw(">")
	return scope, written
}

func (c *canonicalizer) end(el *etree.Element, scope, written []binding) {
	c.w.close(el.FullTag())
	unbind(c.written, written)
	unbind(c.scope, scope)
}

// attributes returns those of el that are no declarations, by namespace and name.
func (c *canonicalizer) attributes(el *etree.Element) []etree.Attr {
	var all []etree.Attr
	for _, a := range el.Attr {
		if _, ok := declared(a); !ok {
			all = append(all, a)
		}
	}
	slices.SortStableFunc(all, func(a, b etree.Attr) int {
		return cmp.Or(cmp.Compare(c.attributeNamespace(a), c.attributeNamespace(b)), cmp.Compare(a.Key, b.Key))
	})
	return all
}

func (c *canonicalizer) attributeNamespace(a etree.Attr) string {
	switch a.Space {
	case "":
		return "" // the default namespace is not for attributes
	case "xml":
		return nsXML
	}
	return c.scope[a.Space]
}

// namespaces declares the prefixes that el needs and the output has not
// declared yet.
func (c *canonicalizer) namespaces(el *etree.Element, attrs []etree.Attr) (undo []binding) {
	needed := []string{el.Space}
	for _, a := range attrs {
		if a.Space != "" {
			needed = append(needed, a.Space)
		}
	}
	for _, prefix := range c.inclusive {
		if prefix == "#default" {
			prefix = ""
		}
		if _, ok := c.scope[prefix]; ok || prefix == "" {
			needed = append(needed, prefix)
		}
	}
	slices.Sort(needed)
	for _, prefix := range slices.Compact(needed) {
		namespace := c.scope[prefix]
		old, ok := c.written[prefix]
		if prefix == "xml" || old == namespace && (ok || prefix == "") {
			continue
		}
		undo = bind(c.written, prefix, namespace, undo)
		name := "xmlns"
		if prefix != "" {
			name = "xmlns:" + prefix
		}
		c.w.raw(" " + name + `="`)
		c.w.escape(namespace, true)
		c.w.raw(`"`)
	}
	return undo
}
