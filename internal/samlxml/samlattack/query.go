package samlattack

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"net/url"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/internal/samlxml"
)

// A Query is a signed message by the redirect binding: SAMLRequest or
// SAMLResponse, RelayState, SigAlg and Signature, in that order.
type Query struct {
	t    testing.TB
	raw  string
	name string // SAMLRequest or SAMLResponse
}

// NewQuery takes a genuine query with all four parameters.
func NewQuery(t testing.TB, raw string) *Query {
	t.Helper()
	name, _, _ := strings.Cut(raw, "=")
	for _, want := range []string{"&RelayState=", "&SigAlg=", "&Signature="} {
		if !strings.HasPrefix(name, "SAMLRe") || !strings.Contains(raw, want) {
			t.Fatalf("no signed query: %s", raw)
		}
	}
	return &Query{t, raw, name}
}

// value is a parameter as it stands in the query.
func (q *Query) value(name string) string {
	for part := range strings.SplitSeq(q.raw, "&") {
		if v, ok := strings.CutPrefix(part, name+"="); ok {
			return v
		}
	}
	q.t.Fatalf("no %s in %s", name, q.raw)
	return ""
}

// with is the query with a parameter replaced by other text, maybe none.
func (q *Query) with(name, text string) string {
	old := name + "=" + q.value(name)
	out := strings.Replace("&"+q.raw, "&"+old, text, 1)
	return strings.TrimPrefix(out, "&")
}

// escape writes bytes as a parameter's value.
func escape(raw []byte) string { return url.QueryEscape(base64.StdEncoding.EncodeToString(raw)) }

// Attacks are the ways to have a reader verify one text and use another. The Doc
// of each is a query.
func (q *Query) Attacks() []Attack {
	message, state := q.name+"="+q.value(q.name), "RelayState="+q.value("RelayState")
	other := map[string]string{"SAMLRequest": "SAMLResponse", "SAMLResponse": "SAMLRequest"}[q.name]
	algorithm := func(uri string) string { return q.with("SigAlg", "&SigAlg="+url.QueryEscape(uri)) }
	raw, err := base64.StdEncoding.DecodeString(must(q.t, q.value(q.name)))
	if err != nil {
		q.t.Fatal(err)
	}
	plain, err := samlxml.Inflate(raw, 1<<20)
	if err != nil {
		q.t.Fatal(err)
	}
	foreign := samlxml.ECDSASHA256
	if q.value("SigAlg") == url.QueryEscape(foreign) {
		foreign = samlxml.RSASHA256
	}
	repacked := q.name + "=" + escape(stored(plain))
	return list("query", map[string]string{
		"no signature":                    q.with("Signature", ""),
		"no signature nor algorithm":      strings.Replace(q.with("Signature", ""), "&SigAlg="+q.value("SigAlg"), "", 1),
		"no algorithm":                    q.with("SigAlg", ""),
		"empty signature":                 q.with("Signature", "&Signature="),
		"signature that is no base64":     q.with("Signature", "&Signature=!"),
		"signature by a stranger":         q.with("Signature", "&Signature="+q.stranger()),
		"SHA-1":                           algorithm(dsNS + "rsa-sha1"),
		"HMAC":                            algorithm(dsNS + "hmac-sha1"),
		"unknown algorithm":               algorithm("urn:x"),
		"algorithm of another hash":       algorithm(samlxml.RSASHA512),
		"algorithm of another key":        algorithm(foreign),
		"relay state changed":             q.with("RelayState", "&RelayState=changed"),
		"relay state dropped":             q.with("RelayState", ""),
		"relay state twice":               q.raw + "&RelayState=changed",
		"relay state first and last":      "RelayState=changed&" + q.raw,
		"relay state empty beside":        q.raw + "&RelayState",
		"message twice":                   q.raw + "&" + repacked,
		"message twice, the first":        repacked + "&" + q.raw,
		"message repacked":                strings.Replace(q.raw, message, repacked, 1),
		"message re-encoded":              strings.Replace(q.raw, message, q.name+"="+everyByte(must(q.t, q.value(q.name))), 1),
		"signature twice":                 q.raw + "&Signature=" + q.value("Signature"),
		"algorithm twice":                 q.raw + "&SigAlg=" + q.value("SigAlg"),
		"request and response":            q.raw + "&" + other + "=" + q.value(q.name),
		"the other kind":                  strings.Replace(q.raw, q.name+"=", other+"=", 1),
		"name of a parameter escaped":     q.raw + "&%52elayState=changed",
		"name of the message escaped":     strings.Replace(q.raw, "SAML", "%53AML", 1),
		"semicolons":                      strings.Replace(q.raw, "&"+state, ";"+state, 1),
		"another encoding of the binding": q.raw + "&SAMLEncoding=urn:x",
		"deflate bomb":                    strings.Replace(q.raw, message, q.name+"="+escape(deflate(make([]byte, 20<<20))), 1),
		"no deflate data":                 strings.Replace(q.raw, message, q.name+"="+escape(plain), 1),
		"no base64":                       strings.Replace(q.raw, message, q.name+"=!", 1),
		"no message":                      strings.Replace(q.raw, message+"&", "", 1),
		"escape that is none":             strings.Replace(q.raw, message, q.name+"=%zz", 1),
	})
}

func must(t testing.TB, escaped string) string {
	plain, err := url.QueryUnescape(escaped)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

// stranger signs the octets with a key that nobody trusts.
func (q *Query) stranger() string {
	octets, _, _ := strings.Cut(q.raw, "&Signature=")
	value, err := Stranger().Sign([]byte(octets))
	if err != nil {
		q.t.Fatal(err)
	}
	return escape(value)
}

// everyByte escapes more than is needed: the same value in another spelling.
func everyByte(s string) string {
	const hex = "0123456789abcdef"
	var b strings.Builder
	for _, c := range []byte(s) {
		b.Write([]byte{'%', hex[c>>4], hex[c&15]})
	}
	return b.String()
}

func deflate(raw []byte) []byte { return compressed(raw, flate.BestCompression) }

// stored is DEFLATE data without any compression.
func stored(raw []byte) []byte { return compressed(raw, flate.NoCompression) }

func compressed(raw []byte, level int) []byte {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, level)
	if err != nil {
		panic(err)
	}
	if _, err := w.Write(raw); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}
