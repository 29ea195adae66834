package authz

import (
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// An original is the request that a proxy asks about. Its body is not there, or is not
// read.
type original struct {
	*http.Request        // as it was signed
	path          string // decoded
	name          string // of the host: lower case, no port
	scheme        string
	clientIP      string
}

// names are the headers in which a proxy describes a request, or what stands there.
type names struct{ method, uri, host, proto, length string }

var headersOf = map[string]names{
	nginx:   {"X-Original-Method", "X-Original-Uri", "X-Original-Host", "X-Original-Proto", "X-Original-Content-Length"},
	traefik: {"X-Forwarded-Method", "X-Forwarded-Uri", "X-Forwarded-Host", "X-Forwarded-Proto", ""},
}

// original reads what the proxy of these rules says. Every part must be there
// once: one that the proxy leaves out, a client could put in.
func (r *Rules) original(in *http.Request, from Asker) (*original, error) {
	if claimed(in.Header) {
		return nil, forbidden("the client sends headers of an identity")
	}
	told, ok := r.told(in)
	if !ok || told.host == "" || told.proto != "http" && told.proto != "https" {
		return nil, forbidden("the proxy does not say what the request is, or is another one than the rules say")
	}
	o := &original{scheme: told.proto, clientIP: from.ClientIP, name: hostName(told.host)}
	escaped, query, _ := strings.Cut(told.uri, "?")
	if o.path, ok = plainPath(escaped); !ok {
		return nil, forbidden("the path can be read in several ways")
	}
	o.Request = &http.Request{Method: told.method, Host: told.host, Header: in.Header, URL: &url.URL{Path: o.path, RawPath: escaped, RawQuery: query}}
	if headersOf[r.Proxy].length == "" { // what came with the question is the body itself, where the proxy sends it along
		o.ContentLength = in.ContentLength
	}
	if told.length != "" {
		n, err := strconv.ParseInt(told.length, 10, 64)
		if err != nil || n < 0 {
			return nil, forbidden("the length of the body is no number")
		}
		o.ContentLength = n
	}
	return o, nil
}

// told returns what the proxy says. Envoy sends the request itself, without its
// body, below Path; the others describe it.
func (r *Rules) told(in *http.Request) (told names, ok bool) {
	n, describes := headersOf[r.Proxy]
	if !describes {
		told = names{method: in.Method, host: in.Host}
		told.uri, ok = strings.CutPrefix(in.RequestURI, Path)
		var secure bool
		told.proto, secure = one(in.Header, "X-Forwarded-Proto")
		return told, ok && secure
	}
	var got [4]bool
	told.method, got[0] = one(in.Header, n.method)
	told.uri, got[1] = one(in.Header, n.uri)
	told.host, got[2] = one(in.Header, n.host)
	told.proto, got[3] = one(in.Header, n.proto)
	told.length = in.Header.Get(n.length)
	return told, in.URL.Path == Path && got == [4]bool{true, true, true, true}
}

func one(h http.Header, name string) (string, bool) {
	v := h.Values(name)
	if len(v) != 1 || v[0] == "" {
		return "", false
	}
	return v[0], true
}

// hostName returns the name of a host as rules have it.
func hostName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.TrimSuffix(strings.ToLower(host), ".")
}

// address is the request's, without its query.
func (o *original) address() string { return o.scheme + "://" + o.Host + o.URL.EscapedPath() }
