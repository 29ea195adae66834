package oidcop_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
)

// FuzzAuthorize sends queries of any kind: no answer is a 5xx, none carries a code
// without a session, and none leads anywhere but home or to a registered address.
func FuzzAuthorize(f *testing.F) {
	for _, changes := range []map[string]any{nil, {"redirect_uri": "https://evil.example/"}, {"client_id": []string{public, otherID}},
		{"prompt": "none"}, {"scope": "x y z"}, {"max_age": "99999999999999999999"}, {"redirect_uri": "http://127.0.0.1:1/cb"},
		{"response_type": "code id_token", "response_mode": "form_post.jwt"}, {"claims": `{"id_token":{"acr":{"essential":true,"value":"phr"}}}`},
		{"authorization_details": payment}, {"resource": []string{"https://a.example", "x"}}, {"acr_values": "phr 1", "prompt": "create"},
		{"request": "e30.e30.e30"}, {"request_uri": "urn:ietf:params:oauth:request_uri:x"}, {"request_uri": "urn:poolhouse:visit:x", "request": "y"}} {
		_, query, _ := strings.Cut(authorizeURL(poolID, public, changes), "?")
		f.Add(query)
	}
	h := open(f)
	f.Fuzz(func(t *testing.T, query string) {
		u := &url.URL{Path: "/" + poolID + "/oauth2/authorize", RawQuery: query}
		if _, err := url.ParseRequestURI(u.String()); err != nil || strings.ContainsFunc(query, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return // no request line can carry it
		}
		rec := h.serve("GET", u.String(), nil, nil, nil)
		at, err := url.Parse(rec.Header().Get("Location"))
		if rec.Code >= 500 || err != nil {
			t.Fatalf("%d, %v", rec.Code, err)
		}
		home := at.Scheme == "" && at.Host == "" && strings.HasPrefix(at.Path, "/"+poolID+"/")
		origin := at.Scheme + "://" + at.Hostname()
		registered := slices.Contains([]string{"https://app.example", "http://127.0.0.1", "http://localhost", "myapp://cb"}, origin)
		if rec.Code == 302 && !home && !registered || at.Query().Has("code") && !home {
			t.Fatalf("sent to %s", at)
		}
	})
}
