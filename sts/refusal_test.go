package sts_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/sts"
)

func sealedOf(t testing.TB, err error) string {
	t.Helper()
	var f *sts.Fault
	if !errors.As(err, &f) || f.Sealed == "" {
		t.Fatalf("%v has no message", err)
	}
	return f.Sealed
}

// told is what this test reads of a decoded message.
type told struct {
	Allowed, ExplicitDeny bool
	MatchedStatements     struct {
		Items []struct {
			StatementID                    string
			Effect                         string
			Actions, NotActions, Resources values
			Conditions                     struct {
				Items []struct {
					Key, Operator string
					Values        values
				}
			}
		}
	}
	Context struct {
		Principal        struct{ ID, Name, ARN string }
		Action, Resource string
		Conditions       struct {
			Items []struct {
				Key    string
				Values values
			}
		}
	}
}

type values struct{ Items []struct{ Value string } }

func (v values) String() string { return fmt.Sprint(v.Items) }

func (x told) keys() (out []string) {
	for _, c := range x.Context.Conditions.Items {
		out = append(out, c.Key)
	}
	return out
}

func (e *env) decode(sealed string) (x told) {
	e.t.Helper()
	text, err := e.DecodeRefusal(e.ctx, sealed)
	if err != nil {
		e.t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(text), &x); err != nil {
		e.t.Fatal(err)
	}
	return x
}

func TestRefusalTellsWhy(t *testing.T) {
	e := newEnv(t)
	p := e.user("ann", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},
		{"Sid":"NotNow","Effect":"Deny","NotAction":["iam:*","sts:*"],"Resource":"arn:aws:s3:::b*","Condition":{"Bool":{"aws:SecureTransport":false}}}]}`)
	keys := map[string][]string{"aws:SecureTransport": {"false"}, "aws:Referer": {"https://x/?code=secret"}, "x:many": {"1", "2"}}
	x := e.decode(sealedOf(t, e.Authorize(e.ctx, p, "s3:GetObject", object, keys)))
	if x.Allowed || !x.ExplicitDeny || len(x.MatchedStatements.Items) != 1 {
		t.Fatalf("got %+v", x)
	}
	st := x.MatchedStatements.Items[0]
	if st.StatementID != "NotNow" || st.Effect != "DENY" || st.NotActions.String() != "[{iam:*} {sts:*}]" || st.Resources.String() != "[{arn:aws:s3:::b*}]" ||
		len(st.Conditions.Items) != 1 || st.Conditions.Items[0].Operator != "Bool" || st.Conditions.Items[0].Values.String() != "[{false}]" {
		t.Errorf("statement %+v", st)
	}
	if c := x.Context; c.Principal.ARN != p.ARN || c.Principal.ID != p.UserID || c.Principal.Name != "ann" || c.Action != "s3:GetObject" || c.Resource != object {
		t.Errorf("context %+v", c)
	}
	got := x.keys()
	for key, want := range map[string]bool{"aws:SecureTransport": true, "aws:username": true, "x:many": true, "aws:Referer": false} {
		if slices.Contains(got, key) != want {
			t.Errorf("%s among %q: want %v", key, got, want)
		}
	}

	x = e.decode(sealedOf(t, e.Authorize(e.ctx, e.user("bob", ""), "s3:GetObject", object, nil)))
	if x.ExplicitDeny || len(x.MatchedStatements.Items) != 0 {
		t.Errorf("implicit: %+v", x)
	}
}

// A message is good for a day, here, and as it was made.
func TestRefusalIsSealed(t *testing.T) {
	e := newEnv(t)
	sealed := sealedOf(t, e.Authorize(e.ctx, e.user("ann", ""), "s3:GetObject", object, nil))
	raw, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil || strings.Contains(string(raw), "GetObject") {
		t.Fatalf("%v, %.40q", err, raw)
	}
	for name, change := range map[string]func([]byte) []byte{
		"version": func(b []byte) []byte { b[0]++; return b }, "salt": func(b []byte) []byte { b[1] ^= 1; return b },
		"content": func(b []byte) []byte { b[100] ^= 1; return b }, "end": func(b []byte) []byte { return b[:len(b)-1] },
		"nothing": func([]byte) []byte { return nil }, "head only": func(b []byte) []byte { return b[:17] },
	} {
		_, err := e.DecodeRefusal(e.ctx, base64.RawURLEncoding.EncodeToString(change(slices.Clone(raw))))
		if !errors.Is(err, sts.ErrInvalidMessage) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	for _, junk := range []string{"?", sealed + "=", strings.Repeat("A", 10241)} {
		if _, err := e.DecodeRefusal(e.ctx, junk); !errors.Is(err, sts.ErrInvalidMessage) {
			t.Errorf("%.20q: got %v", junk, err)
		}
	}
	account := e.Account
	e.Account = "111111111111"
	if _, err := e.DecodeRefusal(e.ctx, sealed); !errors.Is(err, sts.ErrInvalidMessage) {
		t.Errorf("another account: got %v", err)
	}
	e.Account = account
	e.advance(24*time.Hour - time.Second)
	e.decode(sealed)
	e.advance(time.Second)
	if _, err := e.DecodeRefusal(e.ctx, sealed); !errors.Is(err, sts.ErrInvalidMessage) {
		t.Errorf("a day later: got %v", err)
	}
}

// However much there is to tell, every message has one length, which is bounded.
func TestRefusalsHaveOneLength(t *testing.T) {
	e := newEnv(t)
	long := strings.Repeat(`"s3:Put*",`, 180)
	ann := e.user("ann", `{"Statement":{"Effect":"Deny","Action":[`+long+`"s3:*"],"Resource":"*"}}`)
	many := map[string][]string{"x:long": {strings.Repeat("é\u0000<", 9000)}, "x:short": {"y"}}
	for i := range 100 {
		many[fmt.Sprint("aws:RequestTag/", i)] = []string{strings.Repeat("v", 200)}
	}
	short := sealedOf(t, e.Authorize(e.ctx, e.user("bob", ""), "s3:G", "*", nil))
	if len(short) > 10240 {
		t.Errorf("%d characters", len(short))
	}
	for name, ask := range map[string]func() error{
		"a long statement": func() error { return e.Authorize(e.ctx, ann, "s3:Get", object, nil) },
		"many conditions":  func() error { return e.Authorize(e.ctx, ann, "s3:Get", object, many) },
		"a long resource":  func() error { return e.Authorize(e.ctx, ann, "s3:Get", strings.Repeat(object, 300), many) },
		"a long action":    func() error { return e.Authorize(e.ctx, ann, "s3:"+strings.Repeat("é", 9000), object, nil) },
		"a long name": func() error {
			p := *ann
			p.ARN = "arn:aws:iam::000000000000:user/" + strings.Repeat("<", 512) + "/ann"
			return e.Authorize(e.ctx, &p, "s3:"+strings.Repeat("<", 200), strings.Repeat("<", 200), many)
		},
	} {
		sealed := sealedOf(t, ask())
		if len(sealed) != len(short) {
			t.Errorf("%s: %d characters, want %d", name, len(sealed), len(short))
		}
		if x := e.decode(sealed); !strings.HasPrefix(x.Context.Principal.ARN, "arn:aws:iam::000000000000:user/") {
			t.Errorf("%s: %+v", name, x)
		}
	}
	if x := e.decode(sealedOf(t, e.Authorize(e.ctx, ann, "iam:Get", object, many))); !slices.Contains(x.keys(), "x:short") || slices.Contains(x.keys(), "x:long") {
		t.Errorf("the longest conditions go: %q", x.keys())
	}
}

// Whether a role exists shows neither in the text nor in the message, nor in what is
// decoded from it.
func TestRefusalOfARoleHidesIt(t *testing.T) {
	e := newEnv(t)
	e.role("closed", `{"Effect":"Deny","Principal":"*","Action":"sts:*"}`, "")
	if err := e.TagRole(e.ctx, "closed", []sts.Tag{{Key: "team", Value: strings.Repeat("x", 200)}}); err != nil {
		t.Fatal(err)
	}
	ann := e.user("ann", allowAll)
	refused := func(role string) (string, told) {
		_, err := e.tryAssume(ann, role, func(in *sts.AssumeRoleRequest) { in.ExternalID = "hush" })
		wantFault(t, err, sts.ErrAccessDenied, "User: "+ann.ARN+" is not authorized to perform: sts:AssumeRole on resource: "+roleARN(role))
		sealed := sealedOf(t, err)
		return sealed, e.decode(sealed)
	}
	sealedA, a := refused("closed")
	sealedB, b := refused("nosuch")
	a.Context.Resource = b.Context.Resource
	if len(sealedA) != len(sealedB) || fmt.Sprint(a) != fmt.Sprint(b) {
		t.Errorf("a closed role: %d, %+v\nno role: %d, %+v", len(sealedA), a, len(sealedB), b)
	}
	if strings.Contains(fmt.Sprint(a), "hush") {
		t.Error("the external ID is told")
	}
	bob := e.user("bob", `{"Statement":{"Sid":"Never","Effect":"Deny","Action":"sts:AssumeRole","Resource":"*"}}`)
	_, err := e.tryAssume(bob, "closed", nil)
	if x := e.decode(sealedOf(t, err)); !x.ExplicitDeny || x.MatchedStatements.Items[0].StatementID != "Never" {
		t.Errorf("one's own policy: %+v", x)
	}
}

func BenchmarkRefusal(b *testing.B) {
	e := newEnv(b)
	p := e.user("ann", readAll)
	keys := map[string][]string{"aws:SecureTransport": {"true"}, "aws:SourceIp": {"192.0.2.1"}, "aws:UserAgent": {strings.Repeat("x", 100)}, "aws:RequestedRegion": {"us-east-1"}}
	b.ReportAllocs()
	for b.Loop() {
		if e.Authorize(e.ctx, p, "s3:PutObject", object, keys) == nil {
			b.Fatal("allowed")
		}
	}
}
