package server_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/poolhouse/poolhouse/internal/awsclient"
	"github.com/poolhouse/poolhouse/internal/migrate"
	"github.com/poolhouse/poolhouse/server/servertest"
	"github.com/poolhouse/poolhouse/userpool"
)

type m = map[string]any

// A move is a pool of one server, which stands for Cognito, on its way to another.
type move struct {
	testing.TB
	old, now           *awsclient.Client
	key                *awsclient.Key
	pool, app, secret  string
	asked, pages       atomic.Int32 // InitiateAuth and ListUsers at the old server
	down, breakOnPages atomic.Bool
	state              string
}

func newMove(t *testing.T, p servertest.Profile) *move {
	t.Helper()
	v := &move{TB: t, key: &awsclient.Key{AccessKeyID: servertest.RootAccessKeyID, SecretAccessKey: servertest.RootSecretAccessKey},
		state: filepath.Join(t.TempDir(), "state.json")}
	source := servertest.Start(t, servertest.Embedded, servertest.Options{})
	at, err := url.Parse(source.URL())
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(at); r.Out.Host = r.In.Host }}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		op := r.Header.Get("X-Amz-Target")
		if strings.HasSuffix(op, ".InitiateAuth") {
			v.asked.Add(1)
		}
		if v.down.Load() || strings.HasSuffix(op, ".ListUsers") && v.pages.Add(1) == 2 && v.breakOnPages.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	v.old = awsclient.New(front.URL, "us-east-1")
	v.now = awsclient.New(servertest.Start(t, p, servertest.Options{}).URL(), "us-east-1")
	v.seed()
	return v
}

func (v *move) call(c *awsclient.Client, op string, in, out any) error {
	if out == nil {
		out = new(m)
	}
	return c.JSON(v.Context(), idp+op, in, out, v.key)
}

func (v *move) must(err error) {
	v.Helper()
	if err != nil {
		v.Fatal(err)
	}
}

// seed makes a pool with 65 users: more than a page.
func (v *move) seed() {
	v.Helper()
	var pool struct{ UserPool struct{ Id string } }
	v.must(v.call(v.old, "CreateUserPool", m{"PoolName": "shop", "AutoVerifiedAttributes": []string{"email"}, "AliasAttributes": []string{"email"},
		"Policies": m{"PasswordPolicy": m{"MinimumLength": 12}}, "UsernameConfiguration": m{"CaseSensitive": false},
		"Schema": []m{{"Name": "team", "AttributeDataType": "String", "Mutable": true}}}, &pool))
	v.pool = pool.UserPool.Id
	var app struct {
		UserPoolClient struct{ ClientId, ClientSecret string }
	}
	v.must(v.call(v.old, "CreateUserPoolClient", m{"UserPoolId": v.pool, "ClientName": "web", "GenerateSecret": true,
		"ExplicitAuthFlows": []string{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}}, &app))
	v.app, v.secret = app.UserPoolClient.ClientId, app.UserPoolClient.ClientSecret
	v.must(v.call(v.old, "CreateGroup", m{"UserPoolId": v.pool, "GroupName": "staff", "Precedence": 3}, nil))
	for i := range 65 {
		name := fmt.Sprintf("user%02d", i)
		in := m{"UserPoolId": v.pool, "Username": name, "MessageAction": "SUPPRESS", "TemporaryPassword": "Temporary-1234",
			"UserAttributes": []m{{"Name": "email", "Value": name + "@example.com"}, {"Name": "email_verified", "Value": "true"}, {"Name": "custom:team", "Value": "blue"}}}
		v.must(v.call(v.old, "AdminCreateUser", in, nil))
	}
	for _, name := range []string{"user00", "user01", "user03"} {
		v.must(v.call(v.old, "AdminSetUserPassword", m{"UserPoolId": v.pool, "Username": name, "Password": "Old-Password-1", "Permanent": true}, nil))
	}
	v.must(v.call(v.old, "AdminAddUserToGroup", m{"UserPoolId": v.pool, "GroupName": "staff", "Username": "user00"}, nil))
	v.must(v.call(v.old, "AdminDisableUser", m{"UserPoolId": v.pool, "Username": "user03"}, nil))
}

// run copies the pool and returns the report.
func (v *move) run(dry bool) (string, error) {
	var out bytes.Buffer
	mig := &migrate.Migration{From: migrate.End{Client: v.old, Key: *v.key}, To: migrate.End{Client: v.now, Key: *v.key}, Pool: v.pool,
		FromClient: v.app, State: v.state, DryRun: dry, Out: &out, Progress: io.Discard}
	err := mig.Run(v.Context())
	return out.String(), err
}

type signedIn struct {
	ChallengeName, Session string
	ChallengeParameters    map[string]string
	AuthenticationResult   *struct{ AccessToken string }
}

// signIn signs in at the new server.
func (v *move) signIn(name, password string) (*signedIn, error) {
	out := new(signedIn)
	err := v.now.JSON(v.Context(), idp+"InitiateAuth", m{"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": v.app,
		"AuthParameters": m{"USERNAME": name, "PASSWORD": password, "SECRET_HASH": userpool.SecretHash(v.secret, userpool.ClientID(v.app), name)}}, out, nil)
	return out, err
}

func refused(err error, code string) bool {
	var e *awsclient.APIError
	return errors.As(err, &e) && e.Code == code
}

// A pool moves with everything that apps and users know it by.
func TestCognitoImport(t *testing.T) {
	servertest.Each(t, func(t *testing.T, p servertest.Profile) {
		v := newMove(t, p)
		report, err := v.run(false)
		v.must(err)
		for _, want := range []string{"users: 65", "app clients: 1", "groups: 1", "memberships: 1"} {
			if !strings.Contains(report, want) {
				t.Errorf("report lacks %q", want)
			}
		}
		if strings.Contains(report, "Not copied") {
			t.Error(report)
		}
		for op, in := range map[string]m{
			"DescribeUserPoolClient": {"UserPoolId": v.pool, "ClientId": v.app},
			"AdminGetUser":           {"UserPoolId": v.pool, "Username": "user03"},
			"AdminListGroupsForUser": {"UserPoolId": v.pool, "Username": "user00"},
			"GetUserPoolMfaConfig":   {"UserPoolId": v.pool},
			"ListResourceServers":    {"UserPoolId": v.pool, "MaxResults": 10},
			"DescribeUserPool":       {"UserPoolId": v.pool},
			"ListUserPoolClients":    {"UserPoolId": v.pool},
			"ListUsersInGroup":       {"UserPoolId": v.pool, "GroupName": "staff"},
		} {
			if old, now := v.shape(v.old, op, in), v.shape(v.now, op, in); old != now {
				t.Errorf("%s:\nold %s\nnew %s", op, old, now)
			}
		}
		v.must(os.Remove(v.state))
		if again, err := v.run(false); err != nil || !strings.Contains(again, "users that were here already: 65") || !strings.Contains(again, "users: 0") {
			t.Errorf("again: %s, %v", again, err)
		}
	})
}

// The first sign-in asks the old pool for the password, and no later one does.
func TestPasswordsOfTheOldPool(t *testing.T) {
	v := newMove(t, servertest.Embedded)
	_, err := v.run(false)
	v.must(err)
	var srp signedIn
	v.must(v.now.JSON(t.Context(), idp+"InitiateAuth", m{"AuthFlow": "USER_SRP_AUTH", "ClientId": v.app, "AuthParameters": m{"USERNAME": "user00",
		"SRP_A": "1234567890abcdef", "SECRET_HASH": userpool.SecretHash(v.secret, userpool.ClientID(v.app), "user00")}}, &srp, nil))
	if srp.ChallengeName != "PASSWORD_VERIFIER" {
		t.Errorf("SRP: %+v", srp)
	}
	v.down.Store(true)
	for range 20 { // more than the lock lets pass
		if _, err := v.signIn("user00", "Old-Password-1"); !refused(err, "TooManyRequestsException") {
			t.Fatalf("old pool down: %v", err)
		}
	}
	v.down.Store(false)
	v.asked.Store(0)
	if _, err := v.signIn("user00", "Wrong-Password-1"); !refused(err, "NotAuthorizedException") {
		t.Errorf("wrong password: %v", err)
	}
	for range 2 {
		if in, err := v.signIn("user00", "Old-Password-1"); err != nil || in.AuthenticationResult == nil {
			t.Fatalf("%+v, %v", in, err)
		}
	}
	if n := v.asked.Load(); n != 2 {
		t.Errorf("the old pool was asked %d times", n)
	}
	if in, err := v.signIn("user02@example.com", "Temporary-1234"); err != nil || in.ChallengeName != "NEW_PASSWORD_REQUIRED" {
		t.Errorf("temporary password: %+v, %v", in, err)
	}
	if _, err := v.signIn("user03", "Old-Password-1"); !refused(err, "NotAuthorizedException") {
		t.Errorf("disabled: %v", err)
	}
	v.checkLock()
	v.checkStranger()
}

// checkLock sends wrong passwords until they are locked out here.
func (v *move) checkLock() {
	v.Helper()
	for n := range 12 {
		before := v.asked.Load()
		_, err := v.signIn("user01", "Wrong-Password-1")
		var e *awsclient.APIError
		if errors.As(err, &e) && e.Message == "Password attempts exceeded" && v.asked.Load() == before {
			return
		}
		if !refused(err, "NotAuthorizedException") && !refused(err, "TooManyRequestsException") {
			v.Fatalf("attempt %d: %v", n, err)
		}
	}
	v.Error("wrong passwords are not counted")
}

// checkStranger makes another user of an imported one's name at the old pool, who
// must not get in here.
func (v *move) checkStranger() {
	v.Helper()
	v.must(v.call(v.old, "AdminDeleteUser", m{"UserPoolId": v.pool, "Username": "user04"}, nil))
	v.must(v.call(v.old, "AdminCreateUser", m{"UserPoolId": v.pool, "Username": "user04", "MessageAction": "SUPPRESS"}, nil))
	v.must(v.call(v.old, "AdminSetUserPassword", m{"UserPoolId": v.pool, "Username": "user04", "Password": "Strange-Password-1", "Permanent": true}, nil))
	if _, err := v.signIn("user04", "Strange-Password-1"); !refused(err, "NotAuthorizedException") {
		v.Errorf("a stranger of the same name: %v", err)
	}
}

func TestImportGoesOn(t *testing.T) {
	v := newMove(t, servertest.Embedded)
	v.breakOnPages.Store(true)
	if _, err := v.run(false); err == nil {
		t.Fatal("the second page was to fail")
	}
	report, err := v.run(false)
	if err != nil || !strings.Contains(report, "users: 65") || strings.Contains(report, "already") {
		t.Errorf("%s, %v", report, err)
	}
	if n := v.pages.Load(); n != 3 {
		t.Errorf("%d pages were read: the first one twice", n)
	}
}

func TestDryRunWritesNothing(t *testing.T) {
	v := newMove(t, servertest.Embedded)
	report, err := v.run(true)
	if err != nil || !strings.Contains(report, "Would copy users: 65") || !strings.Contains(report, "Would copy memberships: 1") {
		t.Errorf("%s, %v", report, err)
	}
	if err := v.call(v.now, "DescribeUserPool", m{"UserPoolId": v.pool}, nil); !refused(err, "ResourceNotFoundException") {
		t.Errorf("the pool is there: %v", err)
	}
	if _, err := os.Stat(v.state); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a state file is there: %v", err)
	}
}

// shape is what an operation answers, without when things were made or changed
// here and what tells the two servers apart.
func (v *move) shape(c *awsclient.Client, op string, in m) string {
	v.Helper()
	out := m{}
	v.must(v.call(c, op, in, &out))
	text, err := json.Marshal(plain(out))
	v.must(err)
	return string(text)
}

func plain(x any) any {
	switch x := x.(type) {
	case m:
		for k, value := range x {
			if k == "CreationDate" || k == "LastModifiedDate" || k == "UserLastModifiedDate" {
				delete(x, k)
				continue
			}
			x[k] = plain(value)
		}
	case []any:
		for i := range x {
			x[i] = plain(x[i])
		}
	}
	return x
}
