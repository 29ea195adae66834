// Package cli_test runs boto3 against the binary.
package cli_test

import (
	"testing"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

func TestBoto3(t *testing.T) {
	harness.EachProfile(t, func(t *testing.T, s *harness.Server) {
		harness.Python(t, "cli/sts.py", s.Fixture(t).Env()...)
	})
}

func TestBoto3IAM(t *testing.T) {
	harness.EachProfile(t, func(t *testing.T, s *harness.Server) { harness.Python(t, "cli/iam.py", s.Env()...) })
}
