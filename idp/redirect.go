package idp

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// MatchRedirect reports whether a requested redirect URI is one of a client's.
// The comparison is of strings (RFC 9700 section 2.1), with one exception: a
// registered http URI on a loopback address matches on any port (RFC 8252
// section 7.3), because a native app cannot choose its port.
func MatchRedirect(registered []string, requested string) bool {
	if !WellFormedRedirect(requested) {
		return false
	}
	return slices.Contains(registered, requested) || slices.ContainsFunc(registered, func(r string) bool {
		return loopbackBut(r, requested)
	})
}

// loopbackBut reports whether two URIs are equal but for the port of a loopback
// address. localhost is a name that a resolver may send elsewhere, so it has no
// such freedom.
func loopbackBut(registered, requested string) bool {
	hostA, restA, okA := splitLoopback(registered)
	hostB, restB, okB := splitLoopback(requested)
	return okA && okB && hostA == hostB && restA == restB
}

// splitLoopback cuts the port out of the string as it was written, so that no
// normalisation can make two different URIs look equal.
func splitLoopback(raw string) (host, rest string, ok bool) {
	u, err := url.Parse(raw)
	if err != nil || u.User != nil {
		return "", "", false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	if err != nil || !ip.IsLoopback() || ip.Is4In6() {
		return "", "", false
	}
	rest, ok = strings.CutPrefix(raw, "http://"+u.Host)
	return u.Hostname(), rest, ok
}

// WellFormedRedirect reports whether a URI may be registered or asked for at all:
// absolute, without fragment, user information or control characters; https,
// http on this machine only, or the private scheme of an app.
func WellFormedRedirect(raw string) bool {
	if raw == "" || len(raw) > 1024 || strings.ContainsFunc(raw, unsafeRune) {
		return false
	}
	u, err := url.Parse(raw)
	if err != nil || u.Fragment != "" || strings.Contains(raw, "#") || u.User != nil {
		return false
	}
	switch u.Scheme {
	case "https":
		return u.Hostname() != ""
	case "http":
		return isLocal(u.Hostname())
	case "", "javascript", "data", "vbscript", "file", "blob", "about", "view-source", "filesystem", "ws", "wss":
		return false
	}
	return true
}

func isLocal(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// unsafeRune is what no URI contains unescaped, and what parsers disagree about.
func unsafeRune(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`\"<>^`+"`{|}", r) }
