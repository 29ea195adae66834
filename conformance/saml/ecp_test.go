package saml_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"regexp"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// An enhancedClient is a program that signs in without a browser (Enhanced Client or
// Proxy Profile): it carries what it is given, byte by byte.
type enhancedClient struct {
	*http.Client
	t *testing.T
}

var (
	soapHeader  = regexp.MustCompile(`(?s)<(\w+):Header>.*</\w+:Header>`)
	soapBody    = regexp.MustCompile(`(?s)<(\w+):Body>(.*)</\w+:Body>`)
	paosAddress = regexp.MustCompile(`responseConsumerURL="([^"]*)"`)
	ecpAddress  = regexp.MustCompile(`AssertionConsumerServiceURL="([^"]*)"`)
	ecpState    = regexp.MustCompile(`(?s)<ecp:RelayState .*?</ecp:RelayState>`)
)

// do sends a request and returns the body of the answer.
func (c *enhancedClient) do(method, address, kind, body string, change func(*http.Request)) (status int, answer string) {
	c.t.Helper()
	req, err := http.NewRequest(method, address, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	if change != nil {
		change(req)
	}
	res, err := c.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return res.StatusCode, string(raw)
}

// speaks says to an app that the client knows the profile.
func speaks(r *http.Request) {
	r.Header.Set("Accept", "text/html, application/vnd.paos+xml")
	r.Header.Set("PAOS", `ver="urn:liberty:paos:2003-08";"urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp"`)
}

// signIn opens a page of an app and signs in with a name and a password, on the way.
func (c *enhancedClient) signIn(page, provider, name, password string) (status int, answer string) {
	c.t.Helper()
	_, asked := c.do(http.MethodGet, page, "", "", speaks)
	to, header := paosAddress.FindStringSubmatch(asked), soapHeader.FindString(asked)
	if to == nil || header == "" {
		c.t.Fatalf("the app does not ask: %s", asked)
	}
	status, answer = c.do(http.MethodPost, provider, "text/xml", strings.Replace(asked, header, "", 1), func(r *http.Request) { r.SetBasicAuth(name, password) })
	if status != http.StatusOK {
		return status, answer
	}
	if at := ecpAddress.FindStringSubmatch(answer); at == nil || at[1] != to[1] {
		c.t.Fatalf("the app waits at %s: %s", to[1], answer)
	}
	// Into the app's own envelope, which declares the prefixes of its block.
	between := soapHeader.FindStringSubmatch(asked)[1]
	back := strings.Replace(asked, header, "<"+between+":Header>"+ecpState.FindString(asked)+"</"+between+":Header>", 1)
	back = soapBody.ReplaceAllLiteralString(back, "<"+between+":Body>"+soapBody.FindStringSubmatch(answer)[2]+"</"+between+":Body>")
	return c.do(http.MethodPost, to[1], "application/vnd.paos+xml", back, nil)
}

// allowEnhancedClients has the pool take them, which its metadata tells of.
func allowEnhancedClients(t *testing.T, f *harness.Fixture) {
	t.Helper()
	f.Poolhouse(t, "SetSamlPool", map[string]any{"UserPoolId": f.PoolID, "EnhancedClients": true}, new(any))
}

// testECP signs in at the app without a browser.
func testECP(t *testing.T, r *room) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &enhancedClient{&http.Client{Jar: jar}, t}
	page, provider := r.c.url+"/secret/index.html", r.f.URL+"/"+r.f.PoolID+"/saml/sso/soap"
	if status, answer := c.signIn(page, provider, r.f.Alice.Username, "not it"); status != http.StatusUnauthorized || strings.Contains(answer, "Assertion ") {
		t.Errorf("a wrong password: %d %s", status, answer)
	}
	status, answer := c.signIn(page, provider, r.f.Alice.Username, r.f.Alice.Password)
	if status != http.StatusOK || !strings.Contains(answer, "MAIL="+r.f.Alice.Email) {
		t.Errorf("%d %s", status, answer)
	}
}
