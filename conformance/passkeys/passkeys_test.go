// Package passkeys_test makes and uses passkeys with Chromium's virtual authenticator.
package passkeys_test

import (
	"os/exec"
	"testing"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

func TestChromium(t *testing.T) {
	path, err := exec.LookPath("chromium")
	if err != nil {
		harness.Missing(t, "chromium is not installed")
	}
	harness.EachProfile(t, func(t *testing.T, s *harness.Server) {
		harness.Node(t, "passkeys/passkeys.test.js", append(s.Fixture(t).Env(), "POOLHOUSE_TEST_CHROMIUM="+path)...)
	}, harness.AtLocalhost())
}
