package authz_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

const host = "files.example.com"

// A world is a server, an app, a proxy before the app, and who uses it.
type world struct {
	*harness.Fixture
	t          *testing.T
	app        *app
	rules      string // file
	proxy      string
	key        aws.Credentials
	alice, bob string // access tokens
}

func TestProxies(t *testing.T) {
	w := newWorld(t)
	for kind, startProxy := range proxies {
		t.Run(kind, func(t *testing.T) {
			w.serve(t, kind)
			w.proxy = harness.FreeAddress(t)
			at := place{proxy: w.proxy, poolhouse: strings.TrimPrefix(w.URL, "http://"), app: w.app.addr}
			startProxy(t, at)
			w.app.last() // what it took to see that the proxy is there
			t.Run("signatures", w.signatures)
			t.Run("tokens", w.tokens)
			t.Run("attacks", w.attacks)
			if kind != "nginx" { // which tells the length anyway
				w.proxy = harness.FreeAddress(t)
				at.proxy, at.bodies = w.proxy, true
				startProxy(t, at)
				w.app.last()
			}
			t.Run("bodies", w.bodies)
		})
	}
}

func newWorld(t *testing.T) *world {
	rules := filepath.Join(t.TempDir(), "rules.yaml")
	w := &world{t: t, app: newApp(t), rules: rules}
	w.writeRules("nginx", "us-east-1_Demo00001")
	s := harness.Start(t, harness.Embedded, harness.Args("--authz", rules, "--trusted-proxies", "127.0.0.0/8"))
	f := s.Fixture(t)
	w.Fixture = f
	w.key = w.session()
	group := &idp.CreateGroupInput{UserPoolId: &f.PoolID, GroupName: aws.String("engineering")}
	if _, err := f.Root().IDP.CreateGroup(t.Context(), group); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Root().IDP.AdminAddUserToGroup(t.Context(), &idp.AdminAddUserToGroupInput{UserPoolId: &f.PoolID, GroupName: group.GroupName, Username: &f.Alice.Username}); err != nil {
		t.Fatal(err)
	}
	w.alice, w.bob = w.signIn(f.Alice), w.signIn(f.Bob)
	return w
}

// serve starts the server anew, with rules for proxies of that kind.
func (w *world) serve(t *testing.T, kind string) {
	w.Stop(t)
	w.writeRules(kind, w.PoolID)
	w.Launch(t)
}

// writeRules writes the example for that kind of proxy and that pool.
func (w *world) writeRules(kind, pool string) {
	w.t.Helper()
	example, err := os.ReadFile(filepath.Join(harness.Root(w.t), examples, "rules.yaml"))
	if err != nil {
		w.t.Fatal(err)
	}
	text := strings.NewReplacer("proxy: nginx", "proxy: "+kind, "us-east-1_Demo00001", pool).Replace(string(example))
	if err := os.WriteFile(w.rules, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// own returns the networks of this machine: of clients on it, Envoy tells another
// address than the loopback one.
func own(t *testing.T) []string {
	t.Helper()
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	nets := []string{"127.0.0.0/8"}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && !n.IP.IsLoopback() {
			nets = append(nets, n.IP.String()+map[bool]string{true: "/32", false: "/128"}[n.IP.To4() != nil])
		}
	}
	return nets
}

// session returns a role's session that may read and write below red/.
func (w *world) session() aws.Credentials {
	w.t.Helper()
	ctx, root := w.t.Context(), w.Root()
	role, err := root.IAM.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("reader"), AssumeRolePolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"` + harness.Account + `"}}]}`)})
	if err != nil {
		w.t.Fatal(err)
	}
	_, err = root.IAM.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: aws.String("reader"), PolicyName: aws.String("files"), PolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"files:*","Resource":"arn:aws:files:::red/*","Condition":{"IpAddress":{"aws:SourceIp":["` + strings.Join(own(w.t), `","`) + `"]}}}]}`)})
	if err != nil {
		w.t.Fatal(err)
	}
	out, err := root.STS.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: role.Role.Arn, RoleSessionName: aws.String("me")})
	if err != nil {
		w.t.Fatal(err)
	}
	c := out.Credentials
	return aws.Credentials{AccessKeyID: *c.AccessKeyId, SecretAccessKey: *c.SecretAccessKey, SessionToken: *c.SessionToken}
}

func (w *world) signIn(p harness.Person) string {
	w.t.Helper()
	out, err := w.Anonymous().IDP.InitiateAuth(w.t.Context(), &idp.InitiateAuthInput{AuthFlow: types.AuthFlowTypeUserPasswordAuth, ClientId: &w.ClientID,
		AuthParameters: map[string]string{"USERNAME": p.Username, "PASSWORD": p.Password}})
	if err != nil {
		w.t.Fatal(err)
	}
	return *out.AuthenticationResult.AccessToken
}

// request is one to the proxy, under the app's name.
func (w *world) request(method, uri, body string) *http.Request {
	r, err := http.NewRequest(method, "http://"+w.proxy+uri, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Host = host
	return r
}

func (w *world) signed(method, uri, body string, at time.Time) *http.Request {
	r := w.request(method, uri, body)
	sum := sha256.Sum256([]byte(body))
	hash := hex.EncodeToString(sum[:])
	r.Header.Set("X-Amz-Content-Sha256", hash)
	if err := v4.NewSigner().SignHTTP(context.Background(), w.key, r, hash, "execute-api", harness.Region, at); err != nil {
		w.t.Fatal(err)
	}
	return r
}

// want sends a request; with 200 the app got it, otherwise it got nothing.
func (w *world) want(t *testing.T, name string, r *http.Request, status int) (got *http.Request) {
	t.Helper()
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	seen := w.app.last()
	if resp.StatusCode != status || (len(seen) == 1) != (status == http.StatusOK) {
		t.Errorf("%s: %d, the app got %d; want %d\n%s", name, resp.StatusCode, len(seen), status, body)
	}
	if len(seen) == 0 {
		return &http.Request{Header: http.Header{}}
	}
	return seen[0]
}

func (w *world) signatures(t *testing.T) {
	now := time.Now()
	got := w.want(t, "allowed", w.signed("GET", "/files/red/a%20b?x=1&y=%2F", "", now), http.StatusOK)
	if id := got.Header.Get("X-Poolhouse-Principal"); id != "arn:aws:sts::"+harness.Account+":assumed-role/reader/me" || got.Header.Get("X-Poolhouse-Account") != harness.Account {
		t.Errorf("the app was told %v", got.Header)
	}
	if got.RequestURI != "/files/red/a%20b?x=1&y=%2F" {
		t.Errorf("the app got %s", got.RequestURI)
	}
	w.want(t, "not allowed", w.signed("GET", "/files/blue/a", "", now), http.StatusForbidden)
	w.want(t, "no rule", w.signed("GET", "/other", "", now), http.StatusForbidden)
	w.want(t, "unsigned", w.request("GET", "/files/red/a", ""), http.StatusUnauthorized)
	w.want(t, "old", w.signed("GET", "/files/red/a", "", now.Add(-6*time.Minute)), http.StatusUnauthorized)
	w.want(t, "delete", w.signed("DELETE", "/files/red/a", "", now), http.StatusOK)
	changed := w.signed("GET", "/files/red/a", "", now)
	changed.URL.Path = "/files/red/b"
	w.want(t, "changed", changed, http.StatusUnauthorized)
	uri, _, err := v4.NewSigner().PresignHTTP(t.Context(), w.key, w.request("GET", "/files/red/a?X-Amz-Expires=60", ""),
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "execute-api", harness.Region, now)
	if err != nil {
		t.Fatal(err)
	}
	_, uri, _ = strings.Cut(uri, "/files")
	w.want(t, "presigned", w.request("GET", "/files"+uri, ""), http.StatusOK)
	got = w.want(t, "public", w.request("GET", "/health", ""), http.StatusOK)
	if got.Header.Get("X-Poolhouse-Principal") != "" {
		t.Errorf("nobody is %s", got.Header.Get("X-Poolhouse-Principal"))
	}
}

func (w *world) tokens(t *testing.T) {
	bearing := func(token string) *http.Request {
		r := w.request("GET", "/reports/q3", "")
		r.Header.Set("Authorization", "Bearer "+token)
		return r
	}
	got := w.want(t, "in the group", bearing(w.alice), http.StatusOK)
	if got.Header.Get("X-Poolhouse-User") != "alice" || got.Header.Get("X-Poolhouse-Groups") != "engineering" || got.Header.Get("X-Poolhouse-Pool") != w.PoolID {
		t.Errorf("the app was told %v", got.Header)
	}
	w.want(t, "not in the group", bearing(w.bob), http.StatusForbidden)
	w.want(t, "none", w.request("GET", "/reports/q3", ""), http.StatusUnauthorized)
	w.want(t, "junk", bearing("junk"), http.StatusUnauthorized)
}

// attacks: nothing that a client sends makes the proxy ask about something else, or
// the app believe somebody else.
func (w *world) attacks(t *testing.T) {
	for name, value := range map[string]string{"X-Original-URI": "/health", "X-Original-Method": "HEAD", "X-Original-Host": "other", "X-Forwarded-Uri": "/health",
		"X-Forwarded-Host": "other", "X-Forwarded-Method": "HEAD", "X-Forwarded-For": "203.0.113.9", "X-Original-Url": "/health", "X-Rewrite-Url": "/health", "X-Envoy-Original-Path": "/health"} {
		r := w.request("GET", "/files/red/a", "")
		r.Header.Set(name, value)
		w.want(t, "unsigned with "+name, r, http.StatusUnauthorized)
	}
	for _, name := range []string{"X-Poolhouse-Principal", "X-Poolhouse-User", "X-Poolhouse-Groups"} {
		for _, r := range []*http.Request{w.request("GET", "/health", ""), w.signed("GET", "/files/red/a", "", time.Now())} {
			r.Header.Set(name, "root")
			w.want(t, "claims "+name, r, http.StatusForbidden)
		}
	}
	for _, uri := range []string{"/health/../files/red/a", "//files/red/a", "/files//red/a", "/health/%2e%2e/files/red/a", "/files/red/..%2fblue/a", "/files%2fred/a",
		"/files/red/%2e/a", "/files/red/..;/a", `/files/red/..\a`, "/health%00", "/files/red/a%252fb"} {
		if status := w.raw(t, uri); status < 400 || status >= 500 {
			t.Errorf("%s: %d", uri, status)
		}
		if got := w.app.last(); len(got) > 0 {
			t.Errorf("%s reached the app as %s", uri, got[0].RequestURI)
		}
	}
}

// raw sends a path as no client of good manners would.
func (w *world) raw(t *testing.T, uri string) int {
	t.Helper()
	c, err := net.Dial("tcp", w.proxy)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", uri, host)
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatalf("%s: %v", uri, err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

// bodies: the proxy tells their length, which SDKs sign.
func (w *world) bodies(t *testing.T) {
	got := w.want(t, "put", w.signed("PUT", "/files/red/a", "hello", time.Now()), http.StatusOK)
	if got.ContentLength != 5 || got.Header.Get("X-Poolhouse-Content-Sha256") != "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824" {
		t.Errorf("the app got %d bytes and %v", got.ContentLength, got.Header)
	}
	longer := w.signed("PUT", "/files/red/a", "hello", time.Now())
	longer.Body, longer.ContentLength = io.NopCloser(strings.NewReader("hello!")), 6
	w.want(t, "another length", longer, http.StatusUnauthorized)
}
