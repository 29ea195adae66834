package cli_test

import (
	"testing"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

func TestBoto3Credentials(t *testing.T) {
	harness.EachProfile(t, func(t *testing.T, s *harness.Server) {
		harness.Python(t, "cli/credentials.py", s.Env()...)
	})
}
