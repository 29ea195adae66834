// Package browser_test signs in with Chromium.
package browser_test

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
		env := append(s.Fixture(t).Env(), "POOLHOUSE_TEST_CHROMIUM="+path)
		for _, file := range []string{"browser/signin.test.js", "browser/spa.test.js"} {
			harness.Node(t, file, env...)
		}
	})
}
