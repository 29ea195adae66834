package server_test

import (
	"errors"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/server"
	"github.com/poolhouse/poolhouse/server/servertest"
)

// Rules that cannot be read keep the server from starting: it would answer wrongly.
func TestBrokenAuthzRules(t *testing.T) {
	file := filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(file, []byte("proxy: nginx\nrules: [{hosts: [a], path: /, publik: true}]"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{file: "publik", file + "x": "no such file", file + "y": "trusted-proxies"} {
		cfg := servertest.Config(t, servertest.Embedded)
		cfg.Authz = name
		if want != "trusted-proxies" {
			cfg.TrustedProxies = []string{"10.0.0.0/8"}
		}
		s, err := server.Open(t.Context(), cfg, slog.New(slog.DiscardHandler), time.Now)
		if err == nil {
			err = errors.Join(errors.New("started"), s.Close())
		}
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// Without rules there is no such address.
func TestNoAuthz(t *testing.T) {
	s := servertest.Start(t, servertest.Embedded, servertest.Options{})
	for _, path := range []string{"/authz", "/authz/"} {
		if w := get(s, here, path); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}
