package policy

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// maxDepth bounds the nesting of a document; a valid one needs six levels.
const maxDepth = 12

// errJSON is returned for every syntax error: its place is not told.
var errJSON = errors.New("policy: bad JSON")

// An object is a JSON object with its members in order. Its offsets stand behind
// the opening and behind the closing brace.
type object struct {
	members    []member
	start, end int
}

type member struct {
	name  string
	value any // object, list, string, json.Number, bool or nil
}

type list []any

// parseJSON reads one JSON value. Unlike encoding/json it refuses an object that
// names a member twice: two readers could disagree about which of them counts.
func parseJSON(text string) (any, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	v, err := readValue(d, 0)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errJSON
	}
	return v, nil
}

func readValue(d *json.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, errJSON
	}
	t, err := d.Token()
	if err != nil {
		return nil, errJSON
	}
	switch t {
	case json.Delim('{'):
		return readObject(d, depth)
	case json.Delim('['):
		return readList(d, depth)
	}
	return t, nil
}

func readObject(d *json.Decoder, depth int) (object, error) {
	obj, seen := object{start: int(d.InputOffset())}, map[string]bool{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return obj, errJSON
		}
		name, ok := t.(string)
		if !ok || seen[name] {
			return obj, errJSON
		}
		seen[name] = true
		v, err := readValue(d, depth+1)
		if err != nil {
			return obj, err
		}
		obj.members = append(obj.members, member{name, v})
	}
	err := closing(d)
	obj.end = int(d.InputOffset())
	return obj, err
}

func readList(d *json.Decoder, depth int) (list, error) {
	l := list{}
	for d.More() {
		v, err := readValue(d, depth+1)
		if err != nil {
			return nil, err
		}
		l = append(l, v)
	}
	return l, closing(d)
}

func closing(d *json.Decoder) error {
	if _, err := d.Token(); err != nil {
		return errJSON
	}
	return nil
}
