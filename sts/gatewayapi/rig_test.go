package gatewayapi_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/poolhouse/poolhouse/internal/ephemeral/ephemeraltest"
	"github.com/poolhouse/poolhouse/internal/keyring/keyringtest"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/sts"
	"github.com/poolhouse/poolhouse/sts/gatewayapi"
	"github.com/poolhouse/poolhouse/sts/stsapi"
)

const (
	account = "000000000000"
	header  = "X-Vgw-Private-Protocol"
	rootKey = "AKIAROOTROOTROOTROOT"

	derive     = "/private/derive-signing-key"
	evaluate   = "/private/evaluate-policy"
	identities = "/private/resolve-identity"
	principals = "/private/resolve-principals"
	version    = "/private/version"
)

var (
	start  = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	gwKey  = gatewayapi.Key{AccessKeyID: "GATEWAYKEY", SecretAccessKey: "the gateway's own secret"}
	oldKey = gatewayapi.Key{AccessKeyID: "GATEWAYOLD", SecretAccessKey: "the secret that it had before"}
)

// A rig is a handler over a real store, with a clock to turn.
type rig struct {
	*gatewayapi.Handler
	t     *testing.T
	clock atomic.Int64
	log   bytes.Buffer
	said  bytes.Buffer // every answer
}

func newRig(t *testing.T) *rig {
	g := &rig{t: t}
	g.clock.Store(start.UnixMicro())
	ring := keyringtest.New(t)
	log := slog.New(slog.NewTextHandler(&g.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	g.Handler = &gatewayapi.Handler{
		STS: &sts.Service{
			Store: sqlstoretest.SQLite(t, g.now).STS(ring), Ephemeral: ephemeraltest.New(g.now), Keys: ring,
			SAML: stsapi.SAML{}, Now: g.now, Log: log, Region: "us-east-1", Account: account,
			PublicURL: "http://127.0.0.1:8080", RootAccessKeyID: rootKey, RootSecretAccessKey: "root-secret",
		},
		Keys:    func(context.Context) ([]gatewayapi.Key, error) { return []gatewayapi.Key{gwKey, oldKey}, nil },
		Version: "v1.2.3", Now: g.now, Log: log,
	}
	return g
}

func (g *rig) now() time.Time          { return time.UnixMicro(g.clock.Load()).UTC() }
func (g *rig) advance(d time.Duration) { g.clock.Add(d.Microseconds()) }

// A call is a request of a gateway, which a test may spoil.
type call struct {
	method, path string
	body         any
	key          gatewayapi.Key
	token        string
	region       string
	service      string
	at           time.Time
	before       func(*http.Request) // the signature
	after        func(*http.Request)
}

// send signs a call and returns its answer.
func (g *rig) send(c call) *httptest.ResponseRecorder {
	g.t.Helper()
	body, ok := c.body.(string)
	if !ok {
		raw, err := json.Marshal(c.body)
		if err != nil {
			g.t.Fatal(err)
		}
		body = string(raw)
	}
	r := httptest.NewRequest(c.method, "http://unix"+c.path, strings.NewReader(body))
	r.Header.Set(header, "1")
	r.Header.Set("Content-Type", "application/json")
	if c.before != nil {
		c.before(r)
	}
	sum := sha256.Sum256([]byte(body))
	hash := hex.EncodeToString(sum[:])
	r.Header.Set("X-Amz-Content-Sha256", hash)
	creds := aws.Credentials{AccessKeyID: c.key.AccessKeyID, SecretAccessKey: c.key.SecretAccessKey, SessionToken: c.token}
	sign := func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }
	if err := v4.NewSigner().SignHTTP(g.t.Context(), creds, r, hash, c.service, c.region, c.at, sign); err != nil {
		g.t.Fatal(err)
	}
	if c.after != nil {
		c.after(r)
	}
	w := httptest.NewRecorder()
	g.ServeHTTP(w, r)
	g.said.Write(w.Body.Bytes())
	if w.Header().Get(header) != "1" {
		g.t.Errorf("%s %s: no protocol header on %d", c.method, c.path, w.Code)
	}
	return w
}

func (g *rig) good(path string, body any) call {
	return call{method: "POST", path: path, body: body, key: gwKey, region: "us-east-1", service: "iam", at: g.now()}
}

// ask makes a good call and decodes its answer.
func (g *rig) ask(path string, body, answer any) {
	g.t.Helper()
	w := g.send(g.good(path, body))
	if w.Code != http.StatusOK {
		g.t.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), answer); err != nil {
		g.t.Fatal(err)
	}
}

// wantRefused makes a call and checks status and code of its refusal.
func (g *rig) wantRefused(c call, status int, code string) {
	g.t.Helper()
	w := g.send(c)
	var e struct{ Code, Error string }
	if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || w.Code != status || e.Code != code || e.Error == "" {
		g.t.Errorf("%s: %d %s, want %d %s", c.path, w.Code, w.Body, status, code)
	}
}

// user makes a user with a policy and returns its key.
func (g *rig) user(path, name, policy string) *sts.AccessKey {
	g.t.Helper()
	ctx := g.t.Context()
	if err := g.STS.CreateUser(ctx, &sts.User{Name: name, Path: path}); err != nil {
		g.t.Fatal(err)
	}
	if policy != "" {
		if err := g.STS.PutUserPolicy(ctx, name, "p", policy); err != nil {
			g.t.Fatal(err)
		}
	}
	k, err := g.STS.CreateAccessKey(ctx, name)
	if err != nil {
		g.t.Fatal(err)
	}
	return k
}

// session makes a role of that policy and assumes it as root.
func (g *rig) session(path, name, policy string, change func(*sts.AssumeRoleRequest)) sts.Credentials {
	g.t.Helper()
	ctx := g.t.Context()
	role := &sts.Role{Name: name, Path: path, Trust: `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"*"},"Action":["sts:AssumeRole","sts:TagSession"]}}`}
	if err := g.STS.CreateRole(ctx, role); err != nil {
		g.t.Fatal(err)
	}
	if err := g.STS.PutRolePolicy(ctx, name, "p", policy); err != nil {
		g.t.Fatal(err)
	}
	_, p, err := g.STS.Credential(ctx, g.user("/", "assumer-of-"+name, allow("sts:*", "*")).ID, "")
	if err != nil {
		g.t.Fatal(err)
	}
	in := sts.AssumeRoleRequest{RoleARN: role.ARN(), SessionName: "session"}
	if change != nil {
		change(&in)
	}
	out, err := g.STS.AssumeRole(ctx, p, in)
	if err != nil {
		g.t.Fatal(err)
	}
	return out.Credentials
}

func allow(action, resource string) string { return statement("Allow", action, resource, "") }

func statement(effect, action, resource, condition string) string {
	if condition != "" {
		condition = `,"Condition":` + condition
	}
	return `{"Version":"2012-10-17","Statement":[{"Effect":"` + effect + `","Action":"` + action + `","Resource":"` + resource + `"` + condition + `}]}`
}

type m = map[string]any

func closeBody(r *http.Request, text string) { r.Body = io.NopCloser(strings.NewReader(text)) }
