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

// TestAccessibility walks over every page with axe-core, by keyboard, without
// JavaScript and with passkeys.
// TestLeaving holds the scripts of a sign-out to when they leave.
func TestLeaving(t *testing.T) {
	path, err := exec.LookPath("chromium")
	if err != nil {
		harness.Missing(t, "chromium is not installed")
	}
	harness.Node(t, "browser/leaving.test.js", "POOLHOUSE_TEST_CHROMIUM="+path)
}

func TestAccessibility(t *testing.T) {
	path, err := exec.LookPath("chromium")
	if err != nil {
		harness.Missing(t, "chromium is not installed")
	}
	functions := harness.FreeAddress(t) // where the test's functions listen
	s := harness.Start(t, harness.Embedded, harness.AtLocalhost(), harness.Args("--allow-private-triggers", "--lambda-endpoint", "http://"+functions))
	harness.Node(t, "browser/accessibility.test.js", append(s.Env(), "POOLHOUSE_TEST_CHROMIUM="+path, "POOLHOUSE_LAMBDA="+functions, "POOLHOUSE_MAIL_DIR="+s.MailDir())...)
}
