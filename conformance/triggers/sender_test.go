package triggers_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

const (
	sender    = "arn:aws:lambda:us-east-1:000000000000:function:sender"
	senderKey = "arn:aws:kms:us-east-1:000000000000:key/codes-of-the-pool"
)

// TestCustomSender: what the function of a custom sender receives opens with the AWS
// Encryption SDK, by an access key that may use that key for that pool alone, and
// is the code.
func TestCustomSender(t *testing.T) {
	events := make(chan string, 1)
	invoked := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Header.Get("X-Amz-Invocation-Type") != "Event" || r.URL.Path != "/2015-03-31/functions/sender/invocations" {
			t.Errorf("%s %v: %v", r.URL, r.Header, err)
		}
		w.WriteHeader(http.StatusAccepted)
		events <- string(body)
	}))
	defer invoked.Close()
	s := harness.Start(t, harness.Embedded, harness.Args("--lambda-endpoint", invoked.URL, "--allow-private-triggers"))
	stage := newStage(t, s, &types.LambdaConfigType{KMSKeyID: aws.String(senderKey),
		CustomEmailSender: &types.CustomEmailLambdaVersionConfigType{LambdaArn: aws.String(sender), LambdaVersion: types.CustomEmailSenderLambdaVersionTypeV10}})
	_, err := stage.signUp(t, "ana", "", map[string]string{"lang": "de"})
	must(t, err)
	harness.Python(t, "triggers/sender.py", append(s.Env(), "POOLHOUSE_EVENT="+<-events, "POOLHOUSE_KEY="+senderKey,
		"POOLHOUSE_POOL="+stage.pool, "POOLHOUSE_CLIENT="+stage.client)...)
	u, err := s.Root().IDP.AdminGetUser(t.Context(), &idp.AdminGetUserInput{UserPoolId: &stage.pool, Username: aws.String("ana")})
	must(t, err)
	if u.UserStatus != types.UserStatusTypeConfirmed {
		t.Errorf("the user is %s", u.UserStatus)
	}
}
