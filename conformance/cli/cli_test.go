// Package cli_test runs boto3 against the binary.
package cli_test

import (
	"testing"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// run runs a script with the root key, on each storage profile.
func run(t *testing.T, script string) {
	harness.EachProfile(t, func(t *testing.T, s *harness.Server) { harness.Python(t, "cli/"+script, s.Env()...) })
}

// runFixture is run for a script that signs users in.
func runFixture(t *testing.T, script string) {
	harness.EachProfile(t, func(t *testing.T, s *harness.Server) { harness.Python(t, "cli/"+script, s.Fixture(t).Env()...) })
}

func TestBoto3(t *testing.T)              { runFixture(t, "sts.py") }
func TestBoto3IdentityPools(t *testing.T) { runFixture(t, "identity.py") }
func TestBoto3IAM(t *testing.T)           { run(t, "iam.py") }
func TestBoto3CloudTrail(t *testing.T)    { run(t, "cloudtrail.py") }
func TestBoto3Credentials(t *testing.T)   { run(t, "credentials.py") }
func TestBoto3Policies(t *testing.T)      { run(t, "policy.py") }
