package server_test

import (
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsclient"
	"github.com/poolhouse/poolhouse/server"
	"github.com/poolhouse/poolhouse/server/servertest"
)

const idp = "AWSCognitoIdentityProviderService."

// A file that is put to the address of an import job becomes users, and its bad rows
// are told.
func TestUserImport(t *testing.T) {
	servertest.Each(t, func(t *testing.T, p servertest.Profile) {
		s := servertest.Start(t, p, servertest.Options{Edit: func(c *server.Config) { c.RateLimits = "off" }}) // it asks without a pause
		client := awsclient.New(s.URL(), "us-east-1")
		key := &awsclient.Key{AccessKeyID: servertest.RootAccessKeyID, SecretAccessKey: servertest.RootSecretAccessKey}
		call := func(target string, in, out any) {
			t.Helper()
			if err := client.JSON(t.Context(), target, in, out, key); err != nil {
				t.Fatal(err)
			}
		}
		var pool struct{ UserPool struct{ Id string } }
		call(idp+"CreateUserPool", map[string]any{"PoolName": "import", "AutoVerifiedAttributes": []string{"email"}}, &pool)
		id := pool.UserPool.Id
		type job struct {
			UserImportJob struct {
				JobId, PreSignedUrl, Status              string
				ImportedUsers, SkippedUsers, FailedUsers int
			}
		}
		var made job
		call(idp+"CreateUserImportJob", map[string]any{"UserPoolId": id, "JobName": "j", "CloudWatchLogsRoleArn": "arn:aws:iam::000000000000:role/logs"}, &made)
		put(t, made.UserImportJob.PreSignedUrl+"x", "cognito:username\n", http.StatusForbidden)
		put(t, made.UserImportJob.PreSignedUrl, "cognito:username,email,email_verified\nana,ana@example.com,true\nbo,,\n", http.StatusOK)
		call(idp+"StartUserImportJob", map[string]any{"UserPoolId": id, "JobId": made.UserImportJob.JobId}, new(job))
		var done job
		for deadline := time.Now().Add(20 * time.Second); done.UserImportJob.Status != "Succeeded"; runtime.Gosched() {
			call(idp+"DescribeUserImportJob", map[string]any{"UserPoolId": id, "JobId": made.UserImportJob.JobId}, &done)
			if time.Now().After(deadline) {
				t.Fatalf("%+v", done)
			}
		}
		if j := done.UserImportJob; j.ImportedUsers != 1 || j.FailedUsers != 1 || j.SkippedUsers != 0 || j.PreSignedUrl != "" {
			t.Errorf("%+v", j)
		}
		var failures struct {
			Failures []struct {
				Line             int
				Username, Reason string
			}
		}
		call("Poolhouse.ListUserImportFailures", map[string]any{"UserPoolId": id, "JobId": made.UserImportJob.JobId}, &failures)
		if len(failures.Failures) != 1 || failures.Failures[0].Line != 3 || failures.Failures[0].Username != "bo" {
			t.Errorf("%+v", failures)
		}
	})
}

func put(t *testing.T, address, file string, want int) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, address, strings.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("x-amz-server-side-encryption", "aws:kms")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if res.Body.Close(); res.StatusCode != want {
		t.Fatalf("status %d, want %d", res.StatusCode, want)
	}
}
