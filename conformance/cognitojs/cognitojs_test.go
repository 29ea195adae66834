// Package cognitojs_test runs amazon-cognito-identity-js against the binary.
package cognitojs_test

import (
	"testing"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

func TestCognitoIdentityJS(t *testing.T) {
	harness.EachProfile(t, func(t *testing.T, s *harness.Server) {
		env := s.Fixture(t).Env()
		harness.Node(t, "cognitojs/auth.test.js", env...)
		harness.Node(t, "cognitojs/mfa.test.js", env...)
		harness.Node(t, "cognitojs/devices.test.js", env...)
		harness.Node(t, "cognitojs/account.test.js", append(env, "POOLHOUSE_MAIL_DIR="+s.MailDir())...)
	})
}
