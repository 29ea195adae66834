package cli_test

import (
	"testing"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

func TestBoto3IdentityPools(t *testing.T) {
	harness.EachProfile(t, func(t *testing.T, s *harness.Server) {
		harness.Python(t, "cli/identity.py", s.Fixture(t).Env()...)
	})
}
