package sigv4

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// canonical writes the canonical request, the text whose hash is signed
// (IAM user guide, "Create a signed AWS API request", step 1).
func (s *Signature) canonical(r *http.Request, payloadHash string) []byte {
	b := make([]byte, 0, 1024)
	b = append(b, r.Method...)
	b = append(b, '\n')
	b = appendPath(b, r.URL.EscapedPath())
	b = append(b, '\n')
	b = s.appendQuery(b)
	b = append(b, '\n')
	for _, name := range s.headers {
		b = append(b, name...)
		b = append(b, ':')
		b = appendHeader(b, r, name)
		b = append(b, '\n')
	}
	b = append(b, '\n')
	b = append(b, strings.Join(s.headers, ";")...)
	b = append(b, '\n')
	return append(b, payloadHash...)
}

// appendPath encodes the path once more than it arrived: every service but S3
// signs it so. Nothing is normalised, because the path is routed as it arrived.
func appendPath(b []byte, escaped string) []byte {
	if escaped == "" {
		return append(b, '/')
	}
	return appendEscaped(b, escaped, true)
}

// appendQuery writes the sorted parameters, without the signature itself.
func (s *Signature) appendQuery(b []byte) []byte {
	if len(s.query) == 0 {
		return b
	}
	pairs := make([]Param, 0, len(s.query))
	for _, p := range s.query {
		if s.presigned && p.Name == "X-Amz-Signature" {
			continue
		}
		pairs = append(pairs, Param{
			string(appendEscaped(nil, p.Name, false)),
			string(appendEscaped(nil, p.Value, false)),
		})
	}
	slices.SortFunc(pairs, func(x, y Param) int {
		if c := strings.Compare(x.Name, y.Name); c != 0 {
			return c
		}
		return strings.Compare(x.Value, y.Value)
	})
	for i, p := range pairs {
		if i > 0 {
			b = append(b, '&')
		}
		b = append(b, p.Name...)
		b = append(b, '=')
		b = append(b, p.Value...)
	}
	return b
}

// appendHeader writes the values of a header, trimmed, with runs of spaces as
// one, and repetitions joined by commas.
func appendHeader(b []byte, r *http.Request, name string) []byte {
	// net/http keeps these two outside the header map.
	switch name {
	case "host":
		return appendTrimmed(b, r.Host)
	case "content-length":
		return strconv.AppendInt(b, max(r.ContentLength, 0), 10)
	}
	for i, v := range r.Header[http.CanonicalHeaderKey(name)] {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendTrimmed(b, v)
	}
	return b
}

func appendTrimmed(b []byte, v string) []byte {
	v = strings.Trim(v, " \t")
	if !strings.Contains(v, "  ") {
		return append(b, v...)
	}
	for i := 0; i < len(v); i++ {
		if v[i] == ' ' && v[i-1] == ' ' { // v[0] is not a space
			continue
		}
		b = append(b, v[i])
	}
	return b
}

const upperHex = "0123456789ABCDEF"

// appendEscaped percent-encodes all but the unreserved characters of RFC 3986.
func appendEscaped(b []byte, s string, keepSlash bool) []byte {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9',
			c == '-', c == '_', c == '.', c == '~', c == '/' && keepSlash:
			b = append(b, c)
		default:
			b = append(b, '%', upperHex[c>>4], upperHex[c&15])
		}
	}
	return b
}
