// Package awsjs_test runs the AWS SDK for JavaScript v3 against the binary.
package awsjs_test

import (
	"testing"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

func TestAWSSDKForJavaScript(t *testing.T) {
	harness.EachProfile(t, func(t *testing.T, s *harness.Server) {
		env := s.Fixture(t).Env()
		harness.Node(t, "awsjs/idp.test.js", env...)
		harness.Node(t, "awsjs/credentials.test.js", env...)
		harness.Node(t, "awsjs/mfa.test.js", append(env, "POOLHOUSE_MAIL_DIR="+s.MailDir())...)
	})
}
