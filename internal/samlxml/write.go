package samlxml

import (
	"strings"
	"unicode/utf8"
)

// A writer writes XML that already is in exclusive canonical form, so that the
// bytes sent are the bytes signed. Attributes must be given in canonical order:
// declarations first, then by name.
type writer struct{ b strings.Builder }

// open writes a start tag. Pairs are attribute names and values; an empty value
// leaves the attribute out.
func (w *writer) open(tag string, pairs ...string) {
	w.b.WriteByte('<')
	w.b.WriteString(tag)
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			continue
		}
		w.b.WriteByte(' ')
		w.b.WriteString(pairs[i])
		w.b.WriteString(`="`)
		w.escape(pairs[i+1], true)
		w.b.WriteByte('"')
	}
	w.b.WriteByte('>')
}

func (w *writer) close(tag string) {
	w.b.WriteString("</")
	w.b.WriteString(tag)
	w.b.WriteByte('>')
}

// leaf writes an element that holds only text.
func (w *writer) leaf(tag, text string, pairs ...string) {
	w.open(tag, pairs...)
	w.escape(text, false)
	w.close(tag)
}

// raw writes markup that is canonical already.
func (w *writer) raw(markup string) { w.b.WriteString(markup) }

func (w *writer) String() string { return w.b.String() }

// escape writes text or an attribute value (Canonical XML 1.0, 2.3). What XML
// cannot carry becomes U+FFFD.
func (w *writer) escape(s string, attribute bool) {
	plain := 0
	for plain < len(s) && isPlain(s[plain]) {
		plain++
	}
	w.b.WriteString(s[:plain])
	for _, r := range s[plain:] {
		switch {
		case r == '&':
			w.b.WriteString("&amp;")
		case r == '<':
			w.b.WriteString("&lt;")
		case r == '>' && !attribute:
			w.b.WriteString("&gt;")
		case r == '"' && attribute:
			w.b.WriteString("&quot;")
		case r == '\t' && attribute:
			w.b.WriteString("&#x9;")
		case r == '\n' && attribute:
			w.b.WriteString("&#xA;")
		case r == '\r':
			w.b.WriteString("&#xD;")
		case !isChar(r):
			w.b.WriteRune(utf8.RuneError)
		default:
			w.b.WriteRune(r)
		}
	}
}

// isPlain reports whether a byte is a character that is never escaped.
func isPlain(b byte) bool {
	return b >= ' ' && b < 0x7f && b != '&' && b != '<' && b != '>' && b != '"'
}

// isChar reports whether XML 1.0 allows r in a document (production 2).
func isChar(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' ||
		r >= 0x20 && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD || r >= 0x10000 && r <= 0x10FFFF
}
