// Package awsjs_test runs the AWS SDK for JavaScript v3 against the binary.
package awsjs_test

import (
	"path/filepath"
	"testing"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// userPools are the files that test the user pool operations. What their clients
// received is written down; coverage.test.js then says whether it was everything.
var userPools = []string{"every", "pools", "appclients", "users", "groups", "signup", "profile", "signin", "mfa", "choice", "devices", "passkeys", "providers", "imports", "branding", "triggers", "delivery", "threats", "logs", "throttled", "coverage"}

// leaked is a password that the server knows from a breach.
const leaked = "Leaked-horse-1"

func TestAWSSDKForJavaScript(t *testing.T) {
	list := harness.BreachList(t, leaked)
	functions := harness.FreeAddress(t) // where triggers.test.js listens
	logs := t.TempDir()
	harness.EachProfile(t, func(t *testing.T, s *harness.Server) {
		ledger := filepath.Join(t.TempDir(), "ledger")
		env := append(s.Fixture(t).Env(), "POOLHOUSE_LEAKED="+leaked, "POOLHOUSE_MAIL_DIR="+s.MailDir(), "POOLHOUSE_LEDGER="+ledger, "POOLHOUSE_LAMBDA="+functions, "POOLHOUSE_LOG_DIR="+logs)
		harness.Node(t, "awsjs/credentials.test.js", env...)
		harness.Node(t, "awsjs/limits.test.js", env...)
		for _, name := range userPools {
			harness.Node(t, "awsjs/"+name+".test.js", env...)
		}
	}, harness.Args("--lambda-endpoint", "http://"+functions, "--log-delivery-dir", logs, "--breach-filter", list))
}
