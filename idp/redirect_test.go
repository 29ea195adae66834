package idp_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/idp"
)

var registered = []string{"https://app.example/cb", "https://app.example/q?x=1", "http://127.0.0.1/cb", "http://[::1]:7000/cb",
	"http://localhost:3000/cb", "myapp://cb", "com.example.app:/cb"}

// TestMatchRedirect holds S6: every trick that got past a matcher somewhere.
func TestMatchRedirect(t *testing.T) {
	accepted := []string{"https://app.example/cb", "https://app.example/q?x=1", "http://127.0.0.1/cb", "http://127.0.0.1:49152/cb",
		"http://[::1]:7000/cb", "http://[::1]:9/cb", "http://localhost:3000/cb", "myapp://cb", "com.example.app:/cb"}
	for _, uri := range accepted {
		if !idp.MatchRedirect(registered, uri) {
			t.Errorf("refused %q", uri)
		}
	}
	refused := []string{"", "/cb", "//app.example/cb", "https://app.example/cb/", "https://app.example/cb?x=1", "https://app.example/cb#x",
		"https://app.example/CB", "https://APP.example/cb", "HTTPS://app.example/cb", "https://app.example:443/cb",
		"https://app.example/cb/../cb", "https://app.example/..;/cb", "https://app.example/%63b", "https://app.example/%2e/cb",
		"https://app.example@evil.example/cb", "https://evil.example@app.example/cb", "https://user:pw@app.example/cb",
		"https://a@b@app.example/cb", "https://app.example.evil.example/cb", "https://evilapp.example/cb", "https://app.example\\@evil.example/cb",
		"https://app.example\t/cb", " https://app.example/cb", "https://app.example/cb ", "https://app.example/cb\n", "https://äpp.example/cb",
		"http://app.example/cb", "http://localhost:3001/cb", "http://localhost/cb", "http://localhost.evil.example:3000/cb",
		"http://127.0.0.1:80/cb/x", "http://127.0.0.2:80/cb", "http://127.0.0.1:80@evil.example/cb", "http://evil.example:80/127.0.0.1/cb",
		"https://127.0.0.1/cb", "http://2130706433/cb", "http://127.1/cb", "http://[::ffff:127.0.0.1]/cb", "http://127.0.0.1:/cb#", "http://0.0.0.0/cb",
		"javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "myapp://cb/x", "myapp:cb", "https://app.example/q?x=1&y=2"}
	for _, uri := range refused {
		if idp.MatchRedirect(registered, uri) {
			t.Errorf("accepted %q", uri)
		}
	}
}

// TestUnsafeRegistration: even a registered address must be one that is safe.
func TestUnsafeRegistration(t *testing.T) {
	for _, uri := range []string{"javascript:alert(1)", "data:text/html,x", "http://app.example/cb", "https://app.example/cb#f", "https://u@app.example/cb"} {
		if idp.MatchRedirect([]string{uri}, uri) {
			t.Errorf("accepted %q", uri)
		}
	}
}

func FuzzMatchRedirect(f *testing.F) {
	for _, uri := range registered {
		f.Add(uri)
		f.Add(uri + "@evil.example")
		f.Add(strings.Replace(uri, "/cb", ":1/cb", 1))
	}
	f.Fuzz(func(t *testing.T, uri string) {
		if !idp.MatchRedirect(registered, uri) || slices.Contains(registered, uri) {
			return
		}
		// Not equal to a registered one: then only the port of a loopback address differs.
		u, err := url.Parse(uri)
		if err != nil || u.Scheme != "http" || u.Path != "/cb" || u.RawQuery != "" || u.User != nil {
			t.Fatalf("accepted %q", uri)
		}
		if host := u.Hostname(); host != "127.0.0.1" && host != "::1" {
			t.Fatalf("accepted host %q of %q", host, uri)
		}
	})
}
