package samlxml

import (
	"bytes"
	"crypto/x509"
	"encoding/xml"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/beevik/etree"
)

// Limits of an aggregate that is read as a stream.
const (
	// MaxAggregate is the longest one, in bytes.
	MaxAggregate = 256 << 20
	// maxPart bounds one entity of it, or whatever else stands in an EntitiesDescriptor.
	maxPart = 2 << 20
	// maxIDs bounds how many IDs it has: all are remembered, for none may occur twice.
	maxIDs = 250_000
)

// part are the limits of what stands in an EntitiesDescriptor, one at a time.
func part() Limits {
	lim := Metadata()
	lim.Prefixes = 256 // of the whole
	return lim
}

// A selector reads an aggregate and keeps no more of it than the one part that it is
// at. Each part is written in canonical form, goes into the digest, and is forgotten
// unless it is the entity that is looked for. That form of a part follows from the part
// and the tags around it alone, so the digest is that of the whole.
//
// What is returned is read back from bytes that went into the digest. None of it is
// used before the digest was compared, at the end.
type selector struct {
	*parser
	src      *source
	entityID string
	signer   *x509.Certificate

	around []*around // the EntitiesDescriptors that are open
	canon  canonicalizer
	began  int64 // offset of the present part
	waits  bool  // for the Signature of the root
	seal   *etree.Element
	form   *form
	digest hash.Hash
	found  [][]byte // at most two
}

// around is an EntitiesDescriptor that is open, and its start tag in canonical form.
type around struct {
	el             *etree.Element
	tag            []byte
	scope, written []binding
}

// SelectSPFrom is SelectSP for a document that is read as it comes, of at most
// MaxAggregate bytes. It holds one entity in memory at a time, of at most 2 MB, and the
// IDs. With a signer the Signature must be the first element in the root, where the
// schema has it.
func SelectSPFrom(r io.Reader, entityID string, signer *x509.Certificate) ([]byte, error) {
	return selectSP(r, MaxAggregate, entityID, signer)
}

func selectSP(r io.Reader, limit int64, entityID string, signer *x509.Certificate) ([]byte, error) {
	src, err := newSource(r, limit)
	if err != nil {
		return nil, err
	}
	s := &selector{src: src, entityID: entityID, signer: signer, canon: canonicalizer{scope: map[string]string{}, written: map[string]string{}}}
	s.parser = &parser{lim: part(), doc: etree.NewDocument(), ids: map[string]bool{}, prefixes: map[string]bool{}, inScope: map[string]int{}, dec: xml.NewDecoder(src)}
	if err := s.read(); err != nil {
		return nil, err
	}
	return s.result()
}

// read reads to the end.
func (s *selector) read() error {
	for first := true; ; first = false {
		tok, err := s.dec.RawToken()
		if errors.Is(err, io.EOF) {
			return s.finish()
		}
		text, textErr := s.src.token(s.dec.InputOffset())
		if err == nil {
			err = textErr
		}
		if t, ok := tok.(xml.StartElement); ok && err == nil {
			tok, err = spaced(t, text)
		}
		if err != nil {
			return s.failure(err)
		}
		if err := s.take(tok, first); err != nil {
			return err
		}
	}
}

// failure tells a limit and a failure of the connection from a document that is none.
func (s *selector) failure(err error) error {
	switch {
	case s.src.err != nil:
		return s.src.err
	case errors.Is(err, ErrMalformed):
		return err
	}
	return malformed("%v", err)
}

// take parses a token, and works off what is complete by it.
func (s *selector) take(tok xml.Token, first bool) error {
	var closed *etree.Element
	if _, ok := tok.(xml.EndElement); ok && len(s.open) > 0 {
		closed = s.top()
	}
	if err := s.token(tok, first); err != nil {
		return err
	}
	if len(s.ids) > maxIDs {
		return tooLarge("IDs", maxIDs)
	}
	switch _, starts := tok.(xml.StartElement); {
	case starts && s.surrounds():
		return s.enter(s.top())
	case closed != nil && len(s.around) > 0 && closed == s.last().el:
		return s.leave()
	case closed != nil && len(s.around) > 0 && closed.Parent() == s.last().el:
		return s.drain(nil)
	}
	return s.bounded()
}

func (s *selector) last() *around { return s.around[len(s.around)-1] }

// surrounds reports whether the element that has just begun is an EntitiesDescriptor
// that others stand in: the root, or directly in one that is.
func (s *selector) surrounds() bool {
	el := s.top()
	return len(s.open) == len(s.around)+1 && is(el, nsMetadata, "EntitiesDescriptor")
}

// bounded holds the present part to its length; the text is not written anywhere yet.
func (s *selector) bounded() error {
	if s.partBytes() > maxPart {
		return tooLarge("bytes of an entity", maxPart)
	}
	return nil
}

func (s *selector) partBytes() int64 { return s.src.from - s.began }

func (s *selector) enter(el *etree.Element) error {
	if len(s.around) > 0 {
		if s.waits {
			return ErrNoSignature
		}
		if err := s.drain(el); err != nil {
			return err
		}
	}
	s.around = append(s.around, &around{el: el})
	if len(s.around) == 1 && s.signer != nil {
		s.waits = true
		return nil
	}
	s.begin(s.last())
	return nil
}

// begin writes the start tag of an EntitiesDescriptor.
func (s *selector) begin(a *around) {
	a.scope, a.written = s.canon.start(a.el)
	a.tag = s.flushed()
}

// leave writes the end tag of one.
func (s *selector) leave() error {
	a := s.last()
	if err := s.drain(nil); err != nil {
		return err
	}
	if s.waits {
		return ErrNoSignature
	}
	s.canon.end(a.el, a.scope, a.written)
	s.flushed()
	s.around = s.around[:len(s.around)-1]
	if len(s.around) > 0 {
		s.last().el.Child = nil
	}
	return nil
}

// drain works off what stands in the innermost EntitiesDescriptor, but for next, which
// has only begun.
func (s *selector) drain(next *etree.Element) error {
	a := s.last()
	if s.waits {
		if wait, err := s.awaitSeal(a); wait || err != nil {
			return err
		}
	}
	for _, child := range a.el.Child {
		switch t := child.(type) {
		case *etree.CharData:
			s.canon.w.escape(t.Data, false)
			s.flushed()
		case *etree.Element:
			if t == next || t == s.seal {
				continue
			}
			if err := s.one(a, t); err != nil {
				return err
			}
		}
	}
	a.el.Child = nil
	s.elements, s.began = 0, s.src.from
	return nil
}

// awaitSeal reads the Signature of the root once it is there: the first element in it.
func (s *selector) awaitSeal(root *around) (wait bool, err error) {
	inside := root.el.ChildElements()
	if len(inside) == 0 {
		return true, s.bounded()
	}
	if !is(inside[0], nsSignature, "Signature") {
		return false, ErrNoSignature
	}
	s.seal, s.form = inside[0], &form{}
	if _, err := s.form.sealed(root.el, s.seal, []*x509.Certificate{s.signer}); err != nil {
		return false, err
	}
	s.waits, s.digest, s.canon.inclusive = false, s.form.digest.New(), s.form.prefixes
	s.begin(root)
	return false, nil
}

// one works off a whole element.
func (s *selector) one(a *around, el *etree.Element) error {
	if len(s.around) == 1 && s.signer != nil && is(el, nsSignature, "Signature") {
		return fmt.Errorf("%w: two signatures in the root", ErrSignature)
	}
	s.canon.element(el)
	text := s.flushed()
	if !is(el, nsMetadata, "EntityDescriptor") || s.entityID != "" && attr(el, "entityID") != s.entityID || len(s.found) > 1 {
		return nil
	}
	if _, role := searchRole(el, "SPSSODescriptor"); role == nil {
		return nil
	}
	var doc bytes.Buffer
	for _, o := range s.around {
		doc.Write(o.tag)
	}
	doc.Write(text)
	for i := range s.around {
		doc.WriteString("</" + s.around[len(s.around)-1-i].el.FullTag() + ">")
	}
	s.found = append(s.found, doc.Bytes())
	return nil
}

// flushed returns what was written in canonical form, which goes into the digest.
func (s *selector) flushed() []byte {
	text := []byte(s.canon.w.String())
	s.canon.w = writer{}
	if s.digest != nil {
		s.digest.Write(text)
	}
	return text
}

// result returns the entity, after the digest was compared.
func (s *selector) result() ([]byte, error) {
	root := s.doc.Root()
	if !is(root, nsMetadata, "EntitiesDescriptor") { // one entity: it is all here
		return selectIn(root, s.entityID, s.signer)
	}
	if s.digest != nil && !bytes.Equal(s.digest.Sum(nil), s.form.value) {
		return nil, fmt.Errorf("%w: digest differs", ErrSignature)
	}
	switch len(s.found) {
	case 0:
		return nil, fmt.Errorf("%w: no service provider %q", ErrMetadata, s.entityID)
	case 1:
	default:
		return nil, fmt.Errorf("%w: more than one service provider", ErrMetadata)
	}
	doc, err := Parse(s.found[0], parsedBefore())
	if err != nil {
		return nil, err
	}
	return selectIn(doc.Root(), s.entityID, nil)
}
