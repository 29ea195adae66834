package sync_test

import (
	"os/exec"
	"testing"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// TestLiveChanges follows datasets in a browser.
func TestLiveChanges(t *testing.T) {
	path, err := exec.LookPath("chromium")
	if err != nil {
		harness.Missing(t, "chromium is not installed")
	}
	harness.EachProfile(t, func(t *testing.T, s *harness.Server) {
		harness.Node(t, "sync/live.test.js", append(s.Fixture(t).Env(), "POOLHOUSE_TEST_CHROMIUM="+path)...)
	})
}
