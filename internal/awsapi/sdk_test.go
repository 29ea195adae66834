package awsapi_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	idptypes "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/poolhouse/poolhouse/internal/awsapi"
)

// sdk serves b on a real connection and returns the configuration of a client.
func sdk(t *testing.T, b *backend) aws.Config {
	t.Helper()
	h, err := awsapi.NewHandler(awsapi.Config{Services: b.services(), Credentials: b, Authorizer: b, Region: "us-east-1"})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String(srv.URL), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(keyID, secret, ""),
	}
}

func TestSDKClients(t *testing.T) {
	ctx, b := context.Background(), &backend{}
	cfg := sdk(t, b)
	pools, tokens := cognitoidentityprovider.NewFromConfig(cfg), sts.NewFromConfig(cfg)

	who, err := tokens.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil || *who.Arn != "arn:aws:iam::000000000000:root" {
		t.Errorf("GetCallerIdentity: %+v, %v", who, err)
	}
	role, err := tokens.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::000000000000:role/r"),
		RoleSessionName: aws.String("sess"), TransitiveTagKeys: []string{}})
	if err != nil || *role.Credentials.SessionToken != "t<&>" || *role.AssumedRoleUser.AssumedRoleId != "AROAEXAMPLE:s" {
		t.Errorf("AssumeRole: %+v, %v", role, err)
	}
	get := &cognitoidentityprovider.AdminGetUserInput{UserPoolId: aws.String("us-east-1_Demo00001"), Username: aws.String("alice")}
	user, err := pools.AdminGetUser(ctx, get)
	if err != nil || !user.UserCreateDate.Equal(now) || !user.Enabled {
		t.Errorf("AdminGetUser: %+v, %v", user, err)
	}

	b.fail = errNotThere
	_, err = pools.AdminGetUser(ctx, get)
	var missing *idptypes.UserNotFoundException
	if !errors.As(err, &missing) {
		t.Errorf("a typed error is lost: %v", err)
	}
	_, err = tokens.GetSessionToken(ctx, &sts.GetSessionTokenInput{})
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != "NotImplementedException" {
		t.Errorf("GetSessionToken: %v", err)
	}
}
