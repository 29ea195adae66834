package harness

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

// AWS holds clients of the AWS SDK for Go for one server and one credential.
type AWS struct {
	IDP      *cognitoidentityprovider.Client
	Identity *cognitoidentity.Client
	IAM      *iam.Client
	STS      *sts.Client
	Trail    *cloudtrail.Client
}

// Root returns clients that sign with the account's root key.
func (s *Server) Root() *AWS { return s.As(s.AccessKeyID, s.SecretAccessKey, "") }

// As returns clients that sign with a credential of the caller's choice.
func (s *Server) As(accessKeyID, secret, sessionToken string) *AWS {
	return s.with(credentials.NewStaticCredentialsProvider(accessKeyID, secret, sessionToken))
}

// Anonymous returns clients that don't sign.
func (s *Server) Anonymous() *AWS { return s.with(aws.AnonymousCredentials{}) }

// with leaves the SDK's retries on, as apps do: the SDK closes its request body
// when an answer begins, and a server that answers before the transport has
// looked at the end of that body is then cut off in the middle of a long answer. What
// such an attempt has created is not created again by the next.
func (s *Server) with(p aws.CredentialsProvider) *AWS {
	conf := aws.Config{Region: Region, Credentials: p, BaseEndpoint: aws.String(s.URL), HTTPClient: s.HTTP}
	s.Ledger.watch(&conf)
	return &AWS{
		IDP:      cognitoidentityprovider.NewFromConfig(conf),
		Identity: cognitoidentity.NewFromConfig(conf),
		IAM:      iam.NewFromConfig(conf),
		STS:      sts.NewFromConfig(conf),
		Trail:    cloudtrail.NewFromConfig(conf),
	}
}

// Code returns the error code that an SDK call failed with; empty where err is
// nil or not an answer of the server.
func Code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// WantCode fails the test unless err has that code and, where text is given,
// that message.
func WantCode(t testing.TB, err error, code, text string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != code || text != "" && api.ErrorMessage() != text {
		t.Fatalf("error %v, want %s %q", err, code, text)
	}
	Wanted(err)
}
