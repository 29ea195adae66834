// Package tls_test serves over TLS, on its own and behind a proxy that ends it.
package tls_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

func TestTLS(t *testing.T) {
	ca := harness.NewAuthority(t)
	certFile, keyFile := ca.Issue(t, "localhost")
	harness.EachProfile(t, func(t *testing.T, s *harness.Server) {
		f := s.Fixture(t) // through the AWS SDK, over TLS
		b := harness.NewBrowser(t, s.HTTP.Transport)
		t.Run("code flow", func(t *testing.T) { signIn(t, f, f.URL, b) })
		t.Run("strict transport security", func(t *testing.T) {
			for _, path := range []string{"/.well-known/openid-configuration", "/oauth2/authorize", "/error", "/saml/metadata"} {
				p := b.Open(t, f.URL+"/"+f.PoolID+path)
				if got := p.Header.Get("Strict-Transport-Security"); got != "max-age=31536000" {
					t.Errorf("%s: Strict-Transport-Security is %q", path, got)
				}
			}
		})
		t.Run("plain http", func(t *testing.T) {
			p := harness.NewBrowser(t, nil).Open(t, "http"+strings.TrimPrefix(f.URL, "https")+"/"+f.PoolID+"/.well-known/openid-configuration")
			if p.Status != http.StatusBadRequest || p.Redirects() || strings.Contains(p.Body, "issuer") {
				t.Errorf("plain http is answered %d %s", p.Status, p.Body)
			}
		})
		t.Run("weak suites", func(t *testing.T) {
			for suite, want := range map[uint16]bool{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: false, tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: true} {
				conn, err := tls.Dial("tcp", strings.TrimPrefix(f.URL, "https://"), &tls.Config{RootCAs: ca.Pool, MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{suite}})
				if err == nil {
					conn.Close()
				}
				if (err == nil) != want {
					t.Errorf("%s: %v", tls.CipherSuiteName(suite), err)
				}
			}
		})
		t.Run("old versions", func(t *testing.T) {
			for version, want := range map[uint16]bool{tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
				conn, err := tls.Dial("tcp", strings.TrimPrefix(f.URL, "https://"), &tls.Config{RootCAs: ca.Pool, MinVersion: tls.VersionTLS10, MaxVersion: version})
				if err == nil {
					conn.Close()
				}
				if (err == nil) != want {
					t.Errorf("%s: %v", tls.VersionName(version), err)
				}
			}
		})
	}, harness.TLS(certFile, keyFile, ca.Pool))
}

// TestExposedWithoutTLS refuses to listen to other machines in the clear.
func TestExposedWithoutTLS(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	_, port, _ := strings.Cut(harness.FreeAddress(t), ":")
	out, err := exec.CommandContext(ctx, harness.Binary(t), "serve", "--addr", "0.0.0.0:"+port, "--data", t.TempDir()).CombinedOutput()
	if err == nil || ctx.Err() != nil {
		t.Fatalf("the server serves (%v): %s", err, out)
	}
	for _, flag := range []string{"tls-cert", "tls-key", "trusted-proxies", "0.0.0.0:" + port} {
		if !bytes.Contains(out, []byte(flag)) {
			t.Errorf("the error does not name %s: %s", flag, out)
		}
	}
}

// TestHalfOfTLS wants the key with the certificate, and files that fit.
func TestHalfOfTLS(t *testing.T) {
	ca := harness.NewAuthority(t)
	certFile, keyFile := ca.Issue(t, "localhost")
	_, otherKey := ca.Issue(t, "localhost")
	for name, flags := range map[string][]string{
		"no key":      {"--tls-cert", certFile},
		"no cert":     {"--tls-key", keyFile},
		"another key": {"--tls-cert", certFile, "--tls-key", otherKey},
		"no file":     {"--tls-cert", certFile + ".none", "--tls-key", keyFile},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		args := append([]string{"serve", "--addr", harness.FreeAddress(t), "--data", t.TempDir()}, flags...)
		out, err := exec.CommandContext(ctx, harness.Binary(t), args...).CombinedOutput()
		if err == nil || ctx.Err() != nil || !bytes.Contains(out, []byte("tls-cert")) {
			t.Errorf("%s: %v: %s", name, err, out)
		}
	}
}
