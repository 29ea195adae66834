// Package authz_test puts real reverse proxies in front of an app, with the
// documented configurations, and has them ask Poolhouse who may pass.
package authz_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

const examples = "docs/examples/authz"

// An app remembers what reached it.
type app struct {
	addr string
	mu   sync.Mutex
	got  []*http.Request
}

func newApp(t *testing.T) *app {
	a := new(app)
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.got = append(a.got, r)
	}))
	t.Cleanup(s.Close)
	a.addr = s.Listener.Addr().String()
	return a
}

// last returns what reached the app since it was asked last.
func (a *app) last() []*http.Request {
	a.mu.Lock()
	defer a.mu.Unlock()
	got := a.got
	a.got = nil
	return got
}

// A place says where everybody is: the example files name other addresses.
type place struct {
	proxy, poolhouse, app string
	bodies                bool // with the lines that have bodies sent along
}

// file writes an example with the addresses of this test and returns its name.
func (p place) file(t *testing.T, dir, name string, more ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(harness.Root(t), examples, name))
	if err != nil {
		t.Fatal(err)
	}
	pairs := append([]string{}, more...)
	if p.bodies {
		pairs = append(pairs, "# with_request_body", "with_request_body", "# forwardBody", "forwardBody", "# maxBodySize", "maxBodySize")
	}
	for example, own := range map[string]string{"8000": p.proxy, "8080": p.poolhouse, "9000": p.app} {
		_, port, err := net.SplitHostPort(own)
		if err != nil {
			t.Fatal(err)
		}
		pairs = append(pairs, "127.0.0.1:"+example, own, "port_value: "+example, "port_value: "+port)
	}
	out := filepath.Join(dir, name)
	if err := os.WriteFile(out, []byte(strings.NewReplacer(pairs...).Replace(string(text))), 0o600); err != nil {
		t.Fatal(err)
	}
	return out
}

// start runs a proxy until the test ends, and returns once it passes on what anybody
// may ask for.
func start(t *testing.T, addr, dir, name string, args ...string) {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		harness.Missing(t, name+" is not there; run scripts/install.sh")
	}
	log := new(harness.Log)
	cmd := exec.Command(path, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM) // it may have ended by itself
		cmd.Wait()
		if t.Failed() {
			t.Logf("%s:\n%s", name, log)
		}
	})
	harness.Until(t, 20*time.Second, func() string { return fmt.Sprintf("%s passes something on\n%s", name, log) }, func() bool { return passes(addr) })
}

func passes(addr string) bool {
	r, err := http.NewRequest("GET", "http://"+addr+"/health", nil)
	if err != nil {
		return false
	}
	r.Host = host
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// python is a program that is installed with the Python packages.
func python(name string) string {
	return filepath.Join(filepath.Dir(os.Getenv("POOLHOUSE_TEST_PYTHON")), name)
}

// proxies start one with the documented files.
var proxies = map[string]func(t *testing.T, p place){
	"nginx": func(t *testing.T, p place) {
		dir := t.TempDir()
		os.Chmod(dir, 0o755) // its workers are nobody
		conf := p.file(t, dir, "nginx.conf")
		start(t, p.proxy, dir, "/usr/sbin/nginx", "-p", dir, "-c", conf, "-e", "stderr", "-g",
			"daemon off; pid "+dir+"/pid;")
	},
	"envoy": func(t *testing.T, p place) {
		dir := t.TempDir()
		start(t, p.proxy, dir, python("envoy"), "-c", p.file(t, dir, "envoy.yaml"), "--concurrency", "1", "--disable-hot-restart", "-l", "warning")
	},
	"traefik": func(t *testing.T, p place) {
		dir := t.TempDir()
		p.file(t, dir, "traefik-files.yaml")
		start(t, p.proxy, dir, python("traefik"), "--configFile="+p.file(t, dir, "traefik.yaml"))
	},
}
