package saml_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// A mellon is mod_auth_mellon in an Apache. Its pages tell who is signed in, its
// log why nobody is.
type mellon struct {
	*apache
	read int // of the log, before this sign-in
}

func startMellon(t *testing.T, metadata []byte) *client {
	t.Helper()
	m := &mellon{apache: startApache(t, metadata)}
	c := &client{name: "mod_auth_mellon", url: m.url, metadata: string(fetch(t, m.url+"/mellon/metadata")), answer: m.answer}
	c.login = func(a ask) string {
		m.read = len(m.errors(t))
		return m.login(a)
	}
	const fixed = "it asks for the one format of its metadata: transient"
	c.cannot = map[string]string{
		signInPost:    "it sends requests by Redirect alone where it can",
		brokenPost:    "it sends requests by Redirect alone where it can",
		invalidNameID: fixed, persistentName: fixed, emailName: fixed,
		forceAuthn:  "it cannot ask for it",
		contextMet:  "it asks for a class where its configuration says so: not tried",
		contextElse: "it asks for a class where its configuration says so: not tried",
		ecdsa:       "lasso knows RSA and HMAC alone",
		sloPost:     "it speaks Redirect and SOAP",
		sloSOAP:     "it asks by Redirect where it can",
	}
	return c
}

func (m *mellon) login(a ask) string {
	page := m.url + "/secret/index.html?" + url.Values{"rs": {a.relay}}.Encode()
	if a.passive {
		return m.url + "/mellon/login?IsPassive=true&ReturnTo=" + url.QueryEscape(page)
	}
	return page
}

var mellonPage = regexp.MustCompile(`^USER=(\S+) MAIL=(.*) GROUPS=(.*)\n$`)

func (m *mellon) answer(t *testing.T, p *harness.Page) answer {
	t.Helper()
	found := mellonPage.FindStringSubmatch(p.Body)
	if p.Status != http.StatusOK || found == nil {
		return answer{Error: p.Body + m.errors(t)[m.read:]}
	}
	a := answer{User: found[1], Mail: found[2], Groups: strings.Split(found[3], ";"), Relay: p.URL.Query().Get("rs")}
	if strings.HasPrefix(a.User, "_") {
		a.Format = nameFormats + "transient"
	}
	if p.URL.Path == "/index.html" { // where it goes after a sign-out
		a.LoggedOut = statusSuccess
	}
	if a.User == "(none)" {
		a.User = ""
	}
	return a
}
