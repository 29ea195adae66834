package oidcop

import (
	"mime"
	"net/http"
	"net/url"

	"github.com/poolhouse/poolhouse/internal/web"
)

// repeatable are the parameters that may be sent more than once.
var repeatable = map[string]bool{"resource": true}

// checkSingle refuses parameters that are sent twice (RFC 6749 section 3.1): two
// readers of such a request may each see another one. It refuses what is no text, too.
func checkSingle(v url.Values) error {
	if !web.IsText(v) {
		return oauthFail("invalid_request", "A parameter is no text.")
	}
	for name, values := range v {
		if len(values) > 1 && !repeatable[name] {
			return oauthFail("invalid_request", "A parameter is included more than once.")
		}
	}
	return nil
}

// parseForm reads the form of a program's POST. A token is for one resource, or for
// all that were granted: several are asked for at the authorization endpoint.
func parseForm(r *http.Request) error {
	if err := parseRequest(r); err != nil {
		return err
	}
	if len(r.PostForm["resource"]) > 1 {
		return oauthFail("invalid_target", "Only one resource can be asked for at a time.")
	}
	return nil
}

// parseRequest reads the form of a program's POST. Nothing counts that stands in the
// address, where logs would keep it.
func parseRequest(r *http.Request) error {
	if r.Method != http.MethodPost {
		return &oauthError{"invalid_request", "The method must be POST.", http.StatusMethodNotAllowed}
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return oauthFail("invalid_request", "The body must be application/x-www-form-urlencoded.")
	}
	if err := r.ParseForm(); err != nil {
		return oauthFail("invalid_request", "The form could not be read.")
	}
	return checkSingle(r.PostForm)
}
