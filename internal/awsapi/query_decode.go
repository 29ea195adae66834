package awsapi

import (
	"encoding/base64"
	"reflect"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/poolhouse/poolhouse/internal/awsapi/models"
	"github.com/poolhouse/poolhouse/internal/awsapi/sigv4"
)

// malformedInput is how the query services refuse a value of the wrong type:
// they send no message.
func malformedInput() *Error { return &Error{Status: 400, Code: "MalformedInput"} }

// A form holds the parameters of a query request, sorted by name. Of a repeated
// name only the first value is kept, everywhere.
type form []sigv4.Param

// maxName bounds the name of a parameter, and with it how deep input can nest.
const maxName = 512

// parseForm decodes the parameters. Values that are no text are refused.
func parseForm(raw string) (form, error) {
	params, err := sigv4.SplitQuery(raw)
	if err != nil {
		return nil, malformedInput()
	}
	for _, p := range params {
		if len(p.Name) > maxName || !isText(p.Name) || !isText(p.Value) {
			return nil, malformedInput()
		}
	}
	slices.SortStableFunc(params, func(a, b sigv4.Param) int { return strings.Compare(a.Name, b.Name) })
	return slices.CompactFunc(params, func(a, b sigv4.Param) bool { return a.Name == b.Name }), nil
}

// isText refuses invalid UTF-8, and U+0000, which databases can't keep.
func isText(s string) bool { return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 }

// get returns the value of a parameter.
func (f form) get(name string) (value string, ok bool) {
	i := sort.Search(len(f), func(i int) bool { return f[i].Name >= name })
	if i == len(f) || f[i].Name != name {
		return "", false
	}
	return f[i].Value, true
}

// under returns the parameters whose names start with prefix.
func (f form) under(prefix string) form {
	i := sort.Search(len(f), func(i int) bool { return f[i].Name >= prefix })
	n := sort.Search(len(f)-i, func(k int) bool { return !strings.HasPrefix(f[i+k].Name, prefix) })
	return f[i : i+n]
}

// has says whether there is a parameter of that name or below it.
func (f form) has(name string) bool {
	_, ok := f.get(name)
	return ok || len(f.under(name+".")) > 0
}

// indexes returns the numbers N of the parameters name.kind.N…, ascending. An
// index that is no plain number, and anything else below or at name, is refused:
// nothing that a caller sent, such as a session policy, may be dropped in
// silence. A bare empty name is how SDKs send an empty list.
func (f form) indexes(name, kind string) ([]int, error) {
	prefix := name + "." + kind
	if text, _ := f.get(name); text != "" || len(f.under(name+".")) != len(f.under(prefix+".")) {
		return nil, malformedInput()
	}
	var out []int
	last := ""
	for _, p := range f.under(prefix + ".") {
		text, _, _ := strings.Cut(p.Name[len(prefix)+1:], ".")
		if text == last {
			continue
		}
		last = text
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || strconv.Itoa(n) != text {
			return nil, malformedInput()
		}
		out = append(out, n)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// value decodes what is at name into v. The error is an *Error.
func (f form) value(n *node, name string, v reflect.Value) error {
	switch n.shape.Kind {
	case models.Structure:
		return f.structure(n, name+".", v)
	case models.List:
		return f.list(n, name, v)
	case models.Map:
		return f.mapping(n, name, v)
	}
	text, ok := f.get(name)
	if !ok {
		return malformedInput() // something lies below the name of a scalar
	}
	return setText(n, v, text)
}

func (f form) structure(n *node, prefix string, v reflect.Value) error {
	for i := range n.fields {
		fd := &n.fields[i]
		if name := prefix + fd.Name; f.has(name) {
			if err := f.value(fd.node, name, fd.slot(v)); err != nil {
				return err
			}
		}
	}
	return nil
}

// list decodes name.member.N.
func (f form) list(n *node, name string, v reflect.Value) error {
	indexes, err := f.indexes(name, "member")
	if err != nil {
		return err
	}
	v.Set(reflect.MakeSlice(n.typ, len(indexes), len(indexes)))
	for i, index := range indexes {
		if err := f.value(n.elem, name+".member."+strconv.Itoa(index), v.Index(i)); err != nil {
			return err
		}
	}
	return nil
}

// mapping decodes name.entry.N.key and name.entry.N.value.
func (f form) mapping(n *node, name string, v reflect.Value) error {
	indexes, err := f.indexes(name, "entry")
	if err != nil {
		return err
	}
	v.Set(reflect.MakeMap(n.typ))
	for _, index := range indexes {
		entry := name + ".entry." + strconv.Itoa(index)
		key, ok := f.get(entry + ".key")
		if !ok || !f.has(entry+".value") || v.MapIndex(reflect.ValueOf(key)).IsValid() {
			return malformedInput()
		}
		elem := reflect.New(n.elem.typ).Elem()
		if err := f.value(n.elem, entry+".value", elem); err != nil {
			return err
		}
		v.SetMapIndex(reflect.ValueOf(key), elem)
	}
	return nil
}

// setText sets a scalar from the text of a form, a query string, a path or a
// header. Numbers may have a plus sign and leading zeros.
func setText(n *node, v reflect.Value, s string) error {
	switch n.shape.Kind {
	case models.String:
		v.SetString(s)
		return nil
	case models.Integer, models.Long:
		if i, err := strconv.ParseInt(s, 10, int(n.typ.Size())*8); err == nil {
			v.SetInt(i)
			return nil
		}
	case models.Double:
		if f, err := strconv.ParseFloat(s, 64); err == nil {
			v.SetFloat(f)
			return nil
		}
	case models.Boolean:
		if s == "true" || s == "false" {
			v.SetBool(s == "true")
			return nil
		}
	case models.Timestamp:
		if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
			v.Set(reflect.ValueOf(t.UTC()))
			return nil
		}
	case models.Blob:
		if b, err := base64.StdEncoding.DecodeString(s); err == nil {
			v.SetBytes(b)
			return nil
		}
	}
	return malformedInput()
}
