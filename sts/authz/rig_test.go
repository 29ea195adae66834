package authz_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/poolhouse/poolhouse/internal/awsclient"
	"github.com/poolhouse/poolhouse/internal/demodata"
	"github.com/poolhouse/poolhouse/server"
	"github.com/poolhouse/poolhouse/sts"
	"github.com/poolhouse/poolhouse/sts/authz"
)

// The documented rules are what the tests go by.
const example = "../../docs/examples/authz/rules.yaml"

const (
	host  = "files.example.com"
	proxy = "10.0.0.7:4711" // a trusted one
)

// A rig is a server with the demo's people that proxies of one kind ask.
type rig struct {
	*server.Server
	t    *testing.T
	kind string
	key  aws.Credentials // of a user with policies
}

// One server does for all tests: its rules are for nginx. Proxies of another kind ask
// a handler over the same services.
var (
	one   *server.Server
	ann   aws.Credentials
	rules []byte
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "authz")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	if rules, err = os.ReadFile(example); err != nil {
		panic(err)
	}
	one, err = server.OpenDemo(context.Background(), server.Config{Addr: "127.0.0.1:0", Data: dir, Region: demodata.Region, Account: demodata.Account,
		RootAccessKeyID: demodata.RootAccessKeyID, RootSecretAccessKey: demodata.RootSecretAccessKey,
		Authz: example, TrustedProxies: []string{"10.0.0.0/8"}}, slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		panic(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- one.Serve(ctx) }()
	ann = addUser("ann", `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"files:Read","Resource":"arn:aws:files:::red/*","Condition":{"StringEquals":{"files:Tenant":"red"}}},
		{"Effect":"Allow","Action":"files:Write","Resource":"arn:aws:files:::red/${aws:username}/*","Condition":{"IpAddress":{"aws:SourceIp":"192.0.2.0/24"},"Bool":{"aws:SecureTransport":"true"}}},
		{"Effect":"Deny","Action":"*","Resource":"arn:aws:files:::*/secret"}]}`)
	code := m.Run()
	stop()
	if err := errors.Join(<-served, one.Close()); err != nil {
		panic(err)
	}
	return code
}

// addUser makes an IAM user with a policy and returns its key.
func addUser(name, policy string) aws.Credentials {
	ctx := context.Background()
	err := errors.Join(one.STS.CreateUser(ctx, &sts.User{Name: name}), one.STS.PutUserPolicy(ctx, name, "p", policy))
	if err != nil {
		panic(err)
	}
	k, err := one.STS.CreateAccessKey(ctx, name)
	if err != nil {
		panic(err)
	}
	return aws.Credentials{AccessKeyID: k.ID, SecretAccessKey: k.Secret}
}

func newRig(t *testing.T, kind string) *rig { return &rig{one, t, kind, ann} }

// send asks the server, or what it would be with rules for another kind of proxy.
func (g *rig) send(r *http.Request) *httptest.ResponseRecorder {
	g.t.Helper()
	w := httptest.NewRecorder()
	if g.kind == "nginx" || !authz.Handles(r) {
		g.Handler().ServeHTTP(w, r)
		return w
	}
	parsed, err := authz.Parse(bytes.Replace(rules, []byte("proxy: nginx"), []byte("proxy: "+g.kind), 1))
	if err != nil {
		g.t.Fatal(err)
	}
	h := &authz.Handler{Rules: parsed, STS: g.STS, Tokens: g.Tokens, Decided: ignore, Now: time.Now, Log: slog.New(slog.DiscardHandler)}
	h.Serve(w, r, authz.Asker{Trusted: r.RemoteAddr == proxy, ClientIP: r.Header.Get("X-Forwarded-For")})
	return w
}

func ignore(context.Context, *authz.Decision) {}

// token signs a person of the demo in and returns the access token.
func (g *rig) token(p demodata.Person) string {
	g.t.Helper()
	var out struct {
		AuthenticationResult struct{ AccessToken, IdToken string }
	}
	err := awsclient.New(g.URL(), demodata.Region).JSON(g.t.Context(), "AWSCognitoIdentityProviderService.InitiateAuth",
		map[string]any{"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": demodata.ClientID, "AuthParameters": map[string]string{"USERNAME": p.Username, "PASSWORD": p.Password}}, &out, nil)
	if err != nil {
		g.t.Fatal(err)
	}
	return out.AuthenticationResult.AccessToken
}

// A spec is a request of a client. Its body stays with the proxy.
type spec struct {
	method, uri, body string
	service           string
	at                time.Time
	header            http.Header
}

// signed returns a client's request with a signature in its headers.
func (g *rig) signed(s spec) *http.Request {
	g.t.Helper()
	if s.service == "" {
		s.service = "execute-api"
	}
	if s.at.IsZero() {
		s.at = time.Now()
	}
	r := g.plain(s)
	sum := sha256.Sum256([]byte(s.body))
	hash := hex.EncodeToString(sum[:])
	if s.header.Get("X-Amz-Content-Sha256") == "" {
		r.Header.Set("X-Amz-Content-Sha256", hash)
	} else {
		hash = s.header.Get("X-Amz-Content-Sha256")
	}
	if err := v4.NewSigner().SignHTTP(g.t.Context(), g.key, r, hash, s.service, "eu-west-3", s.at); err != nil {
		g.t.Fatal(err)
	}
	return r
}

func (g *rig) plain(s spec) *http.Request {
	r := httptest.NewRequest(s.method, "https://"+host+s.uri, strings.NewReader(s.body))
	for name, v := range s.header {
		r.Header[name] = v
	}
	return r
}

func (g *rig) bearing(s spec, token string) *http.Request {
	r := g.plain(s)
	r.Header.Set("Authorization", "Bearer "+token)
	return r
}

// asks turn a client's request into the one that a proxy of that kind asks with.
var asks = map[string]func(*http.Request) *http.Request{
	"nginx": func(r *http.Request) *http.Request {
		return describe(r, "GET", "X-Original-Method", "X-Original-Uri", "X-Original-Host", "X-Original-Proto")
	},
	"traefik": func(r *http.Request) *http.Request {
		return describe(r, "GET", "X-Forwarded-Method", "X-Forwarded-Uri", "X-Forwarded-Host", "X-Forwarded-Proto")
	},
	"envoy": func(r *http.Request) *http.Request {
		out := httptest.NewRequest(r.Method, "/authz"+r.URL.RequestURI(), nil)
		out.Host, out.Header, out.RemoteAddr = r.Host, r.Header.Clone(), proxy
		out.Header.Set("X-Forwarded-Proto", "https")
		out.Header.Set("X-Forwarded-For", "192.0.2.9")
		return out
	},
}

func describe(r *http.Request, method string, names ...string) *http.Request {
	out := httptest.NewRequest(method, "/authz", nil)
	out.Host, out.Header, out.RemoteAddr = "poolhouse.internal", r.Header.Clone(), proxy
	for i, value := range []string{r.Method, r.URL.RequestURI(), r.Host, "https"} {
		out.Header.Set(names[i], value)
	}
	out.Header.Set("X-Forwarded-For", "192.0.2.9")
	return out
}

// want asks and checks the status. A refusal says nothing.
func (g *rig) want(name string, r *http.Request, status int) http.Header {
	g.t.Helper()
	w := g.send(r)
	if w.Code != status || w.Body.Len() > 0 {
		g.t.Errorf("%s: %d %s, want %d", name, w.Code, w.Body, status)
	}
	if w.Code != http.StatusOK && w.Header().Get("X-Poolhouse-Principal") != "" {
		g.t.Errorf("%s: refused, and named %s", name, w.Header().Get("X-Poolhouse-Principal"))
	}
	return w.Header()
}
