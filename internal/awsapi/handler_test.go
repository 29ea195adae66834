package awsapi_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/poolhouse/poolhouse/internal/awsapi"
)

var update = flag.Bool("update", false, "rewrite golden files")

var now = time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)

const (
	keyID  = "AKIDEXAMPLE"
	secret = "a secret key"
)

// Shapes of the operations under test, as the generator writes them.
type (
	callerIn  struct{}
	callerOut struct{ UserId, Account, Arn *string }
	roleOut   struct {
		Credentials      *tempKeys
		AssumedRoleUser  *struct{ AssumedRoleId, Arn *string }
		PackedPolicySize *int32
		SourceIdentity   *string
	}
	tempKeys struct {
		AccessKeyId, SecretAccessKey, SessionToken *string
		Expiration                                 *time.Time
	}
	roleIn struct {
		RoleArn, RoleSessionName            *string
		PolicyArns                          []struct{ Arn *string }
		Policy                              *string
		DurationSeconds                     *int32
		Tags                                []struct{ Key, Value *string }
		TransitiveTagKeys                   []string
		ExternalId, SerialNumber, TokenCode *string
		SourceIdentity                      *string
		ProvidedContexts                    []struct{ ProviderArn, ContextAssertion *string }
	}
	adminGetUserIn  struct{ UserPoolId, Username *string }
	adminGetUserOut struct {
		Username             *string
		UserAttributes       []struct{ Name, Value *string }
		UserCreateDate       *time.Time
		UserLastModifiedDate *time.Time
		Enabled              *bool
		UserStatus           *string
		MFAOptions           []struct{ DeliveryMedium, AttributeName *string }
		PreferredMfaSetting  *string
		UserMFASettingList   []string
	}
	getUserIn  struct{ AccessToken *string }
	getUserOut struct {
		Username            *string
		UserAttributes      []struct{ Name, Value *string }
		MFAOptions          []struct{ DeliveryMedium, AttributeName *string }
		PreferredMfaSetting *string
		UserMFASettingList  []string
	}
	datasetsIn struct {
		IdentityPoolId, IdentityId, NextToken *string
		MaxResults                            *int32
	}
	datasetsOut struct {
		Datasets []struct {
			IdentityId, DatasetName        *string
			CreationDate, LastModifiedDate *time.Time
			LastModifiedBy                 *string
			DataStorage, NumRecords        *int64
		}
		Count     *int32
		NextToken *string
	}
)

var (
	errNotThere = errors.New("no such user")
	errOops     = errors.New("the database says secret things")
)

// backend is the credential source, the authorizer, the auditor and the
// operations of the tests.
type backend struct {
	denied  error
	action  string
	where   string
	keys    map[string][]string
	events  []awsapi.Event
	fail    error
	panics  bool
	listed  datasetsIn
	session string
}

func (b *backend) Credential(_ context.Context, id, token string) (string, *awsapi.Caller, error) {
	if id != keyID || token != b.session {
		return "", nil, &awsapi.Error{Status: 403, Code: "InvalidClientTokenId", Message: "The security token included in the request is invalid."}
	}
	return secret, &awsapi.Caller{AccountID: "000000000000", ARN: "arn:aws:iam::000000000000:root", UserID: "000000000000",
		Keys: map[string][]string{"aws:PrincipalArn": {"arn:aws:iam::000000000000:root"}}}, nil
}

func (b *backend) Authorize(_ context.Context, _ *awsapi.Caller, action, resource string, keys map[string][]string) error {
	b.action, b.where, b.keys = action, resource, keys
	return b.denied
}

func (b *backend) Record(_ context.Context, e awsapi.Event) { b.events = append(b.events, e) }

func (b *backend) adminGetUser(ctx context.Context, in *adminGetUserIn) (*adminGetUserOut, error) {
	if b.panics {
		panic("a bug with secret things")
	}
	if b.fail != nil {
		return nil, b.fail
	}
	return &adminGetUserOut{Username: in.Username, Enabled: awsapi.Ptr(true), UserCreateDate: awsapi.Ptr(now)}, nil
}

func (b *backend) services() []awsapi.Service {
	return []awsapi.Service{
		{Name: "cognito-idp", Ops: []awsapi.Op{
			awsapi.Func("AdminGetUser", awsapi.SigV4, b.adminGetUser),
			awsapi.Func("GetUser", awsapi.AccessToken, func(_ context.Context, in *getUserIn) (*getUserOut, error) {
				return &getUserOut{Username: awsapi.Ptr("alice")}, nil
			}),
		}, Errors: awsapi.ErrorTable{{Is: errNotThere, Status: 400, Code: "UserNotFoundException", Message: "User does not exist.\r\nX: é"}},
			Resource: func(_ string, in any) string {
				return "arn:aws:cognito-idp:us-east-1:000000000000:userpool/" + *in.(*adminGetUserIn).UserPoolId
			}},
		{Name: "sts", Ops: []awsapi.Op{
			awsapi.Func("GetCallerIdentity", awsapi.SigV4, callerIdentity).NoPolicy(),
			awsapi.Func("AssumeRole", awsapi.SigV4, assumeRole).NoPolicy(),
		}},
		{Name: "cognito-sync", Ops: []awsapi.Op{
			awsapi.Func("ListDatasets", awsapi.SigV4, func(_ context.Context, in *datasetsIn) (*datasetsOut, error) {
				b.listed = *in
				return &datasetsOut{Count: awsapi.Ptr(int32(0))}, nil
			}),
		}},
	}
}

func callerIdentity(ctx context.Context, _ *callerIn) (*callerOut, error) {
	c := awsapi.FromContext(ctx).Caller
	return &callerOut{UserId: &c.UserID, Account: &c.AccountID, Arn: &c.ARN}, nil
}

func assumeRole(context.Context, *roleIn) (*roleOut, error) {
	return &roleOut{
		Credentials: &tempKeys{awsapi.Ptr("ASIAEXAMPLE"), awsapi.Ptr("s/+="), awsapi.Ptr("t<&>"), awsapi.Ptr(now.Add(time.Hour + time.Millisecond))},
		AssumedRoleUser: &struct{ AssumedRoleId, Arn *string }{
			awsapi.Ptr("AROAEXAMPLE:s"), awsapi.Ptr("arn:aws:sts::000000000000:assumed-role/r/s")},
	}, nil
}

func newHandler(t testing.TB, b *backend) *awsapi.Handler {
	t.Helper()
	h, err := awsapi.NewHandler(awsapi.Config{
		Services: b.services(), Credentials: b, Authorizer: b, Audit: b, Region: "us-east-1", Account: "000000000000",
		Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// A request is built, signed for service unless that is empty, and served.
type request struct {
	method, url, body, service string
	header                     map[string]string
}

func (q request) build(t testing.TB) *http.Request {
	t.Helper()
	if q.method == "" {
		q.method = "POST"
	}
	r := httptest.NewRequest(q.method, q.url, strings.NewReader(q.body))
	for k, v := range q.header {
		r.Header.Set(k, v)
	}
	if q.service != "" {
		sum := sha256.Sum256([]byte(q.body))
		c := aws.Credentials{AccessKeyID: keyID, SecretAccessKey: secret}
		if err := v4.NewSigner().SignHTTP(context.Background(), c, r, hex.EncodeToString(sum[:]), q.service, "eu-west-3", now); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func (q request) serve(t testing.TB, b *backend) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	newHandler(t, b).ServeHTTP(w, q.build(t))
	return w
}

func target(op string) map[string]string {
	return map[string]string{"X-Amz-Target": op, "Content-Type": "application/x-amz-json-1.1"}
}

var (
	formType = map[string]string{"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
	getUser  = request{url: "/", service: "cognito-idp", header: target("AWSCognitoIdentityProviderService.AdminGetUser"),
		body: `{"UserPoolId":"us-east-1_Demo00001","Username":"alice"}`}
	identity = request{url: "/", service: "sts", header: formType, body: "Action=GetCallerIdentity&Version=2011-06-15"}
	datasets = request{method: "GET", url: "/identitypools/us-east-1%3A0a/identities/us-east-1:ff/datasets?maxResults=3", service: "cognito-sync"}
)

func (q request) with(change func(*request)) request {
	q.header = map[string]string{}
	change(&q)
	return q
}

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

func TestRefusals(t *testing.T) {
	denied := &awsapi.Error{Status: 403, Code: "AccessDenied", Message: "no"}
	garbled := func(q *request) { q.service, q.header["Authorization"] = "", "AWS4-HMAC-SHA256 x" }
	scope := func(q *request) { q.service = "s3" }
	for _, tt := range []struct {
		name   string
		change func(*request)
		b      backend
		codes  [3]string // JSON 400, query 403, REST 403
	}{
		{"unsigned", func(q *request) { q.service = "" }, backend{},
			[3]string{"MissingAuthenticationTokenException", "MissingAuthenticationToken", "MissingAuthenticationTokenException"}},
		{"garbled", garbled, backend{}, [3]string{"IncompleteSignatureException", "IncompleteSignature", "IncompleteSignatureException"}},
		{"scope", scope, backend{}, [3]string{"InvalidSignatureException", "SignatureDoesNotMatch", "InvalidSignatureException"}},
		{"unknown key", func(*request) {}, backend{session: "x"},
			[3]string{"UnrecognizedClientException", "InvalidClientTokenId", "UnrecognizedClientException"}},
		{"denied", func(*request) {}, backend{denied: denied}, [3]string{"AccessDeniedException", "", "NotAuthorizedException"}},
	} {
		for i, q := range []request{getUser, identity, datasets} {
			h := map[string]string{}
			for k, v := range q.header {
				h[k] = v
			}
			q.header = h
			tt.change(&q)
			b := tt.b
			w := q.serve(t, &b)
			code, message := errorOf(w)
			status := [3]int{400, 403, 403}[i]
			if tt.codes[i] == "" { // GetCallerIdentity can't be denied
				status = 200
			}
			if w.Code != status || code != tt.codes[i] || status != 200 && message == "" {
				t.Errorf("%s, %s: %d %s %q", tt.name, q.url, w.Code, code, message)
			}
		}
	}
}

func TestDispatch(t *testing.T) {
	for _, tt := range []struct {
		name   string
		q      request
		status int
		code   string
	}{
		{"modelled, not written", request{url: "/", header: target("AWSCognitoIdentityProviderService.CreateUserPool"), body: "junk"}, 501, "NotImplementedException"},
		{"service without operations", request{url: "/", header: target("CertificateManager.ListCertificates")}, 501, "NotImplementedException"},
		{"query, not written", request{url: "/", header: formType, body: "Action=ListUsers&Version=2010-05-08"}, 501, "NotImplementedException"},
		{"query without version", request{url: "/", header: formType, body: "Action=ListUsers"}, 501, "NotImplementedException"},
		{"REST, not written", request{method: "GET", url: "/identitypools"}, 501, "NotImplementedException"},
		{"unknown operation", request{url: "/", header: target("AWSCognitoIdentityProviderService.Nope")}, 400, "UnknownOperationException"},
		{"unknown service", request{url: "/", header: target("Nope.Nope")}, 400, "UnknownOperationException"},
		{"no dot", request{url: "/", header: target("Nope")}, 400, "UnknownOperationException"},
		{"operation of another service", request{url: "/", header: target("AWSCognitoIdentityService.AdminGetUser")}, 400, "UnknownOperationException"},
		{"target by GET", request{method: "GET", url: "/", header: target("AWSCognitoIdentityProviderService.GetUser")}, 400, "UnknownOperationException"},
		{"nothing", request{url: "/"}, 400, "UnknownOperationException"},
		{"form without action", request{url: "/", header: formType, body: "a=b"}, 400, "MissingAction"},
		{"unknown action", request{url: "/", header: formType, body: "Action=Nope&Version=2010-05-08"}, 400, "InvalidAction"},
		{"unknown version", request{url: "/", header: formType, body: "Action=GetCallerIdentity&Version=2000-01-01"}, 400, "InvalidAction"},
		{"action of another service", request{url: "/", header: formType, body: "Action=AssumeRole&Version=2010-05-08"}, 400, "InvalidAction"},
		{"broken form", request{url: "/", header: formType, body: "Action=%zz"}, 400, "MalformedInput"},
		{"REST path", request{method: "GET", url: "/identitypools/a/b/c"}, 404, "UnknownOperationException"},
		{"REST empty label", request{method: "GET", url: "/identitypools//identities/b/datasets"}, 404, "UnknownOperationException"},
		{"REST method", request{method: "PUT", url: "/identitypools/a"}, 404, "UnknownOperationException"},
		{"REST dots are no parent", request{method: "GET", url: "/identitypools/a/../a"}, 404, "UnknownOperationException"},
		{"token operation needs no signature", request{url: "/", header: target("AWSCognitoIdentityProviderService.GetUser"), body: `{"AccessToken":"abc"}`}, 200, ""},
		{"token operation ignores a signature", request{url: "/", service: "s3", header: target("AWSCognitoIdentityProviderService.GetUser"), body: `{"AccessToken":"abc"}`}, 200, ""},
		{"JSON syntax", getUser.with(func(q *request) { q.header, q.body = getUser.header, `{` }), 400, "SerializationException"},
		{"JSON too large", request{url: "/", header: target("AWSCognitoIdentityProviderService.GetUser"), body: strings.Repeat(" ", 1<<20+1)}, 413, "RequestEntityTooLargeException"},
		{"form too large", request{url: "/", header: formType, body: "Action=ListUsers&x=" + strings.Repeat("a", 1<<20)}, 413, "RequestEntityTooLarge"},
		{"a large form of STS is read", request{url: "/", header: formType, body: "Action=AssumeRole&Version=2011-06-15&x=" + strings.Repeat("a", 1<<20)}, 403, "MissingAuthenticationToken"},
		{"larger than any", request{url: "/", header: formType, body: "Action=AssumeRole&Version=2011-06-15&x=" + strings.Repeat("a", 10_000_000)}, 413, "RequestEntityTooLarge"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := tt.q.serve(t, &backend{})
			if code, _ := errorOf(w); w.Code != tt.status || code != tt.code {
				t.Errorf("got %d %q, want %d %q: %.200s", w.Code, code, tt.status, tt.code, w.Body)
			}
			if w.Header().Get("Access-Control-Allow-Origin") != "*" || w.Header().Get("X-Amzn-Requestid") == "" {
				t.Error("headers are missing")
			}
		})
	}
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

func TestFailuresTellNothing(t *testing.T) {
	for _, b := range []*backend{{fail: errOops}, {panics: true}, {denied: errOops}} {
		w := getUser.serve(t, b)
		code, message := errorOf(w)
		if w.Code != 500 || code != "InternalErrorException" || strings.Contains(w.Body.String(), "secret things") ||
			!strings.Contains(message, w.Header().Get("X-Amzn-Requestid")) {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		if len(b.events) != 1 || b.events[0].Status != 500 {
			t.Errorf("recorded %+v", b.events)
		}
	}
}

// An operation that asks the authorizer itself answers like the layer.
func TestRefusalFromAnOperation(t *testing.T) {
	w := getUser.serve(t, &backend{fail: &awsapi.Error{Status: 403, Code: "AccessDenied", Message: "no"}})
	if code, _ := errorOf(w); w.Code != 400 || code != "AccessDeniedException" {
		t.Errorf("%d %s", w.Code, code)
	}
}

func TestAudit(t *testing.T) {
	b := &backend{fail: fmt.Errorf("looking: %w", errNotThere)}
	getUser.serve(t, b)
	if len(b.events) != 1 {
		t.Fatalf("%d events", len(b.events))
	}
	e := b.events[0]
	want := map[string]any{"userPoolId": "us-east-1_Demo00001"} // the model calls Username sensitive
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

func FuzzREST(f *testing.F) {
	h := newHandler(f, &backend{})
	f.Add("GET", "/identitypools/us-east-1%3A0a/identities/us-east-1:ff/datasets?maxResults=3", "")
	f.Add("POST", "/identitypools/a/identities/b/datasets/..%2f", `{"SyncSessionToken":"x"}`)
	f.Add("DELETE", "/identitypools/%ff/identities/%00/datasets/x", "{")
	f.Fuzz(func(t *testing.T, method, url, body string) {
		r, err := http.NewRequest(method, "http://example.com"+url, strings.NewReader(body))
		if err != nil || r.Method == "OPTIONS" || r.Method == "CONNECT" {
			return
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code == 500 {
			t.Fatalf("%s %s: %s", method, url, w.Body)
		}
	})
}

func BenchmarkGetCallerIdentity(b *testing.B) {
	back := &backend{}
	h, err := awsapi.NewHandler(awsapi.Config{Services: back.services(), Credentials: back, Authorizer: back,
		Now: func() time.Time { return now }})
	if err != nil {
		b.Fatal(err)
	}
	r := identity.build(b)
	body, _ := io.ReadAll(r.Body)
	b.ReportAllocs()
	for b.Loop() {
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != 200 {
			b.Fatal(w.Body)
		}
	}
}

func BenchmarkNewHandler(b *testing.B) {
	back := &backend{}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := awsapi.NewHandler(awsapi.Config{Services: back.services(), Credentials: back, Authorizer: back}); err != nil {
			b.Fatal(err)
		}
	}
}
