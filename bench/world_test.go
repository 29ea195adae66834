package bench_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/poolhouse/poolhouse/internal/awsclient"
	"github.com/poolhouse/poolhouse/internal/demodata"
	"github.com/poolhouse/poolhouse/server"
	"github.com/poolhouse/poolhouse/server/servertest"
)

const (
	idp      = "AWSCognitoIdentityProviderService."
	identity = "AWSCognitoIdentityService."
	callback = "http://localhost/tour/callback" // of the demo's app
)

type obj = map[string]any

// A world is a server with the demo's data, and a client of it.
type world struct {
	*testing.B
	*meter
	server *server.Server
	client *awsclient.Client
	root   awsclient.Key
}

// onEach runs a benchmark on each storage profile.
func onEach(b *testing.B, run func(w *world)) {
	for _, p := range []servertest.Profile{servertest.Embedded, servertest.Shared} {
		b.Run(string(p), func(b *testing.B) {
			s := servertest.Start(b, p, servertest.Options{Demo: true, Edit: unlimited})
			run(&world{B: b, meter: newMeter(b, s.Handler()), server: s, client: awsclient.New(s.URL(), demodata.Region),
				root: awsclient.Key{AccessKeyID: servertest.RootAccessKeyID, SecretAccessKey: servertest.RootSecretAccessKey}})
		})
	}
}

// unlimited lets one address call as fast as the server answers.
func unlimited(c *server.Config) { c.RateLimits = "off" }

func (w *world) check(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// admin calls a JSON operation with the root key, outside the measurement.
func (w *world) admin(target string, in obj, out any) {
	w.Helper()
	w.check(w.client.JSON(w.Context(), target, in, out, &w.root))
}

// call is an unsigned JSON operation.
func (w *world) call(target string, in obj, out any) {
	w.Helper()
	body, err := json.Marshal(in)
	w.check(err)
	r := httptest.NewRequest("POST", w.server.URL()+"/", bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", target)
	w.check(json.Unmarshal(w.serve(r).Body.Bytes(), out))
}

// query is an operation of STS, signed where there is a key.
func (w *world) query(action string, in url.Values, out any, key *awsclient.Key) {
	w.Helper()
	form := url.Values{"Action": {action}, "Version": {"2011-06-15"}}
	for k, v := range in {
		form[k] = v
	}
	r := httptest.NewRequest("POST", w.server.URL()+"/", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if key != nil {
		w.sign(r, key, "sts", []byte(form.Encode()))
	}
	w.check(xml.Unmarshal(w.serve(r).Body.Bytes(), out))
}

func hashOf(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

func (w *world) sign(r *http.Request, key *awsclient.Key, service string, body []byte) {
	w.Helper()
	creds := aws.Credentials{AccessKeyID: key.AccessKeyID, SecretAccessKey: key.SecretAccessKey, SessionToken: key.SessionToken}
	w.check(v4.NewSigner().SignHTTP(w.Context(), creds, r, hashOf(body), service, demodata.Region, time.Now()))
}

// token is the token endpoint. user and password are empty for a public client.
func (w *world) token(form url.Values, user, password string, out any) {
	w.Helper()
	r := httptest.NewRequest("POST", w.server.URL()+"/"+demodata.PoolID+"/oauth2/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if user != "" {
		r.SetBasicAuth(user, password)
	}
	w.check(json.Unmarshal(w.serve(r).Body.Bytes(), out))
}

// visit opens a page as the browser with those cookies.
func (w *world) visit(address string, cookies []*http.Cookie) *httptest.ResponseRecorder {
	w.Helper()
	r := httptest.NewRequest("GET", address, nil)
	for _, c := range cookies {
		r.AddCookie(c)
	}
	return w.serve(r)
}

var (
	hiddenInput = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)"`)
	formAction  = regexp.MustCompile(`<form[^>]* action="([^"]*)"`)
)

// browser signs alice in on the hosted page and returns the browser's cookies.
func (w *world) browser() []*http.Cookie {
	w.Helper()
	jar, err := cookiejar.New(nil)
	w.check(err)
	c := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if r.URL.Host == "localhost" {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	resp, err := c.Get(w.authorizeURL())
	w.check(err)
	page, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	w.check(err)
	form := url.Values{"username": {demodata.Alice.Username}, "password": {demodata.Alice.Password}}
	for _, m := range hiddenInput.FindAllSubmatch(page, -1) {
		form.Set(string(m[1]), unescape(string(m[2])))
	}
	target := resp.Request.URL
	if m := formAction.FindSubmatch(page); m != nil {
		target, err = target.Parse(unescape(string(m[1])))
		w.check(err)
	}
	req, err := http.NewRequestWithContext(w.Context(), "POST", target.String(), strings.NewReader(form.Encode()))
	w.check(err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", w.server.URL())
	resp, err = c.Do(req)
	w.check(err)
	resp.Body.Close()
	if !strings.HasPrefix(resp.Header.Get("Location"), callback) {
		w.Fatalf("signing in ended with %d at %s", resp.StatusCode, resp.Request.URL)
	}
	home, err := url.Parse(w.server.URL() + "/" + demodata.PoolID + "/")
	w.check(err)
	return jar.Cookies(home)
}

const pkceVerifier = "a-verifier-of-the-benchmark-with-enough-characters"

func (w *world) authorizeURL() string {
	q := url.Values{"response_type": {"code"}, "client_id": {demodata.ClientID}, "redirect_uri": {callback}, "scope": {"openid email"},
		"state": {"state-of-the-benchmark"}, "code_challenge_method": {"S256"}, "code_challenge": {challenge(pkceVerifier)}}
	return w.server.URL() + "/" + demodata.PoolID + "/oauth2/authorize?" + q.Encode()
}
