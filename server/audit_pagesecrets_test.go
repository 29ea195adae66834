package server_test

import (
	"bytes"
	"encoding/base64"
	"html"
	"io/fs"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/internal/awsclient"
	"github.com/poolhouse/poolhouse/internal/demodata"
	"github.com/poolhouse/poolhouse/server"
	"github.com/poolhouse/poolhouse/server/servertest"
	"github.com/poolhouse/poolhouse/templates"
)

// secretPassword is alice's, so that a sign-in which works carries the mark too.
const secretPassword = "A1-" + mark + "-secret!"

// secretFields are what forms and messages of protocols bring that nobody else may
// read; plainFields are those that may be read, and lead further into the handlers.
var (
	secretFields = []string{"password", "code", "credential", "recovery", "session", "ticket", "answer", "again", "user_code", "request", "factor", "step", "continue",
		"SAMLResponse", "SAMLRequest", "SAMLart", "RelayState", "refresh_token", "token", "access_token", "client_secret", "client_assertion", "assertion", "subject_token",
		"actor_token", "code_verifier", "device_code", "auth_req_id", "id_token", "id_token_hint", "logout_token", "login_hint", "login_hint_token", "state", "nonce", "link",
		"Signature", "binding_message", "request_uri"}
	plainFields = url.Values{"username": {"alice"}, "email": {"alice@example.com"}, "name": {"Alice"}, "decision": {"allow"}, "client_id": {demodata.ClientID},
		"response_type": {"code"}, "redirect_uri": {"http://127.0.0.1/callback"}, "scope": {"openid"}, "remember": {"1"}, "remember-device": {"1"}, "name-first": {"1"},
		"later": {"1"}, "text": {"a note"}, "app": {"x"}, "show": {"1"}, "SigAlg": {"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"}}
	grants = []string{"authorization_code", "refresh_token", "client_credentials", "urn:ietf:params:oauth:grant-type:device_code", "urn:openid:params:grant-type:ciba",
		"urn:ietf:params:oauth:grant-type:token-exchange", "urn:ietf:params:oauth:grant-type:jwt-bearer"}
)

// marked is a form with the mark in every secret field.
func marked(value string, also url.Values) url.Values {
	out := url.Values{}
	for name, v := range plainFields {
		out[name] = v
	}
	for _, name := range secretFields {
		out.Set(name, value)
	}
	for name, v := range also {
		out[name] = v
	}
	return out
}

var inputName = regexp.MustCompile(`<(?:input|select|textarea|button)[^>]*\sname="([^"{]+)"`)

// Every field of every form is one that the test below fills in.
func TestFormFieldsAreKnown(t *testing.T) {
	err := fs.WalkDir(templates.FS, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".html") {
			return err
		}
		raw, err := fs.ReadFile(templates.FS, path)
		for _, m := range inputName.FindAllStringSubmatch(string(raw), -1) {
			if m[1] != "_csrf" && !slices.Contains(secretFields, m[1]) && plainFields[m[1]] == nil {
				t.Errorf("%s: the field %s is neither among secretFields nor plainFields", path, m[1])
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A visitor is a browser that knows the token of the pool's forms.
type visitor struct {
	t     *testing.T
	s     *server.Server
	http  *http.Client
	csrf  string
	query string // of the forms in an app's sign-in
	calls int
}

var (
	csrfValue = regexp.MustCompile(`name="_csrf" value="([^"]+)"`)
	formQuery = regexp.MustCompile(`action="[^"?]*/login([^"]*)"`)
)

func newVisitor(t *testing.T, s *server.Server) *visitor {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	v := &visitor{t: t, s: s, http: &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		if "http://"+r.URL.Host != s.URL() || len(via) > 5 {
			return http.ErrUseLastResponse
		}
		return nil
	}}}
	page := v.do("GET", v.login(), nil)
	m, q := csrfValue.FindSubmatch(page), formQuery.FindSubmatch(page)
	if m == nil || q == nil {
		t.Fatalf("the sign-in page has no form:\n%s", page)
	}
	v.csrf, v.query = string(m[1]), html.UnescapeString(string(q[1]))
	return v
}

// login is the address of the sign-in page, as an app leads there.
func (v *visitor) login() string {
	return "/" + demodata.PoolID + "/login?" + url.Values{"client_id": {demodata.ClientID}, "response_type": {"code"}, "redirect_uri": {v.s.URL() + "/demo/"}}.Encode()
}

// do sends a request and returns the page.
func (v *visitor) do(method, path string, form url.Values) []byte {
	v.t.Helper()
	v.calls++
	var body *strings.Reader
	if body = strings.NewReader(""); form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(v.t.Context(), method, v.s.URL()+path, body)
	if err != nil {
		v.t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if v.calls%2 == 0 {
		r.Header.Set("Authorization", "Bearer "+mark)
	} else {
		r.SetBasicAuth(demodata.WebClientID, mark)
	}
	resp, err := v.http.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	var page bytes.Buffer
	if _, err := page.ReadFrom(resp.Body); err != nil {
		v.t.Fatal(err)
	}
	return page.Bytes()
}

var variable = regexp.MustCompile(`\{[^}]*\}`)

// everywhere sends marked secrets to an address, in the query and in a form.
func (v *visitor) everywhere(pattern string) {
	path := pattern[strings.IndexByte(pattern, '/'):]
	path = strings.ReplaceAll(strings.ReplaceAll(path, "{pool}", demodata.PoolID), "{client}", demodata.ClientID)
	path = variable.ReplaceAllString(path, "x")
	saml := base64.StdEncoding.EncodeToString([]byte(`<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"><x>` + mark + `</x></samlp:Response>`))
	for _, value := range []string{mark, saml} {
		for _, grant := range grants {
			form := marked(value, url.Values{"grant_type": {grant}, "_csrf": {v.csrf}})
			v.do("POST", path, form)
			if strings.HasSuffix(path, "/token") {
				continue
			}
			v.do("GET", path+"?"+form.Encode(), nil)
			break // the other grants are those of the token endpoint
		}
	}
	v.do("POST", path, marked(mark, url.Values{"username": {mark}, "_csrf": {v.csrf}}))
	v.do("POST", path, marked(mark, nil))                             // from nobody's form
	for _, left := range []string{"name-first", "code", "password"} { // which of them a form has decides what it does
		form := marked(mark, url.Values{"_csrf": {v.csrf}, "password": {secretPassword + "x"}, "email": {"new@example.com"}})
		form.Del(left)
		v.do("POST", path+v.query, form)
	}
}

// TestNoSecretOfAPageIsRecorded sends marked secrets to every page, every form and every
// endpoint of a protocol, as a stranger, in the middle of a sign-in and signed in, and
// looks for them in the audit log, its sink and the server's log.
func TestNoSecretOfAPageIsRecorded(t *testing.T) {
	log, sink := new(servertest.Log), filepath.Join(t.TempDir(), "audit.jsonl")
	cfg := servertest.Config(t, servertest.Embedded)
	s, stop := servertest.Open(t, cfg, servertest.Options{Demo: true, Log: log, Edit: func(c *server.Config) { c.RateLimits, c.AuditFile = "off", sink }})
	client, root := awsclient.New(s.URL(), "us-east-1"), &awsclient.Key{AccessKeyID: servertest.RootAccessKeyID, SecretAccessKey: servertest.RootSecretAccessKey}
	err := client.JSON(t.Context(), "AWSCognitoIdentityProviderService.AdminSetUserPassword", map[string]any{"UserPoolId": demodata.PoolID,
		"Username": "alice", "Password": secretPassword, "Permanent": true}, &struct{}{}, root)
	if err != nil {
		t.Fatal(err)
	}
	stranger, member := newVisitor(t, s), newVisitor(t, s)
	member.do("POST", "/"+demodata.PoolID+"/login"+member.query, url.Values{"username": {"alice"}, "password": {secretPassword}, "_csrf": {member.csrf}})
	patterns := s.PagePatterns()
	for _, v := range []*visitor{stranger, member} {
		for _, pattern := range patterns {
			v.everywhere(pattern)
		}
	}
	records := recorded(t, client, root)
	signedIn := slices.ContainsFunc(records, func(r string) bool {
		return strings.Contains(r, `"eventName":"Login_POST"`) && strings.Contains(r, `"userName":"alice"`) && !strings.Contains(r, `"errorCode"`)
	})
	stop()
	shipped, err := os.ReadFile(sink)
	if err != nil {
		t.Fatal(err)
	}
	if len(patterns) < 60 || len(records) < 200 || !signedIn || len(log.String()) < 10000 || !strings.Contains(string(shipped), "Login_POST") {
		t.Errorf("%d addresses, %d records, %d bytes of log, %d shipped, signed in: %v: the forms do not get far enough", len(patterns), len(records), len(log.String()), len(shipped), signedIn)
	}
	for where, text := range map[string]string{"the audit log": strings.Join(records, "\n"), "its sink": string(shipped), "the server's log": log.String()} {
		for line := range strings.Lines(text) {
			if hidden := base64.StdEncoding.EncodeToString([]byte(mark))[:8]; strings.Contains(line, mark) || strings.Contains(line, hidden) {
				t.Errorf("a secret is in %s: %.600s", where, line)
			}
		}
	}
}
