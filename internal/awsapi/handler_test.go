package awsapi_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/internal/redact"
)

func TestAnswers(t *testing.T) {
	b := &backend{}
	w := getUser.serve(t, b)
	if got, want := w.Body.String(), `{"Username":"alice","UserCreateDate":1795417200,"Enabled":true}`; w.Code != 200 || got != want {
		t.Errorf("JSON: %d %s, want %s", w.Code, got, want)
	}
	if b.action != "cognito-idp:AdminGetUser" || b.where != "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_Demo00001" {
		t.Errorf("authorised %s on %s", b.action, b.where)
	}
	if w := datasets.serve(t, b); w.Code != 200 || w.Body.String() != `{"Count":0}` {
		t.Errorf("REST: %d %s", w.Code, w.Body)
	}
	if *b.listed.IdentityPoolId != "us-east-1:0a" || *b.listed.IdentityId != "us-east-1:ff" || *b.listed.MaxResults != 3 {
		t.Errorf("REST members: %+v", b.listed)
	}
	if b.action != "cognito-sync:ListDatasets" || b.where != "*" {
		t.Errorf("authorised %s on %s", b.action, b.where)
	}
}

func TestConditionKeys(t *testing.T) {
	b := &backend{}
	r := getUser.build(t)
	r.Header.Set("User-Agent", "aws-cli")
	r = r.WithContext(awsapi.WithPeer(r.Context(), awsapi.Peer{IP: "203.0.113.7", TLS: true}))
	newHandler(t, b).ServeHTTP(httptest.NewRecorder(), r)
	want := map[string][]string{
		"aws:CurrentTime": {"2026-11-23T07:00:00Z"}, "aws:EpochTime": {"1795417200"},
		"aws:PrincipalAccount": {"000000000000"}, "aws:PrincipalArn": {"arn:aws:iam::000000000000:root"},
		"aws:RequestedRegion": {"eu-west-3"}, "aws:SecureTransport": {"true"}, "aws:SourceIp": {"203.0.113.7"}, "aws:UserAgent": {"aws-cli"},
	}
	if !reflect.DeepEqual(b.keys, want) {
		t.Errorf("got %v", b.keys)
	}
}

// Golden files show whole answers as a client receives them.
func TestGolden(t *testing.T) {
	for name, tt := range map[string]struct {
		q request
		b backend
	}{
		"json-ok":         {q: getUser},
		"json-error":      {q: getUser, b: backend{fail: errNotThere}},
		"json-validation": {q: getUser.with(func(q *request) { q.header, q.body = getUser.header, `{"UserPoolId":"x"}` })},
		"json-unsigned":   {q: getUser.with(func(q *request) { q.header, q.service = getUser.header, "" })},
		"json-preflight": {q: request{method: "OPTIONS", url: "/", header: map[string]string{
			"Origin": "http://localhost:3000", "Access-Control-Request-Method": "POST",
			"Access-Control-Request-Headers": "content-type,x-amz-target,x-amz-user-agent"}}},
		"rest-preflight": {q: request{method: "OPTIONS", url: "/identitypools/x", header: map[string]string{"Origin": "http://a"}}},
		"query-ok":       {q: identity},
		"query-role": {q: identity.with(func(q *request) {
			q.header, q.body = formType, "Action=AssumeRole&Version=2011-06-15&RoleArn=arn:aws:iam::000000000000:role/r&RoleSessionName=sess"
		})},
		"query-validation": {q: identity.with(func(q *request) {
			q.header, q.body = formType, "Action=AssumeRole&Version=2011-06-15&RoleSessionName=s&DurationSeconds=1"
		})},
		"query-malformed": {q: identity.with(func(q *request) {
			q.header, q.body = formType, "Action=AssumeRole&Version=2011-06-15&DurationSeconds=1.5"
		})},
		"query-unknown":  {q: identity.with(func(q *request) { q.header, q.body = formType, "Action=Nope&Version=2011-06-15" })},
		"query-unsigned": {q: identity.with(func(q *request) { q.header, q.service = formType, "" })},
		"rest-ok":        {q: datasets},
		"rest-unsigned":  {q: datasets.with(func(q *request) { q.service = "" })},
		"rest-bad-label": {q: datasets.with(func(q *request) { q.url = "/identitypools/us-east-1%253A0a/identities/..%2F/datasets" })},
	} {
		t.Run(name, func(t *testing.T) {
			w := tt.q.serve(t, &tt.b)
			id := w.Header().Get("X-Amzn-Requestid")
			var got strings.Builder
			fmt.Fprintf(&got, "%d\n", w.Code)
			_ = w.Header().Write(&got)
			got.WriteString("\n" + w.Body.String())
			text := strings.ReplaceAll(got.String(), "\r\n", "\n")
			if id != "" {
				text = strings.ReplaceAll(text, id, "REQUEST-ID")
			}
			golden(t, name, text)
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// errorOf reads the code and message of an error in any of the formats.
func errorOf(w *httptest.ResponseRecorder) (code, message string) {
	if strings.HasPrefix(w.Header().Get("Content-Type"), "text/xml") {
		return between(w.Body.String(), "<Code>", "</Code>"), between(w.Body.String(), "<Message>", "</Message>")
	}
	var e struct{ Message string }
	_ = json.Unmarshal(w.Body.Bytes(), &e)
	return strings.TrimSuffix(w.Header().Get("X-Amzn-Errortype"), ":"), e.Message
}

func between(s, start, end string) string {
	_, s, _ = strings.Cut(s, start)
	s, _, _ = strings.Cut(s, end)
	return s
}

func TestPresignedGet(t *testing.T) {
	r := httptest.NewRequest("GET", "http://example.com/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Expires=60", nil)
	sum := sha256.Sum256(nil)
	c := aws.Credentials{AccessKeyID: keyID, SecretAccessKey: secret, SessionToken: "to/ken"}
	uri, _, err := v4.NewSigner().PresignHTTP(context.Background(), c, r, hex.EncodeToString(sum[:]), "sts", "us-east-1", now)
	if err != nil {
		t.Fatal(err)
	}
	h := newHandler(t, &backend{session: "to/ken"})
	get := httptest.NewRequest("GET", uri, nil)
	if !h.Matches(get) {
		t.Error("a presigned GET is ours")
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, get)
	if w.Code != 200 || !strings.Contains(w.Body.String(), "<Account>000000000000</Account>") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestMatches(t *testing.T) {
	h := newHandler(t, &backend{})
	for q, want := range map[string]bool{
		"POST /": true, "OPTIONS /": true, "GET /": false, "GET /?Action=X": true, "HEAD /": false, "POST /x": false,
		"GET /identitypools": true, "DELETE /identitypools/x": true, "GET /identitypoolsx": false, "GET /us-east-1_x/login": false,
	} {
		method, url, _ := strings.Cut(q, " ")
		if got := h.Matches(httptest.NewRequest(method, url, nil)); got != want {
			t.Errorf("%s: %v", q, got)
		}
	}
}

func TestAudit(t *testing.T) {
	b := &backend{fail: fmt.Errorf("looking: %w", errNotThere)}
	getUser.serve(t, b)
	if len(b.events) != 1 {
		t.Fatalf("%d events", len(b.events))
	}
	e := b.events[0]
	want := map[string]any{"userPoolId": "us-east-1_Demo00001", "username": redact.Hidden} // it may be a typed password
	if !reflect.DeepEqual(e.Params, want) || e.ErrorCode != "UserNotFoundException" || e.Status != 400 ||
		e.Call.Operation != "AdminGetUser" || e.Call.Service != "cognito-idp" || e.Call.Caller == nil || e.Call.Region != "eu-west-3" {
		t.Errorf("got %+v", e)
	}
	b = &backend{}
	getUser.with(func(q *request) { q.header, q.service = getUser.header, "" }).serve(t, b)
	if len(b.events) != 1 || b.events[0].Params != nil || b.events[0].ErrorCode != "MissingAuthenticationTokenException" {
		t.Errorf("got %+v", b.events)
	}
}

// What an administrator writes is announced, with what it will be; reading is not.
func TestIntents(t *testing.T) {
	k := newKeyMaker()
	h := k.handler(t)
	k.fail = errNotThere
	attempt(t, h, invocation, "ci")
	if len(k.intents) != 1 || k.intents[0].Call.Operation != "CreateAccessKey" || k.intents[0].Call.Caller == nil ||
		k.intents[0].ReadOnly || k.intents[0].ErrorCode != "" || !reflect.DeepEqual(k.intents[0].Params, map[string]any{"userName": "ci"}) {
		t.Errorf("intents %+v", k.intents)
	}
	if len(k.events) != 1 || k.events[0].ErrorCode != "NoSuchEntity" {
		t.Errorf("events %+v", k.events)
	}
	b := &backend{}
	getUser.serve(t, b)
	if len(b.intents) != 0 {
		t.Errorf("reading: intents %+v", b.intents)
	}
}

func TestNewHandlerRefuses(t *testing.T) {
	b := &backend{}
	wrong := awsapi.Func("GetUser", awsapi.AccessToken, func(context.Context, *struct{ X *string }) (*getUserOut, error) { return nil, nil })
	for name, s := range map[string]awsapi.Service{
		"unknown service":   {Name: "nope"},
		"unknown operation": {Name: "sts", Ops: []awsapi.Op{awsapi.Func("Nope", awsapi.SigV4, callerIdentity)}},
		"twice": {Name: "sts", Ops: []awsapi.Op{awsapi.Func("GetCallerIdentity", awsapi.SigV4, callerIdentity),
			awsapi.Func("GetCallerIdentity", awsapi.SigV4, callerIdentity)}},
		"wrong type": {Name: "cognito-idp", Ops: []awsapi.Op{wrong}},
	} {
		if _, err := awsapi.NewHandler(awsapi.Config{Services: []awsapi.Service{s}, Credentials: b, Authorizer: b}); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	if _, err := awsapi.NewHandler(awsapi.Config{Services: b.services()}); err == nil {
		t.Error("signed operations without credentials were accepted")
	}
}
