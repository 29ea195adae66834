package awsapi

import (
	"encoding/base64"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/poolhouse/poolhouse/internal/awsapi/models"
)

// appendJSON writes the value v. Absent members are left out.
func appendJSON(b []byte, n *node, v reflect.Value) []byte {
	switch n.shape.Kind {
	case models.Structure:
		return appendObject(b, n, v)
	case models.List:
		b = append(b, '[')
		for i := range v.Len() {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendJSON(b, n.elem, v.Index(i))
		}
		return append(b, ']')
	case models.Map:
		return appendMap(b, n, v)
	case models.Document:
		return append(b, v.Bytes()...)
	}
	return appendScalar(b, n, v)
}

func appendObject(b []byte, n *node, v reflect.Value) []byte {
	b = append(b, '{')
	first := true
	for i := range n.fields {
		f := &n.fields[i]
		fv, ok := f.value(v)
		if !ok {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(b, '"')
		b = append(b, f.Name...)
		b = append(b, '"', ':')
		b = appendJSON(b, f.node, fv)
	}
	return append(b, '}')
}

// appendMap writes the keys in order, so that equal answers are equal bytes.
func appendMap(b []byte, n *node, v reflect.Value) []byte {
	b = append(b, '{')
	for i, k := range sortedMapKeys(v) {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendJSONString(b, k.String())
		b = append(b, ':')
		b = appendJSON(b, n.elem, v.MapIndex(k))
	}
	return append(b, '}')
}

func sortedMapKeys(v reflect.Value) []reflect.Value {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(x, y reflect.Value) int { return strings.Compare(x.String(), y.String()) })
	return keys
}

func appendScalar(b []byte, n *node, v reflect.Value) []byte {
	switch n.shape.Kind {
	case models.String:
		return appendJSONString(b, v.String())
	case models.Integer, models.Long:
		return strconv.AppendInt(b, v.Int(), 10)
	case models.Double:
		return appendFloat(b, v.Float())
	case models.Boolean:
		return strconv.AppendBool(b, v.Bool())
	case models.Timestamp:
		return appendEpoch(b, v.Interface().(time.Time))
	case models.Blob:
		b = append(b, '"')
		b = base64.StdEncoding.AppendEncode(b, v.Bytes())
		return append(b, '"')
	}
	panic("awsapi: shape " + n.shape.Name + " is no scalar")
}

// appendFloat writes what JSON has no number for as null.
func appendFloat(b []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(b, "null"...)
	}
	return strconv.AppendFloat(b, f, 'g', -1, 64)
}

// appendEpoch writes seconds since 1970, with milliseconds where there are any.
func appendEpoch(b []byte, t time.Time) []byte {
	ms := t.UnixMilli()
	if ms < 0 {
		return strconv.AppendInt(b, t.Unix(), 10)
	}
	b = strconv.AppendInt(b, ms/1000, 10)
	if ms%1000 == 0 {
		return b
	}
	frac := strconv.FormatInt(ms%1000+1000, 10)[1:]
	return append(append(b, '.'), strings.TrimRight(frac, "0")...)
}

const hexDigits = "0123456789abcdef"

// appendJSONString writes s quoted. Bytes that are no UTF-8 become U+FFFD.
func appendJSONString(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			if c >= 0x20 && c != '"' && c != '\\' && c != 0x7f {
				i++
				continue
			}
			b = append(b, s[start:i]...)
			b = appendEscape(b, c)
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			b = append(b, s[start:i]...)
			b = append(b, "\uFFFD"...)
			start = i + 1
		}
		i += size
	}
	return append(append(b, s[start:]...), '"')
}

func appendEscape(b []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\n':
		return append(b, '\\', 'n')
	case '\r':
		return append(b, '\\', 'r')
	case '\t':
		return append(b, '\\', 't')
	}
	return append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}
