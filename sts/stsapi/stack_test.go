package stsapi_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/internal/ephemeral/ephemeraltest"
	"github.com/poolhouse/poolhouse/internal/keyring/keyringtest"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/sts"
	"github.com/poolhouse/poolhouse/sts/iamapi"
	"github.com/poolhouse/poolhouse/sts/stsapi"
)

const (
	account = "000000000000"
	trust   = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"000000000000"},"Action":"sts:*"}}`
)

// A stack is both services behind the wire layer, on a listening socket.
type stack struct {
	t   *testing.T
	url string
	sts *sts.Service
	now time.Time
}

func newStack(t *testing.T) *stack {
	s := &stack{t: t, now: time.Now().UTC()}
	clock := func() time.Time { return s.now }
	ring := keyringtest.New(t)
	s.sts = &sts.Service{Store: sqlstoretest.SQLite(t, clock).STS(ring), Ephemeral: ephemeraltest.New(clock), Keys: ring,
		SAML: stsapi.SAML{}, Now: clock, Log: slog.New(slog.DiscardHandler), Region: "us-east-1", Account: account,
		PublicURL: "http://127.0.0.1", RootAccessKeyID: "AKIAROOTROOTROOTROOT", RootSecretAccessKey: "root-secret"}
	access := &stsapi.Access{Service: s.sts}
	h, err := awsapi.NewHandler(awsapi.Config{Region: "us-east-1", Account: account, Now: time.Now, Log: s.sts.Log,
		Credentials: access, Authorizer: access,
		Services: []awsapi.Service{(&stsapi.API{STS: s.sts}).Service(), (&iamapi.API{STS: s.sts}).Service()}})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func (s *stack) config(id, secret, token string) aws.Config {
	return aws.Config{Region: "us-east-1", BaseEndpoint: &s.url, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(id, secret, token)}
}

func (s *stack) root() aws.Config { return s.config("AKIAROOTROOTROOTROOT", "root-secret", "") }

func wantCode(t *testing.T, err error, status int, code, text string) {
	t.Helper()
	var api smithy.APIError
	var res *smithyhttp.ResponseError
	if !errors.As(err, &api) || !errors.As(err, &res) {
		t.Errorf("got %v", err)
		return
	}
	got, sealed, denied := strings.Cut(api.ErrorMessage(), " Encoded authorization failure message: ")
	if api.ErrorCode() != code || res.HTTPStatusCode() != status || got != text {
		t.Errorf("got %d %s %q, want %d %s %q", res.HTTPStatusCode(), api.ErrorCode(), got, status, code, text)
	}
	if denied != (code == "AccessDenied") || denied && len(sealed) < 1000 {
		t.Errorf("%s: sealed message %q", code, sealed)
	}
}

func TestTables(t *testing.T) {
	for _, s := range []awsapi.Service{(&stsapi.API{}).Service(), (&iamapi.API{STS: &sts.Service{}}).Service()} {
		if err := awsapi.CheckErrors(s); err != nil {
			t.Error(err)
		}
		if err := awsapi.CheckOps(s); err != nil {
			t.Error(err)
		}
	}
}

// A user with a key assumes a role, and is what the role may do.
func TestUserToRoleBySDK(t *testing.T) {
	s, ctx := newStack(t), context.Background()
	admin := iam.NewFromConfig(s.root())
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := admin.CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("ann")})
	must(err)
	key, err := admin.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: aws.String("ann")})
	must(err)
	role, err := admin.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("dev"), Path: aws.String("/team/"), AssumeRolePolicyDocument: aws.String(trust)})
	must(err)
	_, err = admin.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: aws.String("dev"), PolicyName: aws.String("p"),
		PolicyDocument: aws.String(`{"Statement":{"Effect":"Allow","Action":"iam:GetRole","Resource":"arn:aws:iam::000000000000:role/team/*"}}`)})
	must(err)

	ann := s.config(*key.AccessKey.AccessKeyId, *key.AccessKey.SecretAccessKey, "")
	assume := &awssts.AssumeRoleInput{RoleArn: role.Role.Arn, RoleSessionName: aws.String("ann"),
		Tags: []ststypes.Tag{{Key: aws.String("team"), Value: aws.String("blue")}}}
	_, err = awssts.NewFromConfig(ann).AssumeRole(ctx, assume)
	wantCode(t, err, 403, "AccessDenied", "User: arn:aws:iam::000000000000:user/ann is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::000000000000:role/team/dev")
	_, err = admin.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: aws.String("ann"), PolicyName: aws.String("p"),
		PolicyDocument: aws.String(`{"Statement":{"Effect":"Allow","Action":["sts:AssumeRole","sts:TagSession"],"Resource":"*"}}`)})
	must(err)
	got, err := awssts.NewFromConfig(ann).AssumeRole(ctx, assume)
	must(err)
	if *got.AssumedRoleUser.Arn != "arn:aws:sts::000000000000:assumed-role/dev/ann" {
		t.Errorf("got %+v", got)
	}

	c := got.Credentials
	session := s.config(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)
	who, err := awssts.NewFromConfig(session).GetCallerIdentity(ctx, nil)
	must(err)
	if *who.Arn != *got.AssumedRoleUser.Arn || *who.UserId != *got.AssumedRoleUser.AssumedRoleId || *who.Account != account {
		t.Errorf("got %s %s", *who.Arn, *who.UserId)
	}
	_, err = iam.NewFromConfig(session).GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("DEV")})
	must(err)
	_, err = iam.NewFromConfig(session).ListRoles(ctx, nil)
	wantCode(t, err, 403, "AccessDenied", "User: arn:aws:sts::000000000000:assumed-role/dev/ann is not authorized to perform: iam:ListRoles on resource: * because no identity-based policy allows the iam:ListRoles action")

	s.now = s.now.Add(time.Hour)
	_, err = awssts.NewFromConfig(session).GetCallerIdentity(ctx, nil)
	wantCode(t, err, 403, "ExpiredToken", "The security token included in the request is expired")
}

func TestRefusedCredentialsBySDK(t *testing.T) {
	s, ctx := newStack(t), context.Background()
	got, err := awssts.NewFromConfig(s.root()).GetSessionToken(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	c := got.Credentials
	const invalid = "The security token included in the request is invalid."
	for name, cfg := range map[string]aws.Config{
		"no token":       s.config(*c.AccessKeyId, *c.SecretAccessKey, ""),
		"altered token":  s.config(*c.AccessKeyId, *c.SecretAccessKey, "B"+(*c.SessionToken)[1:]),
		"another key id": s.config("ASIAAAAAAAAAAAAAAAAA", *c.SecretAccessKey, *c.SessionToken),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := awssts.NewFromConfig(cfg).GetCallerIdentity(ctx, nil)
			wantCode(t, err, 403, "InvalidClientTokenId", invalid)
		})
	}
	_, err = awssts.NewFromConfig(s.config(*c.AccessKeyId, "another secret", *c.SessionToken)).GetCallerIdentity(ctx, nil)
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != "SignatureDoesNotMatch" {
		t.Errorf("wrong secret: %v", err)
	}
}

func TestPublicOperationsBySDK(t *testing.T) {
	s, ctx := newStack(t), context.Background()
	client := awssts.NewFromConfig(aws.Config{Region: "us-east-1", BaseEndpoint: &s.url, RetryMaxAttempts: 1, Credentials: aws.AnonymousCredentials{}})
	_, err := client.AssumeRoleWithWebIdentity(ctx, &awssts.AssumeRoleWithWebIdentityInput{RoleArn: aws.String("arn:aws:iam::000000000000:role/x"),
		RoleSessionName: aws.String("app"), WebIdentityToken: aws.String("abcd")})
	wantCode(t, err, 400, "InvalidIdentityToken", "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
	_, err = client.AssumeRoleWithSAML(ctx, &awssts.AssumeRoleWithSAMLInput{RoleArn: aws.String("arn:aws:iam::000000000000:role/x"),
		PrincipalArn: aws.String("arn:aws:iam::000000000000:saml-provider/x"), SAMLAssertion: aws.String("abcd")})
	wantCode(t, err, 400, "InvalidIdentityToken", "Specified provider doesn't exist")
}

// A user that is denied something for itself cannot get it by leaving its name out.
func TestOwnNameIsTheResource(t *testing.T) {
	s, ctx := newStack(t), context.Background()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(s.sts.CreateUser(ctx, &sts.User{Name: "ann"}))
	must(s.sts.PutUserPolicy(ctx, "ann", "p", `{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},`+
		`{"Effect":"Deny","Action":"iam:CreateAccessKey","Resource":"arn:aws:iam::*:user/ann"}]}`))
	key, err := s.sts.CreateAccessKey(ctx, "ann")
	must(err)
	ann := iam.NewFromConfig(s.config(key.ID, key.Secret, ""))
	for _, name := range []*string{nil, aws.String("ann"), aws.String("ANN")} {
		_, err := ann.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: name})
		wantCode(t, err, 403, "AccessDenied", "User: arn:aws:iam::000000000000:user/ann is not authorized to perform: iam:CreateAccessKey on resource: arn:aws:iam::000000000000:user/ann with an explicit deny in an identity-based policy")
	}
	if _, err := ann.GetUser(ctx, nil); err != nil {
		t.Error(err)
	}
}

// A policy about federated users of the account is asked about the account's.
func TestFederationIsAuthorisedByName(t *testing.T) {
	s, ctx := newStack(t), context.Background()
	if err := s.sts.CreateUser(ctx, &sts.User{Name: "ann"}); err != nil {
		t.Fatal(err)
	}
	if err := s.sts.PutUserPolicy(ctx, "ann", "p", `{"Statement":{"Effect":"Allow","Action":"sts:*","Resource":"arn:aws:sts::000000000000:federated-user/guest"}}`); err != nil {
		t.Fatal(err)
	}
	key, err := s.sts.CreateAccessKey(ctx, "ann")
	if err != nil {
		t.Fatal(err)
	}
	ann := awssts.NewFromConfig(s.config(key.ID, key.Secret, ""))
	if _, err := ann.GetFederationToken(ctx, &awssts.GetFederationTokenInput{Name: aws.String("guest")}); err != nil {
		t.Error(err)
	}
	_, err = ann.GetFederationToken(ctx, &awssts.GetFederationTokenInput{Name: aws.String("other")})
	wantCode(t, err, 403, "AccessDenied", "User: arn:aws:iam::000000000000:user/ann is not authorized to perform: sts:GetFederationToken on resource: arn:aws:sts::000000000000:federated-user/other because no identity-based policy allows the sts:GetFederationToken action")
}

// Power over IAM that a policy holds back by condition keys stays held back.
func TestDelegatedAdministration(t *testing.T) {
	s, ctx := newStack(t), context.Background()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	const admin, readOnly = "arn:aws:iam::aws:policy/AdministratorAccess", "arn:aws:iam::aws:policy/AmazonCognitoReadOnly"
	must(s.sts.CreateUser(ctx, &sts.User{Name: "ann"}))
	must(s.sts.CreateUser(ctx, &sts.User{Name: "boss", Tags: []sts.Tag{{Key: "rank", Value: "high"}}}))
	must(s.sts.PutUserPolicy(ctx, "ann", "p", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:*","Resource":"*"},`+
		`{"Effect":"Deny","Action":"iam:Attach*","Resource":"*","Condition":{"ArnEquals":{"iam:PolicyARN":"`+admin+`"}}},`+
		`{"Effect":"Deny","Action":["iam:TagUser","iam:UntagUser"],"Resource":"*","Condition":{"ForAnyValue:StringEquals":{"aws:TagKeys":"rank"}}},`+
		`{"Effect":"Deny","Action":"iam:*","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/rank":"high"}}},`+
		`{"Effect":"Deny","Action":"iam:CreateUser","Resource":"*","Condition":{"StringNotEquals":{"iam:PermissionsBoundary":"`+readOnly+`"}}}]}`))
	key, err := s.sts.CreateAccessKey(ctx, "ann")
	must(err)
	ann := iam.NewFromConfig(s.config(key.ID, key.Secret, ""))
	refused := func(what string, err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), "explicit deny") {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, err = ann.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{UserName: aws.String("ann"), PolicyArn: aws.String(admin)})
	refused("attach", err)
	_, err = ann.TagUser(ctx, &iam.TagUserInput{UserName: aws.String("ann"), Tags: []iamtypes.Tag{{Key: aws.String("Rank"), Value: aws.String("x")}, {Key: aws.String("rank"), Value: aws.String("x")}}})
	refused("tag", err)
	_, err = ann.UntagUser(ctx, &iam.UntagUserInput{UserName: aws.String("ann"), TagKeys: []string{"rank"}})
	refused("untag", err)
	_, err = ann.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: aws.String("boss")})
	refused("a key of the boss", err)
	_, err = ann.CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("free")})
	refused("a user without boundary", err)
	_, err = ann.CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("bound"), PermissionsBoundary: aws.String(readOnly)})
	must(err)
	_, err = ann.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{UserName: aws.String("ann"), PolicyArn: aws.String(readOnly)})
	must(err)
}
