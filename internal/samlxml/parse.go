package samlxml

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/beevik/etree"
)

// Limits bound a document before any costly work on it. A zero limit allows nothing.
type Limits struct {
	Bytes      int // of the document
	Depth      int // of nested elements
	Elements   int
	Prefixes   int // distinct namespace prefixes
	Attributes int // of one element, declarations included

	// Comments are dropped where true, as canonicalisation does; where false a
	// comment is refused, so that no reader can see a text cut in two.
	Comments bool
}

// Messages are the limits of protocol messages: the 100 000 characters that
// Cognito and AWS allow, as base64 or inflated.
func Messages() Limits {
	return Limits{Bytes: 100_000, Depth: 64, Elements: 2_000, Prefixes: 64, Attributes: 64}
}

// Metadata are the limits of one entity's metadata: 1 MB.
func Metadata() Limits {
	return Limits{Bytes: 1 << 20, Depth: 64, Elements: 20_000, Prefixes: 64, Attributes: 64, Comments: true}
}

// parsedBefore are the limits of what we wrote ourselves from a parsed document.
func parsedBefore() Limits {
	return Limits{Bytes: math.MaxInt, Depth: math.MaxInt, Elements: math.MaxInt, Prefixes: math.MaxInt, Attributes: math.MaxInt}
}

// maxNamespace bounds the name of a namespace, in bytes: canonicalisation writes
// it for every element that needs it.
const maxNamespace = 256

// maxID bounds an ID, in bytes: all of a document are remembered.
const maxID = 1024

// byteOrderMark may stand before a document and is no part of it (XML 1.0, 4.3.3).
// Microsoft's metadata has one.
const byteOrderMark = "\ufeff"

// Parse reads one XML document in UTF-8 with exactly one root. It refuses
// DOCTYPE and other directives, processing instructions, undeclared or
// redefined reserved prefixes, attributes that share a local name, and IDs
// that occur twice. Errors match ErrMalformed or ErrTooLarge.
func Parse(raw []byte, lim Limits) (*etree.Document, error) {
	if len(raw) > lim.Bytes {
		return nil, tooLarge("bytes", lim.Bytes)
	}
	if !utf8.Valid(raw) {
		return nil, malformed("not UTF-8")
	}
	raw = bytes.TrimPrefix(raw, []byte(byteOrderMark))
	p := &parser{
		lim:      lim,
		doc:      etree.NewDocument(),
		ids:      map[string]bool{},
		prefixes: map[string]bool{},
		inScope:  map[string]int{},
		dec:      xml.NewDecoder(bytes.NewReader(raw)),
		raw:      raw,
	}
	if err := p.run(); err != nil {
		return nil, err
	}
	return p.doc, nil
}

type parser struct {
	lim      Limits
	doc      *etree.Document
	dec      *xml.Decoder
	raw      []byte // what dec reads
	open     []scope
	text     strings.Builder
	elements int
	ids      map[string]bool
	prefixes map[string]bool // ever declared
	inScope  map[string]int  // declared by so many of the open elements
}

// A scope is an open element and the prefixes it declares.
type scope struct {
	el       *etree.Element
	declares []string
}

func (p *parser) run() error {
	for first := true; ; first = false {
		from := p.dec.InputOffset()
		tok, err := p.dec.RawToken()
		if errors.Is(err, io.EOF) {
			return p.finish()
		}
		if t, ok := tok.(xml.StartElement); ok && err == nil {
			tok, err = spaced(t, p.raw[from:p.dec.InputOffset()])
		}
		if err != nil {
			return malformed("%v", err)
		}
		if err := p.token(tok, first); err != nil {
			return err
		}
	}
}

func (p *parser) finish() error {
	if len(p.open) > 0 {
		return malformed("element %q is not closed", p.top().Tag)
	}
	if p.doc.Root() == nil {
		return malformed("no root element")
	}
	return nil
}

func (p *parser) token(tok xml.Token, first bool) error {
	switch t := tok.(type) {
	case xml.StartElement:
		p.flush()
		return p.start(t)
	case xml.EndElement:
		p.flush()
		return p.end(t)
	case xml.CharData:
		return p.chars(t)
	case xml.Comment:
		if !p.lim.Comments {
			return malformed("comment")
		}
	case xml.ProcInst:
		if !first || t.Target != "xml" {
			return malformed("processing instruction %q", t.Target)
		}
	default:
		return malformed("directive")
	}
	return nil
}

func (p *parser) top() *etree.Element { return p.open[len(p.open)-1].el }

func (p *parser) chars(t xml.CharData) error {
	if len(p.open) == 0 {
		if len(bytes.TrimSpace(t)) > 0 {
			return malformed("text outside the root")
		}
		return nil
	}
	p.text.Write(t)
	return nil
}

// flush writes collected text as one node, so that text split by CDATA or a
// dropped comment is whole again.
func (p *parser) flush() {
	if p.text.Len() > 0 {
		p.top().CreateText(p.text.String())
		p.text.Reset()
	}
}

func (p *parser) start(t xml.StartElement) error {
	if p.elements++; p.elements > p.lim.Elements {
		return tooLarge("elements", p.lim.Elements)
	}
	if len(p.open) >= p.lim.Depth {
		return tooLarge("levels", p.lim.Depth)
	}
	if len(t.Attr) > p.lim.Attributes {
		return tooLarge("attributes", p.lim.Attributes)
	}
	el := &etree.Element{Space: t.Name.Space, Tag: t.Name.Local}
	s := scope{el: el}
	for _, a := range t.Attr {
		if err := p.declare(&s, a); err != nil {
			return err
		}
	}
	if len(p.open) == 0 {
		if p.doc.Root() != nil {
			return malformed("second root element")
		}
		p.doc.SetRoot(el)
	} else {
		p.top().AddChild(el)
	}
	p.open = append(p.open, s)
	return p.attributes(el, t)
}

// declare notes a namespace declaration and refuses the odd ones.
func (p *parser) declare(s *scope, a xml.Attr) error {
	prefix := ""
	switch {
	case a.Name.Space == "xmlns":
		prefix = a.Name.Local
		if prefix == "xml" || prefix == "xmlns" || a.Value == "" {
			return malformed("declaration of prefix %q", prefix)
		}
	case a.Name.Space == "" && a.Name.Local == "xmlns":
	default:
		return nil
	}
	if a.Value == nsXML || a.Value == nsXMLNS {
		return malformed("reserved namespace is bound to %q", prefix)
	}
	if len(a.Value) > maxNamespace {
		return tooLarge("bytes of a namespace", maxNamespace)
	}
	p.prefixes[prefix] = true
	if len(p.prefixes) > p.lim.Prefixes {
		return tooLarge("prefixes", p.lim.Prefixes)
	}
	s.declares = append(s.declares, prefix)
	p.inScope[prefix]++
	return nil
}

func (p *parser) attributes(el *etree.Element, t xml.StartElement) error {
	if err := p.checkName(t.Name); err != nil {
		return err
	}
	seen := make(map[xml.Name]bool, len(t.Attr))
	for _, a := range t.Attr {
		if err := p.checkAttribute(a.Name); err != nil {
			return err
		}
		// Readers that look attributes up by local name must not be able to
		// find two of them.
		key := xml.Name{Local: a.Name.Local}
		if a.Name.Space == "xmlns" || a.Name.Local == "xmlns" {
			key.Space = "xmlns"
		}
		if seen[key] {
			return malformed("attribute %q occurs twice", a.Name.Local)
		}
		seen[key] = true
		if err := p.checkID(key, a.Value); err != nil {
			return err
		}
		el.Attr = append(el.Attr, etree.Attr{Space: a.Name.Space, Key: a.Name.Local, Value: a.Value})
	}
	return nil
}

func (p *parser) checkID(name xml.Name, value string) error {
	if name.Space == "xmlns" || !strings.EqualFold(name.Local, "id") {
		return nil
	}
	if len(value) > maxID {
		return tooLarge("bytes of an ID", maxID)
	}
	if p.ids[value] {
		return malformed("ID %q occurs twice", value)
	}
	p.ids[value] = true
	return nil
}

// checkName refuses names with a stray colon and prefixes nobody declared.
func (p *parser) checkName(n xml.Name) error {
	if n.Local == "" || strings.Contains(n.Local, ":") {
		return malformed("name %q", n.Local)
	}
	if n.Space == "" || n.Space == "xml" || p.inScope[n.Space] > 0 {
		return nil
	}
	return malformed("prefix %q is not declared", n.Space)
}

func (p *parser) checkAttribute(n xml.Name) error {
	if n.Space == "xmlns" { // a declaration, judged by declare
		n.Space = ""
	}
	return p.checkName(n)
}

func (p *parser) end(t xml.EndElement) error {
	if len(p.open) == 0 {
		return malformed("end of %q without a start", t.Name.Local)
	}
	if el := p.top(); el.Space != t.Name.Space || el.Tag != t.Name.Local {
		return malformed("%q closed by %q", el.Tag, t.Name.Local)
	}
	for _, prefix := range p.open[len(p.open)-1].declares {
		p.inScope[prefix]--
	}
	p.open = p.open[:len(p.open)-1]
	return nil
}
