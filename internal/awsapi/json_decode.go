package awsapi

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"reflect"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/poolhouse/poolhouse/internal/awsapi/models"
)

// decodeJSON fills the structure v from a JSON object. Unknown members are
// checked for syntax and ignored; null stands for an absent member. An empty
// body is an empty object. Members that travel elsewhere than in the body are
// left alone. The error is an *Error.
func decodeJSON(n *node, body []byte, v reflect.Value) error {
	if !utf8.Valid(body) {
		return serialization("The request body is not valid UTF-8.")
	}
	r := &jsonReader{b: body}
	r.space()
	if r.i == len(body) {
		return nil
	}
	if err := r.structure(n, v); err != nil {
		return err
	}
	if r.space(); r.i != len(body) {
		return r.syntax()
	}
	return nil
}

func serialization(text string) *Error {
	return &Error{Status: 400, Code: "SerializationException", Message: text}
}

// value decodes the next value into v, which is not a pointer. ok is false for
// null.
func (r *jsonReader) value(n *node, v reflect.Value) (ok bool, err error) {
	r.space()
	if r.literal("null") {
		return false, nil
	}
	switch n.shape.Kind {
	case models.Structure:
		return true, r.structure(n, v)
	case models.List:
		return true, r.list(n, v)
	case models.Map:
		return true, r.mapping(n, v)
	case models.Document:
		start := r.i
		if err := r.skip(); err != nil {
			return false, err
		}
		v.SetBytes(append(json.RawMessage(nil), r.b[start:r.i]...))
		return true, nil
	}
	return true, r.scalar(n, v)
}

func (r *jsonReader) structure(n *node, v reflect.Value) error {
	seen := make([]bool, len(n.fields))
	return r.object(func(name string) error {
		i, known := n.byName[name]
		if !known || n.fields[i].Location != models.Body {
			return r.skip()
		}
		if seen[i] {
			return serialization("The member " + name + " occurs twice.")
		}
		seen[i] = true
		f := &n.fields[i]
		if r.space(); r.literal("null") {
			return nil
		}
		_, err := r.value(f.node, f.slot(v))
		return err
	})
}

func (r *jsonReader) list(n *node, v reflect.Value) error {
	v.Set(reflect.MakeSlice(n.typ, 0, 4))
	return r.array(func() error {
		elem := reflect.New(n.elem.typ).Elem()
		ok, err := r.value(n.elem, elem)
		if err == nil && !ok {
			err = serialization("A list must not contain null.")
		}
		if err == nil {
			v.Set(reflect.Append(v, elem))
		}
		return err
	})
}

func (r *jsonReader) mapping(n *node, v reflect.Value) error {
	v.Set(reflect.MakeMap(n.typ))
	return r.object(func(name string) error {
		key := reflect.ValueOf(name)
		if v.MapIndex(key).IsValid() {
			return serialization("A map holds the same key twice.")
		}
		elem := reflect.New(n.elem.typ).Elem()
		ok, err := r.value(n.elem, elem)
		if err == nil && ok {
			v.SetMapIndex(key, elem)
		}
		return err
	})
}

// scalar decodes a value that is neither list, map nor structure. Types are
// strict: a number is no string and "true" is no boolean.
func (r *jsonReader) scalar(n *node, v reflect.Value) error {
	kind, err := r.kind()
	if err != nil {
		return err
	}
	mismatch := serialization(kind.text + " can not be converted to " + javaTypes[n.shape.Kind])
	switch {
	case kind.first == '{', kind.first == '[':
		return serialization("Start of " + kind.text + " found where not expected.")
	case kind.first == '"':
		s, err := r.string()
		if err != nil {
			return err
		}
		return setString(n, v, s, mismatch)
	case kind.first == 't':
		if n.shape.Kind != models.Boolean {
			return mismatch
		}
		v.SetBool(r.b[r.i] == 't')
		return r.skip()
	}
	num, err := r.number()
	if err != nil {
		return err
	}
	return setNumber(n, v, num, mismatch)
}

func setString(n *node, v reflect.Value, s string, mismatch *Error) error {
	switch n.shape.Kind {
	case models.String:
		v.SetString(s)
	case models.Blob:
		b, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			return serialization("A blob must be in base64.")
		}
		v.SetBytes(b)
	case models.Timestamp:
		t, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			return mismatch
		}
		v.Set(reflect.ValueOf(t.UTC()))
	default:
		return mismatch
	}
	return nil
}

func setNumber(n *node, v reflect.Value, num string, mismatch *Error) error {
	switch n.shape.Kind {
	case models.Integer, models.Long:
		i, err := strconv.ParseInt(num, 10, int(n.typ.Size())*8)
		if err != nil {
			return mismatch
		}
		v.SetInt(i)
	case models.Double, models.Timestamp:
		f, err := strconv.ParseFloat(num, 64)
		if err != nil {
			return mismatch
		}
		if n.shape.Kind == models.Double {
			v.SetFloat(f)
			return nil
		}
		t, ok := fromEpoch(f)
		if !ok {
			return mismatch
		}
		v.Set(reflect.ValueOf(t))
	default:
		return mismatch
	}
	return nil
}

// fromEpoch converts seconds since 1970 to microseconds' precision. ok is false
// outside the years 1 to 9999.
func fromEpoch(sec float64) (t time.Time, ok bool) {
	const first, last = -62135596800, 253402300799
	if !(sec >= first && sec <= last) {
		return time.Time{}, false
	}
	whole := math.Floor(sec)
	return time.Unix(int64(whole), int64(math.Round((sec-whole)*1e6))*1000).UTC(), true
}

// javaTypes are the names that the live services use in these errors.
var javaTypes = map[models.Kind]string{
	models.String: "a String", models.Integer: "an Integer", models.Long: "a Long", models.Double: "a Double",
	models.Boolean: "a Boolean", models.Timestamp: "a Timestamp", models.Blob: "a Blob",
}
