package awsapi

import (
	"encoding/base64"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/poolhouse/poolhouse/internal/awsapi/models"
)

// dispatchNamespace is the namespace of errors that no service raised.
const dispatchNamespace = "http://webservices.amazon.com/AWSFault/2005-15-09"

// xmlAnswer writes the answer of a query operation, laid out as the live
// service does: two spaces a level and a newline at the end.
func xmlAnswer(op *operation, requestID string, out reflect.Value) []byte {
	x := &xmlWriter{b: make([]byte, 0, 1024)}
	x.open(op.name+"Response", op.svc.model.XMLNamespace)
	if w := op.model.ResultWrapper; w != "" {
		x.structure(w, op.out, out)
	}
	x.open("ResponseMetadata", "")
	x.leaf("RequestId", requestID)
	x.close("ResponseMetadata")
	x.close(op.name + "Response")
	return x.b
}

// xmlError writes an error. It has no Message where the text is empty.
func xmlError(namespace, requestID string, e *Error) []byte {
	x := &xmlWriter{b: make([]byte, 0, 512)}
	x.open("ErrorResponse", namespace)
	x.open("Error", "")
	fault := "Sender"
	if e.Status >= 500 {
		fault = "Receiver"
	}
	x.leaf("Type", fault)
	x.leaf("Code", e.Code)
	if e.Message != "" {
		x.leaf("Message", e.text())
	}
	x.close("Error")
	x.leaf("RequestId", requestID)
	x.close("ErrorResponse")
	return x.b
}

// An xmlWriter writes indented XML.
type xmlWriter struct {
	b     []byte
	depth int
}

func (x *xmlWriter) indent() {
	for range x.depth {
		x.b = append(x.b, "  "...)
	}
}

func (x *xmlWriter) open(name, namespace string) {
	x.indent()
	x.b = append(append(x.b, '<'), name...)
	if namespace != "" {
		x.b = append(append(append(x.b, ` xmlns="`...), namespace...), '"')
	}
	x.b = append(x.b, ">\n"...)
	x.depth++
}

func (x *xmlWriter) close(name string) {
	x.depth--
	x.indent()
	x.b = append(append(append(x.b, "</"...), name...), ">\n"...)
}

func (x *xmlWriter) leaf(name, text string) {
	x.indent()
	x.b = append(append(append(x.b, '<'), name...), '>')
	x.b = appendXMLText(x.b, text)
	x.b = append(append(append(x.b, "</"...), name...), ">\n"...)
}

func (x *xmlWriter) empty(name string) {
	x.indent()
	x.b = append(append(append(x.b, '<'), name...), "/>\n"...)
}

func (x *xmlWriter) value(name string, n *node, v reflect.Value) {
	switch n.shape.Kind {
	case models.Structure:
		x.structure(name, n, v)
	case models.List:
		x.list(name, n, v)
	case models.Map:
		x.mapping(name, n, v)
	default:
		x.leaf(name, xmlText(n, v))
	}
}

func (x *xmlWriter) structure(name string, n *node, v reflect.Value) {
	mark := len(x.b)
	x.open(name, "")
	start := len(x.b)
	for i := range n.fields {
		f := &n.fields[i]
		if fv, ok := f.value(v); ok {
			x.value(f.Name, f.node, fv)
		}
	}
	if len(x.b) == start {
		x.b = x.b[:mark]
		x.depth--
		x.empty(name)
		return
	}
	x.close(name)
}

func (x *xmlWriter) list(name string, n *node, v reflect.Value) {
	if v.Len() == 0 {
		x.empty(name)
		return
	}
	x.open(name, "")
	for i := range v.Len() {
		x.value("member", n.elem, v.Index(i))
	}
	x.close(name)
}

func (x *xmlWriter) mapping(name string, n *node, v reflect.Value) {
	if v.Len() == 0 {
		x.empty(name)
		return
	}
	x.open(name, "")
	for _, k := range sortedMapKeys(v) {
		x.open("entry", "")
		x.leaf("key", k.String())
		x.value("value", n.elem, v.MapIndex(k))
		x.close("entry")
	}
	x.close(name)
}

// xmlText renders a scalar. Times are whole seconds, as on the live services.
func xmlText(n *node, v reflect.Value) string {
	switch n.shape.Kind {
	case models.Integer, models.Long:
		return strconv.FormatInt(v.Int(), 10)
	case models.Double:
		return strconv.FormatFloat(v.Float(), 'g', -1, 64)
	case models.Boolean:
		return strconv.FormatBool(v.Bool())
	case models.Timestamp:
		return v.Interface().(time.Time).UTC().Format("2006-01-02T15:04:05Z")
	case models.Blob:
		return base64.StdEncoding.EncodeToString(v.Bytes())
	}
	return v.String()
}

var xmlEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "\r", "&#xD;")

// appendXMLText escapes s. What XML 1.0 has no character for becomes U+FFFD.
func appendXMLText(b []byte, s string) []byte {
	ok := true
	for _, r := range s {
		if !xmlChar(r) {
			ok = false
			break
		}
	}
	if !ok || !utf8.ValidString(s) {
		s = strings.Map(func(r rune) rune {
			if xmlChar(r) {
				return r
			}
			return utf8.RuneError
		}, strings.ToValidUTF8(s, "\uFFFD"))
	}
	if strings.ContainsAny(s, "&<>\"\r") {
		s = xmlEscapes.Replace(s)
	}
	return append(b, s...)
}

// xmlChar is the production Char of XML 1.0.
func xmlChar(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || r >= 0x20 && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD || r >= 0x10000
}
