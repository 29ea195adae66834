package harness

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"
)

// clientTimeout bounds a suite in another language.
const clientTimeout = 5 * time.Minute

var (
	nodePassed  = regexp.MustCompile(`(?m)^# pass (\d+)$`)
	nodeFigures = regexp.MustCompile(`(?m)^# figures: (.+)$`)
)

// Node runs the tests of a JavaScript file below conformance/ and fails unless
// all of them passed, and at least one ran. env is added to the environment as
// NAME=value. Diagnostics that begin with "figures: " are logged.
func Node(t *testing.T, file string, env ...string) {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		Missing(t, "node is not installed")
	}
	dir := filepath.Join(Root(t), "conformance")
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); err != nil {
		Missing(t, "conformance/node_modules is missing; run scripts/install.sh")
	}
	out := command(t, dir, env, "node", "--test", "--test-reporter=tap", file)
	m := nodePassed.FindSubmatch(out)
	if m == nil {
		t.Fatalf("%s ran no test:\n%s", file, out)
	}
	if n, err := strconv.Atoi(string(m[1])); err != nil || n == 0 {
		t.Fatalf("%s passed no test:\n%s", file, out)
	}
	for _, m := range nodeFigures.FindAllSubmatch(out, -1) {
		t.Logf("%s: %s", file, m[1])
	}
}

// Python runs a Python script below conformance/ with boto3 at hand. The script
// prints one line a check and exits 0 if all hold.
func Python(t *testing.T, file string, env ...string) {
	t.Helper()
	python := os.Getenv("POOLHOUSE_TEST_PYTHON")
	if python == "" {
		Missing(t, "POOLHOUSE_TEST_PYTHON is not set; make test sets it")
	}
	dir := filepath.Join(Root(t), "conformance")
	out := command(t, dir, append(env, "PYTHONPATH="+dir, "PYTHONDONTWRITEBYTECODE=1"), python, file)
	if len(bytes.TrimSpace(out)) == 0 {
		t.Fatalf("%s checked nothing", file)
	}
}

func command(t *testing.T, dir string, env []string, name string, args ...string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), clientTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return out
}

// Env is the environment in which AWS SDKs of any language find the server.
func (s *Server) Env() []string {
	return []string{
		"AWS_ENDPOINT_URL=" + s.URL, "AWS_REGION=" + Region, "AWS_DEFAULT_REGION=" + Region,
		"AWS_ACCESS_KEY_ID=" + s.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + s.SecretAccessKey,
		"AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null",
		"POOLHOUSE_URL=" + s.URL,
	}
}
