package awsapi

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth bounds how deep JSON may nest: no model goes beyond 8, and a
// free-form document hardly beyond 20.
const maxDepth = 64

// A jsonReader reads one JSON text (RFC 8259), strictly and in place. The text
// must be valid UTF-8.
type jsonReader struct {
	b     []byte
	i     int
	depth int
}

func (r *jsonReader) syntax() *Error {
	if r.i >= len(r.b) {
		return serialization("The request body ends inside a JSON value.")
	}
	return serialization("The request body is not valid JSON at byte " + strconv.Itoa(r.i+1) + ".")
}

func (r *jsonReader) space() {
	for r.i < len(r.b) {
		switch r.b[r.i] {
		case ' ', '\t', '\n', '\r':
			r.i++
		default:
			return
		}
	}
}

// literal consumes s if it comes next.
func (r *jsonReader) literal(s string) bool {
	if !strings.HasPrefix(string(r.b[r.i:min(r.i+len(s), len(r.b))]), s) {
		return false
	}
	r.i += len(s)
	return true
}

// A jsonKind is the type of the value that comes next, by its first byte, with
// the name that the live services give it.
type jsonKind struct {
	first byte // one of { [ " t 0 n
	text  string
}

func (r *jsonReader) kind() (jsonKind, error) {
	r.space()
	if r.i == len(r.b) {
		return jsonKind{}, r.syntax()
	}
	switch c := r.b[r.i]; {
	case c == '{':
		return jsonKind{'{', "structure or map"}, nil
	case c == '[':
		return jsonKind{'[', "list"}, nil
	case c == '"':
		return jsonKind{'"', "STRING_VALUE"}, nil
	case c == 't':
		return jsonKind{'t', "TRUE_VALUE"}, nil
	case c == 'f':
		return jsonKind{'t', "FALSE_VALUE"}, nil
	case c == 'n':
		return jsonKind{'n', "NULL_VALUE"}, nil
	case c == '-' || '0' <= c && c <= '9':
		return jsonKind{'0', "NUMBER_VALUE"}, nil
	}
	return jsonKind{}, r.syntax()
}

// open enters an object or list, and closes it at once if it is empty.
func (r *jsonReader) open(start, end byte) (empty bool, err error) {
	k, err := r.kind()
	if err != nil {
		return false, err
	}
	if k.first != start {
		if k.first == '{' || k.first == '[' {
			return false, serialization("Start of " + k.text + " found where not expected.")
		}
		return false, serialization("Unexpected " + k.text + " where a list, map or structure is expected.")
	}
	if r.depth++; r.depth > maxDepth {
		return false, serialization("The request body nests too deeply.")
	}
	r.i++
	r.space()
	if r.i < len(r.b) && r.b[r.i] == end {
		r.i++
		r.depth--
		return true, nil
	}
	return false, nil
}

// next consumes a comma, or the end of the object or list.
func (r *jsonReader) next(end byte) (more bool, err error) {
	r.space()
	switch {
	case r.i == len(r.b):
		return false, r.syntax()
	case r.b[r.i] == ',':
		r.i++
		return true, nil
	case r.b[r.i] == end:
		r.i++
		r.depth--
		return false, nil
	}
	return false, r.syntax()
}

// object calls member for each member, placed before its value.
func (r *jsonReader) object(member func(name string) error) error {
	empty, err := r.open('{', '}')
	if err != nil || empty {
		return err
	}
	for more := true; more; {
		r.space()
		name, err := r.string()
		if err != nil {
			return err
		}
		if r.space(); r.i == len(r.b) || r.b[r.i] != ':' {
			return r.syntax()
		}
		r.i++
		if err := member(name); err != nil {
			return err
		}
		if more, err = r.next('}'); err != nil {
			return err
		}
	}
	return nil
}

// array calls element before each element.
func (r *jsonReader) array(element func() error) error {
	empty, err := r.open('[', ']')
	if err != nil || empty {
		return err
	}
	for more := true; more; {
		if err := element(); err != nil {
			return err
		}
		if more, err = r.next(']'); err != nil {
			return err
		}
	}
	return nil
}

// skip reads over one value of any type.
func (r *jsonReader) skip() error {
	k, err := r.kind()
	if err != nil {
		return err
	}
	switch k.first {
	case '{':
		return r.object(func(string) error { return r.skip() })
	case '[':
		return r.array(r.skip)
	case '"':
		_, err := r.string()
		return err
	case '0':
		_, err := r.number()
		return err
	}
	if r.literal("true") || r.literal("false") || r.literal("null") {
		return nil
	}
	return r.syntax()
}

// number reads a number and returns its text.
func (r *jsonReader) number() (string, error) {
	start := r.i
	if r.peek() == '-' {
		r.i++
	}
	if r.peek() == '0' {
		r.i++
	} else if !r.digits() {
		return "", r.syntax()
	}
	if r.peek() == '.' {
		if r.i++; !r.digits() {
			return "", r.syntax()
		}
	}
	if c := r.peek(); c == 'e' || c == 'E' {
		r.i++
		if c := r.peek(); c == '+' || c == '-' {
			r.i++
		}
		if !r.digits() {
			return "", r.syntax()
		}
	}
	return string(r.b[start:r.i]), nil
}

func (r *jsonReader) peek() byte {
	if r.i < len(r.b) {
		return r.b[r.i]
	}
	return 0
}

func (r *jsonReader) digits() bool {
	start := r.i
	for r.i < len(r.b) && '0' <= r.b[r.i] && r.b[r.i] <= '9' {
		r.i++
	}
	return r.i > start
}

// string reads a string. It refuses half surrogate pairs, which are no text,
// and U+0000, which databases can't keep.
func (r *jsonReader) string() (string, error) {
	if r.peek() != '"' {
		return "", r.syntax()
	}
	r.i++
	start := r.i
	for r.i < len(r.b) {
		switch c := r.b[r.i]; {
		case c == '"':
			r.i++
			return string(r.b[start : r.i-1]), nil
		case c == '\\':
			return r.escaped(append([]byte(nil), r.b[start:r.i]...))
		case c < 0x20:
			return "", r.syntax()
		}
		r.i++
	}
	return "", r.syntax()
}

// escaped reads the rest of a string from its first backslash.
func (r *jsonReader) escaped(out []byte) (string, error) {
	for r.i < len(r.b) {
		c := r.b[r.i]
		switch {
		case c == '"':
			r.i++
			return string(out), nil
		case c < 0x20:
			return "", r.syntax()
		case c != '\\':
			out = append(out, c)
			r.i++
			continue
		}
		r.i++
		if r.peek() == 'u' {
			u, ok := r.unicode()
			if !ok {
				return "", r.syntax()
			}
			out = utf8.AppendRune(out, u)
			continue
		}
		k := strings.IndexByte(`"\/bfnrt`, r.peek())
		if k < 0 {
			return "", r.syntax()
		}
		out = append(out, "\"\\/\b\f\n\r\t"[k])
		r.i++
	}
	return "", r.syntax()
}

// unicode reads uXXXX, and the second half of a surrogate pair.
func (r *jsonReader) unicode() (rune, bool) {
	u, ok := r.hex4()
	if !ok || u == 0 {
		return 0, false
	}
	if !utf16.IsSurrogate(u) {
		return u, true
	}
	if !r.literal(`\`) {
		return 0, false
	}
	low, ok := r.hex4()
	u = utf16.DecodeRune(u, low)
	return u, ok && u != utf8.RuneError
}

func (r *jsonReader) hex4() (rune, bool) {
	if r.peek() != 'u' || r.i+5 > len(r.b) {
		return 0, false
	}
	n, err := strconv.ParseUint(string(r.b[r.i+1:r.i+5]), 16, 16)
	r.i += 5
	return rune(n), err == nil
}
