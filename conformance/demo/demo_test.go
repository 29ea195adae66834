// Package demo_test runs what a newcomer runs: the demo, and the tour of it.
package demo_test

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

func TestDemoAndTour(t *testing.T) {
	url, printed := start(t)
	for _, part := range []string{url + "/demo/saml/", url + "/demo/oidc/", url + "/demo/sync/", url + "/demo/mail", "export AWS_ENDPOINT_URL=" + url, "poolhouse tour", "alice", "bob"} {
		if !strings.Contains(printed(), part) {
			t.Errorf("the demo did not print %q:\n%s", part, printed())
		}
	}
	for range 2 { // a second tour finds what the first one left
		cmd := exec.Command(harness.Binary(t), "tour", "--endpoint", url)
		out, err := cmd.CombinedOutput()
		if err != nil || !bytes.Contains(out, []byte("All 13 steps passed.")) {
			t.Fatalf("%v\n%s", err, out)
		}
	}
}

// TestDemoPages opens each page that the demo prints.
func TestDemoPages(t *testing.T) {
	url, _ := start(t)
	for _, path := range []string{"/demo/", "/demo/saml/", "/demo/oidc/", "/demo/sync/", "/demo/mail", "/us-east-1_Demo00001/.well-known/openid-configuration", "/us-east-1_Demo00001/saml/metadata", "/metrics"} {
		resp, err := http.Get(url + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK || len(body) == 0 {
			t.Errorf("%s: %d, %d bytes, %v", path, resp.StatusCode, len(body), err)
		}
	}
}

// TestDemoSync runs the page of data that syncs.
func TestDemoSync(t *testing.T) {
	path, err := exec.LookPath("chromium")
	if err != nil {
		harness.Missing(t, "chromium is not installed")
	}
	url, _ := start(t)
	harness.Node(t, "demo/sync.test.js", "POOLHOUSE_URL="+url, "POOLHOUSE_TEST_CHROMIUM="+path)
}

func TestDemoRefusesOtherMachines(t *testing.T) {
	out, err := exec.Command(harness.Binary(t), "demo", "--addr", "0.0.0.0:0").CombinedOutput()
	if err == nil || !bytes.Contains(out, []byte("loopback")) {
		t.Errorf("%v: %s", err, out)
	}
}

func TestUnknownFlagIsNamed(t *testing.T) {
	out, err := exec.Command(harness.Binary(t), "serve", "--no-such-flag").CombinedOutput()
	if err == nil || !bytes.Contains(out, []byte("--no-such-flag")) {
		t.Errorf("%v: %s", err, out)
	}
}

// start runs the demo on a free port until the test ends.
func start(t *testing.T) (url string, printed func() string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	out := new(harness.Log)
	cmd := exec.Command(harness.Binary(t), "demo", "--addr", addr, "--data", t.TempDir())
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Errorf("the demo ended with %v\n%s", err, out)
		}
	})
	url = "http://" + addr
	harness.WaitReady(t, url, out)
	out.WaitFor(t, "poolhouse tour --endpoint "+url)
	return url, out.String
}
