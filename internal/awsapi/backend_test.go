package awsapi_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"log/slog"
	"net/http"
	"net/http/httptest"
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
	intents []awsapi.Event
	fail    error
	panics  bool
	listed  datasetsIn
	session string
	arn     string // of the caller; empty for the root's
}

func (b *backend) Credential(_ context.Context, id, token string) (string, *awsapi.Caller, error) {
	if id != keyID || token != b.session {
		return "", nil, &awsapi.Error{Status: 403, Code: "InvalidClientTokenId", Message: "The security token included in the request is invalid."}
	}
	arn := "arn:aws:iam::000000000000:root"
	if b.arn != "" {
		arn = b.arn
	}
	return secret, &awsapi.Caller{AccountID: "000000000000", ARN: arn, UserID: "000000000000",
		Keys: map[string][]string{"aws:PrincipalArn": {"arn:aws:iam::000000000000:root"}}}, nil
}

func (b *backend) Authorize(_ context.Context, _ *awsapi.Caller, action, resource string, keys map[string][]string) error {
	b.action, b.where, b.keys = action, resource, keys
	return b.denied
}

func (b *backend) Intend(ctx context.Context, event func() awsapi.Event) context.Context {
	b.intents = append(b.intents, event())
	return ctx
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
	at                         time.Time // of the signature; now if zero
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
		at := now
		if !q.at.IsZero() {
			at = q.at
		}
		if err := v4.NewSigner().SignHTTP(context.Background(), c, r, hex.EncodeToString(sum[:]), q.service, "eu-west-3", at); err != nil {
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
