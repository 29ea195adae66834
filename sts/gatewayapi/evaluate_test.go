package gatewayapi_test

import (
	"fmt"
	"net/http"
	"reflect"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/sts"
)

func evaluating(id, token string, actions, resources []string, condition map[string][]string) m {
	out := m{"accessKeyId": id, "actions": actions, "resources": resources, "region": "us-east-1", "service": "s3"}
	if token != "" {
		out["sessionToken"] = token
	}
	if condition != nil {
		out["condition"] = condition
	}
	return out
}

type evaluated struct {
	Decisions, SessionDecisions [][]string
	HasSessionPolicy            bool
	PrincipalARN                string
}

func (g *rig) evaluate(c sts.Credentials, actions, resources []string, condition map[string][]string) (out evaluated) {
	g.t.Helper()
	g.ask(evaluate, evaluating(c.AccessKeyID, c.SessionToken, actions, resources, condition), &out)
	return out
}

func wantTable(t *testing.T, what string, got [][]string, want ...[]string) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func both(statements string) string {
	return `{"Version":"2012-10-17","Statement":[` + statements + `]}`
}

const (
	allowTeam  = `{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::team/*"}`
	denySecret = `{"Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3:::team/secret/*"}`
)

func TestEvaluate(t *testing.T) {
	g := newRig(t)
	c := g.session("/", "team", both(allowTeam+","+denySecret), nil)
	got := g.evaluate(c, []string{"s3:GetObject", "s3:DeleteObject"},
		[]string{"arn:aws:s3:::team/a", "arn:aws:s3:::team/secret/a", "arn:aws:s3:::other/a"}, nil)
	wantTable(t, "decisions", got.Decisions, []string{"allow", "no_match"}, []string{"deny", "deny"}, []string{"no_match", "no_match"})
	if got.HasSessionPolicy || got.SessionDecisions != nil || got.PrincipalARN != "arn:aws:sts::000000000000:assumed-role/team/session" {
		t.Errorf("%+v", got)
	}
	user := g.user("/", "ann", both(allowTeam))
	var of evaluated
	g.ask(evaluate, evaluating(user.ID, "", []string{"s3:PutObject"}, []string{"arn:aws:s3:::team/a"}, nil), &of)
	wantTable(t, "user", of.Decisions, []string{"allow"})
	if _, use, err := g.STS.AccessKeyLastUsed(t.Context(), user.ID); err != nil || use != (sts.Use{Time: start, Service: "s3", Region: "us-east-1"}) {
		t.Errorf("last use: %+v %v", use, err)
	}
}

// A session policy is told apart from the identity's policies: the gateway lets it
// narrow what a bucket policy grants.
func TestSessionPolicyStandsApart(t *testing.T) {
	g := newRig(t)
	c := g.session("/", "team", both(allowTeam+","+denySecret), func(r *sts.AssumeRoleRequest) {
		r.Policy = both(`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::*/public/*"},{"Effect":"Deny","Action":"*","Resource":"arn:aws:s3:::*/never"}`)
	})
	got := g.evaluate(c, []string{"s3:GetObject", "s3:PutObject"},
		[]string{"arn:aws:s3:::team/public/a", "arn:aws:s3:::other/public/a", "arn:aws:s3:::team/secret/public/a", "arn:aws:s3:::team/never"}, nil)
	if !got.HasSessionPolicy {
		t.Fatal("no session policy")
	}
	wantTable(t, "identity", got.Decisions, []string{"allow", "allow"}, []string{"no_match", "no_match"}, []string{"deny", "deny"}, []string{"allow", "allow"})
	wantTable(t, "session", got.SessionDecisions, []string{"allow", "no_match"}, []string{"allow", "no_match"}, []string{"allow", "no_match"}, []string{"deny", "deny"})
}

// What died between the two calls may do nothing, and that is no error: the gateway
// would make a fault of the server of it.
func TestRevokedBetweenTheCalls(t *testing.T) {
	actions, resources := []string{"s3:GetObject", "s3:PutObject"}, []string{"arn:aws:s3:::team/a", "arn:aws:s3:::team/b"}
	for _, tt := range []struct {
		name string
		kill func(*rig, sts.Credentials) error
	}{
		{"revoked", func(g *rig, _ sts.Credentials) error {
			g.advance(time.Second)
			return g.STS.RevokeSessions(g.t.Context(), "team")
		}},
		{"role deleted", func(g *rig, _ sts.Credentials) error {
			if err := g.STS.DeleteRolePolicy(g.t.Context(), "team", "p"); err != nil {
				return err
			}
			return g.STS.DeleteRole(g.t.Context(), "team")
		}},
		{"expired", func(g *rig, c sts.Credentials) error { g.clock.Store(c.Expiration.UnixMicro()); return nil }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newRig(t)
			c := g.session("/", "team", both(allowTeam), nil)
			g.ask(derive, deriving(c.AccessKeyID, c.SessionToken, "20261123"), new(derived))
			wantTable(t, "alive", g.evaluate(c, actions, resources, nil).Decisions, []string{"allow", "allow"}, []string{"allow", "allow"})
			if err := tt.kill(g, c); err != nil {
				t.Fatal(err)
			}
			got := g.evaluate(c, actions, resources, nil)
			wantTable(t, "dead", got.Decisions, []string{"deny", "deny"}, []string{"deny", "deny"})
			g.wantRefused(g.good(derive, deriving(c.AccessKeyID, c.SessionToken, "20261123")), http.StatusForbidden, "InvalidToken")
		})
	}
}

// Who asks is for us to say, in whatever case the gateway writes it.
func TestCallerKeysAreOurs(t *testing.T) {
	g := newRig(t)
	resource := []string{"arn:aws:s3:::b/k"}
	sent := map[string][]string{"AWS:principalarn": {"arn:aws:iam::000000000000:role/boss"}, "aws:PrincipalTag/team": {"red"}, "aws:principaltag/Team": {"red"},
		"aws:MultiFactorAuthPresent": {"true"}, "aws:UserName": {"boss"}, "aws:SourceIdentity": {"boss"}, "saml:sub": {"boss"}, "aws:ResourceTag/a": {"red"},
		"cognito-identity.amazonaws.com:sub": {"boss"}, "AWS:FederatedProvider": {"boss"}, "aws:CurrentTime": {"2001-01-01T00:00:00Z"}, "aws:epochtime": {"1"},
		"aws:TokenIssueTime": {"2001-01-01T00:00:00Z"}, "aws:RequestedRegion": {"red"}, "aws:VpcSourceIp": {"boss"},
		"s3:prefix": {"home/"}, "aws:SourceIp": {"192.0.2.7"}, "AWS:secureTransport": {"true"}}
	for i, tt := range []struct{ condition, want string }{
		{`{"StringEquals":{"aws:PrincipalArn":"arn:aws:iam::000000000000:role/boss"}}`, "no_match"},
		{`{"ForAnyValue:StringEquals":{"aws:PrincipalArn":"arn:aws:iam::000000000000:role/boss"}}`, "no_match"},
		{`{"StringLike":{"aws:PrincipalArn":"arn:aws:iam::000000000000:role/r*"}}`, "allow"},
		{`{"ForAnyValue:StringEquals":{"aws:PrincipalTag/team":"red"}}`, "no_match"},
		{`{"StringEquals":{"aws:PrincipalTag/team":"blue"}}`, "allow"},
		{`{"StringEquals":{"aws:ResourceTag/a":"red"}}`, "no_match"},
		{`{"Bool":{"aws:MultiFactorAuthPresent":"true"}}`, "no_match"},
		{`{"Null":{"aws:username":"false"}}`, "no_match"},
		{`{"Null":{"aws:SourceIdentity":"false"}}`, "no_match"},
		{`{"Null":{"saml:sub":"false"}}`, "no_match"},
		{`{"Null":{"cognito-identity.amazonaws.com:sub":"false"}}`, "no_match"},
		{`{"Null":{"aws:FederatedProvider":"false"}}`, "no_match"},
		{`{"ForAnyValue:DateLessThan":{"aws:CurrentTime":"2002-01-01T00:00:00Z"}}`, "no_match"},
		{`{"ForAnyValue:NumericLessThan":{"aws:EpochTime":"2"}}`, "no_match"},
		{`{"DateGreaterThan":{"aws:CurrentTime":"2026-11-23T11:59:59Z"}}`, "allow"},
		{`{"ForAnyValue:DateLessThan":{"aws:TokenIssueTime":"2002-01-01T00:00:00Z"}}`, "no_match"},
		{`{"Null":{"aws:RequestedRegion":"false"}}`, "no_match"},
		{`{"StringEquals":{"s3:prefix":"home/"}}`, "allow"},
		{`{"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}}`, "allow"},
		{`{"Bool":{"aws:SecureTransport":"true"}}`, "allow"},
	} {
		c := g.session("/", fmt.Sprintf("r%d", i), statement("Allow", "s3:GetObject", "*", tt.condition), func(r *sts.AssumeRoleRequest) {
			r.Tags = []sts.Tag{{Key: "team", Value: "blue"}}
		})
		if got := g.evaluate(c, []string{"s3:GetObject"}, resource, sent).Decisions[0][0]; got != tt.want {
			t.Errorf("%s: %s, want %s", tt.condition, got, tt.want)
		}
	}
}

// A batch delete asks for a thousand at once.
func TestThousandResources(t *testing.T) {
	g := newRig(t)
	c := g.session("/", "team", both(`{"Effect":"Allow","Action":"s3:DeleteObject","Resource":"arn:aws:s3:::team/${aws:PrincipalTag/home}/*"},`+denySecret),
		func(r *sts.AssumeRoleRequest) {
			r.Tags = []sts.Tag{{Key: "home", Value: "ann"}}
			r.Policy = both(`{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::*7"}`)
		})
	resources, want := make([]string, 1000), make([][]string, 1000)
	for i := range resources {
		switch i % 3 {
		case 0:
			resources[i], want[i] = fmt.Sprintf("arn:aws:s3:::team/ann/%d", i), []string{"allow"}
		case 1:
			resources[i], want[i] = fmt.Sprintf("arn:aws:s3:::team/bob/%d", i), []string{"no_match"}
		case 2:
			resources[i], want[i] = fmt.Sprintf("arn:aws:s3:::team/secret/%d", i), []string{"deny"}
		}
	}
	began := time.Now()
	got := g.evaluate(c, []string{"s3:DeleteObject"}, resources, nil)
	if took := time.Since(began); took > 2*time.Second { // the gateway waits ten
		t.Errorf("it took %v", took)
	}
	wantTable(t, "batch", got.Decisions, want...)
	for i, row := range got.SessionDecisions {
		if (row[0] == "allow") != (i%10 == 7) {
			t.Fatalf("session policy on %s: %s", resources[i], row[0])
		}
	}
}

func TestTablesHaveBounds(t *testing.T) {
	g := newRig(t)
	c := g.session("/", "team", both(allowTeam), nil)
	one := []string{"s3:GetObject"}
	for _, in := range []m{
		evaluating(c.AccessKeyID, c.SessionToken, nil, one, nil),
		evaluating(c.AccessKeyID, c.SessionToken, one, nil, nil),
		evaluating(c.AccessKeyID, c.SessionToken, make([]string, 201), make([]string, 100), nil),
	} {
		g.wantRefused(g.good(evaluate, in), http.StatusBadRequest, "BadRequest")
	}
}
