package awsgo_test

import (
	"errors"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// A lossy transport loses the first answer to each operation, after it was served.
type lossy struct {
	base http.RoundTripper
	lost atomic.Int64
}

func (l *lossy) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := l.base.RoundTrip(r)
	if err != nil || l.lost.Load() > 0 {
		return resp, err
	}
	l.lost.Add(1)
	resp.Body.Close()
	return nil, &lostAnswer{}
}

type lostAnswer struct{}

func (*lostAnswer) Error() string   { return "connection reset by peer" }
func (*lostAnswer) Temporary() bool { return true }
func (*lostAnswer) Timeout() bool   { return true }

// TestLostAnswers: what the SDK tries again because the answer was lost was made once,
// and the SDK gets the answer that it missed.
func TestLostAnswers(t *testing.T) {
	harness.EachProfile(t, func(t *testing.T, s *harness.Server) {
		transport := &lossy{base: http.DefaultTransport}
		conf := aws.Config{Region: harness.Region, BaseEndpoint: aws.String(s.URL), HTTPClient: &http.Client{Transport: transport},
			Credentials: credentials.NewStaticCredentialsProvider(s.AccessKeyID, s.SecretAccessKey, "")}
		users, root := idp.NewFromConfig(conf), s.Root()
		made, err := users.CreateUserPool(t.Context(), &idp.CreateUserPoolInput{PoolName: aws.String("once")})
		must(t, err)
		pools, err := root.IDP.ListUserPools(t.Context(), &idp.ListUserPoolsInput{MaxResults: aws.Int32(60)})
		must(t, err)
		if transport.lost.Load() != 1 || len(pools.UserPools) != 1 || *pools.UserPools[0].Id != *made.UserPool.Id {
			t.Errorf("%d answers lost, %d pools", transport.lost.Load(), len(pools.UserPools))
		}
		_, err = root.IAM.CreateUser(t.Context(), &iam.CreateUserInput{UserName: aws.String("ci")})
		must(t, err)
		transport.lost.Store(0)
		key, err := iam.NewFromConfig(conf).CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: aws.String("ci")})
		must(t, err)
		keys, err := root.IAM.ListAccessKeys(t.Context(), &iam.ListAccessKeysInput{UserName: aws.String("ci")})
		must(t, err)
		if len(keys.AccessKeyMetadata) != 1 || *keys.AccessKeyMetadata[0].AccessKeyId != *key.AccessKey.AccessKeyId {
			t.Errorf("%d keys", len(keys.AccessKeyMetadata))
		}
		who := s.As(*key.AccessKey.AccessKeyId, *key.AccessKey.SecretAccessKey, "")
		if _, err := who.IAM.ListUsers(t.Context(), &iam.ListUsersInput{}); !errors.As(err, new(interface{ ErrorCode() string })) || harness.Code(err) != "AccessDenied" {
			t.Errorf("the key of the second attempt: %v", err)
		}
	})
}
