package authz

import (
	"fmt"
	"net/http"
	"strings"
)

// prefix begins the names of the headers with an identity. A client that sends
// one itself is refused.
const prefix = "X-Poolhouse-"

// An identity is who may pass. Empty: anybody.
type identity struct {
	principal string // ARN, or the sub of a token
	account   string // of an ARN
	user      string // name of the IAM user or of the role, or username in the pool
	pool      string // of a token, as are all below
	client    string
	groups    []string
	scopes    []string
	bodyHash  string // SHA-256 that the signature covers, hex
}

// write sets every header, the empty ones too: a proxy that only replaces what it
// is given must find nothing of the client's to leave in place.
func (i *identity) write(h http.Header) {
	for name, value := range map[string]string{
		"Principal": encode(i.principal), "Account": i.account, "User": encode(i.user), "Pool": i.pool, "Client": encode(i.client),
		"Groups": list(i.groups), "Scopes": list(i.scopes), "Content-Sha256": i.bodyHash,
	} {
		h.Set(prefix+name, value)
	}
}

// list joins values by commas, which stand in none of them.
func list(values []string) string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = strings.ReplaceAll(encode(v), ",", "%2C")
	}
	return strings.Join(out, ",")
}

// encode percent-encodes what cannot stand in a header: all but visible ASCII, and
// the percent sign.
func encode(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || c == '%' {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// claimed reports whether a client says who it is. To some servers an underscore is
// a dash.
func claimed(h http.Header) bool {
	for name := range h {
		if strings.HasPrefix(http.CanonicalHeaderKey(strings.ReplaceAll(name, "_", "-")), prefix) {
			return true
		}
	}
	return false
}
