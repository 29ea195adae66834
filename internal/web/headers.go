package web

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// basePolicy lets a page load its own style, script and images, and be framed by
// nobody.
const basePolicy = "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; " +
	"base-uri 'none'; frame-ancestors 'none'"

// SetPageHeaders sets the headers that every answer carries.
func SetPageHeaders(h http.Header) {
	h.Set("Content-Security-Policy", basePolicy+"; form-action 'self'")
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}

// AllowFormTarget lets the forms of a page end at target as well. Browsers apply
// form-action to every redirect that follows a submission, so a login form must
// name the app that the sign-in returns to. A target that a policy cannot
// express (an IPv6 literal) lifts the restriction, for nothing else would work.
func AllowFormTarget(h http.Header, target string) {
	source, ok := policySource(target)
	switch {
	case !ok:
		h.Set("Content-Security-Policy", basePolicy)
	case source != "":
		h.Set("Content-Security-Policy", basePolicy+"; form-action 'self' "+source)
	}
}

// AllowFraming lets pages of other sites frame this one. It is for a page that shows
// nothing.
func AllowFraming(h http.Header) {
	h.Del("X-Frame-Options")
	h.Set("Content-Security-Policy", strings.Replace(h.Get("Content-Security-Policy"), "frame-ancestors 'none'", "frame-ancestors *", 1))
}

// AllowCalls lets the scripts of a page call this server.
func AllowCalls(h http.Header) {
	h.Set("Content-Security-Policy", h.Get("Content-Security-Policy")+"; connect-src 'self'")
}

// AllowFrames lets a page load frames: these addresses, and no other path even of
// their hosts. One that a policy cannot express is not loaded.
func AllowFrames(h http.Header, addresses []string) {
	var sources []string
	for _, raw := range addresses {
		u, err := url.Parse(raw)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || !plainHost.MatchString(u.Host) {
			continue
		}
		path := strings.NewReplacer(";", "%3B", ",", "%2C").Replace(u.EscapedPath())
		sources = append(sources, u.Scheme+"://"+u.Host+path)
	}
	h.Set("Content-Security-Policy", h.Get("Content-Security-Policy")+"; frame-src "+strings.Join(sources, " "))
}

var plainHost = regexp.MustCompile(`^[A-Za-z0-9.-]+(:[0-9]+)?$`)

// policySource is the CSP source of a URI: its origin, or the scheme of an app.
func policySource(raw string) (source string, ok bool) {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme == "" {
		return "", true // not a target at all
	}
	if u.Scheme != "https" && u.Scheme != "http" {
		return strings.ToLower(u.Scheme) + ":", true
	}
	if !plainHost.MatchString(u.Host) {
		return "", false
	}
	return u.Scheme + "://" + u.Host, true
}
