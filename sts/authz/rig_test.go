package authz_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/poolhouse/poolhouse/internal/awsclient"
	"github.com/poolhouse/poolhouse/internal/demodata"
	"github.com/poolhouse/poolhouse/server"
	"github.com/poolhouse/poolhouse/server/servertest"
	"github.com/poolhouse/poolhouse/sts"
)

// The documented rules are what the tests go by.
const example = "../../docs/examples/authz/rules.yaml"

const (
	host  = "files.example.com"
	proxy = "10.0.0.7:4711" // a trusted one
)

// A rig is a server with the demo's people that proxies ask.
type rig struct {
	*server.Server
	t   *testing.T
	key aws.Credentials // of a user with policies
}

// newRig starts a server for proxies of one kind.
func newRig(t *testing.T, kind string) *rig {
	text, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(file, bytes.Replace(text, []byte("proxy: nginx"), []byte("proxy: "+kind), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	g := &rig{t: t, Server: servertest.Start(t, servertest.Embedded, servertest.Options{Demo: true, Edit: func(c *server.Config) {
		c.Authz, c.TrustedProxies = file, []string{"10.0.0.0/8"}
	}})}
	g.key = g.user("ann", `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"files:Read","Resource":"arn:aws:files:::red/*","Condition":{"StringEquals":{"files:Tenant":"red"}}},
		{"Effect":"Allow","Action":"files:Write","Resource":"arn:aws:files:::red/${aws:username}/*","Condition":{"IpAddress":{"aws:SourceIp":"192.0.2.0/24"},"Bool":{"aws:SecureTransport":"true"}}},
		{"Effect":"Deny","Action":"*","Resource":"*/secret"}]}`)
	return g
}

func (g *rig) user(name, policy string) aws.Credentials {
	g.t.Helper()
	ctx := g.t.Context()
	if err := g.STS.CreateUser(ctx, &sts.User{Name: name}); err != nil {
		g.t.Fatal(err)
	}
	policy = strings.ReplaceAll(policy, `"*/secret"`, `"arn:aws:files:::*/secret"`)
	if err := g.STS.PutUserPolicy(ctx, name, "p", policy); err != nil {
		g.t.Fatal(err)
	}
	k, err := g.STS.CreateAccessKey(ctx, name)
	if err != nil {
		g.t.Fatal(err)
	}
	return aws.Credentials{AccessKeyID: k.ID, SecretAccessKey: k.Secret}
}

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

// send asks the server.
func (g *rig) send(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	g.Handler().ServeHTTP(w, r)
	return w
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
