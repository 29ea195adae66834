// Package amplify_test runs aws-amplify's Auth against the binary.
package amplify_test

import (
	"testing"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

func TestAmplifyAuth(t *testing.T) {
	harness.EachProfile(t, func(t *testing.T, s *harness.Server) {
		harness.Node(t, "amplify/auth.test.js", append(s.Env(), "POOLHOUSE_MAIL_DIR="+s.MailDir())...)
	})
}
