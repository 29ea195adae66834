package server_test

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/poolhouse/poolhouse/server"
	"github.com/poolhouse/poolhouse/server/servertest"
	"github.com/poolhouse/poolhouse/sts/gatewayapi"
)

// askVersion makes a gateway's first call over a transport.
func askVersion(t *testing.T, transport *http.Transport, url string, key gatewayapi.Key) (status int, body string, err error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "POST", url+"/private/version", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Vgw-Private-Protocol", "1")
	sum := sha256.Sum256([]byte("{}"))
	hash := hex.EncodeToString(sum[:])
	r.Header.Set("X-Amz-Content-Sha256", hash)
	creds := aws.Credentials{AccessKeyID: key.AccessKeyID, SecretAccessKey: key.SecretAccessKey}
	if err := v4.NewSigner().SignHTTP(t.Context(), creds, r, hash, "iam", "us-east-1", time.Now()); err != nil {
		t.Fatal(err)
	}
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport}).Do(r)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text), err
}

func overSocket(path string) *http.Transport {
	return &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}}
}

func wantVersion(t *testing.T, transport *http.Transport, url string, key gatewayapi.Key) {
	t.Helper()
	status, body, err := askVersion(t, transport, url, key)
	if err != nil || status != http.StatusOK || !strings.Contains(body, `"accountId":"000000000000"`) {
		t.Errorf("%d %s %v", status, body, err)
	}
}

// socketConfig is a configuration with a socket in a directory that does not exist.
func socketConfig(t *testing.T) server.Config {
	cfg := servertest.Config(t, servertest.Embedded)
	cfg.GatewaySocket = socketPath(t)
	return cfg
}

func TestGatewaySocketIsPrivate(t *testing.T) {
	cfg := socketConfig(t)
	_, stop := servertest.Open(t, cfg, servertest.Options{})
	for path, want := range map[string]fs.FileMode{cfg.GatewaySocket: fs.ModeSocket | 0o600, filepath.Dir(cfg.GatewaySocket): fs.ModeDir | 0o700} {
		if info, err := os.Lstat(path); err != nil || info.Mode() != want {
			t.Errorf("%s: %v %v, want %v", path, info.Mode(), err, want)
		}
	}
	key, err := server.GatewayKey(t.Context(), cfg, false, 0)
	if err != nil {
		t.Fatal(err)
	}
	wantVersion(t, overSocket(cfg.GatewaySocket), "http://unix", key)
	next, err := server.GatewayKey(t.Context(), cfg, true, time.Hour)
	if err != nil || next == key {
		t.Errorf("%+v %v", next, err)
	}
	wantVersion(t, overSocket(cfg.GatewaySocket), "http://unix", key) // for an hour
	stop()
	if entries, err := os.ReadDir(filepath.Dir(cfg.GatewaySocket)); err != nil || len(entries) != 0 {
		t.Errorf("left behind: %v %v", entries, err)
	}
}

// What gateways ask is answered to nobody at the public address, and nothing public
// at the gateways'.
func TestGatewayAPIIsNotPublic(t *testing.T) {
	cfg := socketConfig(t)
	s, stop := servertest.Open(t, cfg, servertest.Options{})
	defer stop()
	key, err := server.GatewayKey(t.Context(), cfg, false, 0)
	if err != nil {
		t.Fatal(err)
	}
	status, body, err := askVersion(t, &http.Transport{}, s.URL(), key)
	if err != nil || status == http.StatusOK || strings.Contains(body, "minClient") {
		t.Errorf("public: %d %s %v", status, body, err)
	}
	resp, err := (&http.Client{Transport: overSocket(cfg.GatewaySocket)}).Get("http://unix/readyz")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode == http.StatusOK {
		t.Errorf("a public page at the gateways' socket")
	}
}

// socketPath is where a socket can stand: a name of one has about 100 bytes, and the
// directory of a test may have as many by itself.
func socketPath(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "gw")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "gw", "s")
}

func TestGatewaySocketFile(t *testing.T) {
	tests := []struct {
		name    string
		prepare func(t *testing.T, path string)
		refused string // empty: started
	}{
		{"a dead process left it", func(t *testing.T, path string) {
			l, err := net.Listen("unix", path)
			if err != nil {
				t.Fatal(err)
			}
			l.(*net.UnixListener).SetUnlinkOnClose(false)
			l.Close()
		}, ""},
		{"another process listens", func(t *testing.T, path string) {
			l, err := net.Listen("unix", path)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { l.Close() })
		}, "another process"},
		{"it is a file", func(t *testing.T, path string) {
			if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, "no socket"},
		{"it is a link", func(t *testing.T, path string) {
			if err := os.Symlink("/dev/null", path); err != nil {
				t.Fatal(err)
			}
		}, "no socket"},
		{"others may enter the directory", func(t *testing.T, path string) {
			if err := os.Chmod(filepath.Dir(path), 0o750); err != nil {
				t.Fatal(err)
			}
		}, "open to others"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := socketConfig(t)
			if err := os.Mkdir(filepath.Dir(cfg.GatewaySocket), 0o700); err != nil {
				t.Fatal(err)
			}
			tt.prepare(t, cfg.GatewaySocket)
			s, err := server.Open(t.Context(), cfg, slog.New(slog.DiscardHandler), time.Now)
			if err == nil {
				err = s.Close()
			}
			if tt.refused == "" && err != nil || tt.refused != "" && (err == nil || !strings.Contains(err.Error(), tt.refused)) {
				t.Errorf("%v, want %q", err, tt.refused)
			}
		})
	}
}

// Over the network both sides show certificates, and a key is still needed.
func TestGatewayAddressNeedsCertificate(t *testing.T) {
	ours, others := newAuthority(t), newAuthority(t)
	cfg := servertest.Config(t, servertest.Embedded)
	cfg.GatewayAddr = freeAddress(t)
	cfg.GatewayTLSCert, cfg.GatewayTLSKey = ours.files("server")
	cfg.GatewayClientCA = write(t, "ca", "CERTIFICATE", ours.cert.Raw)
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("the secret of the gateway\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg.GatewayAccessKeys, cfg.GatewaySecretFiles = []string{"GATEWAY"}, []string{secret}
	_, stop := servertest.Open(t, cfg, servertest.Options{})
	defer stop()
	key := gatewayapi.Key{AccessKeyID: "GATEWAY", SecretAccessKey: "the secret of the gateway"}
	transport := func(a *authority) *http.Transport {
		conf := &tls.Config{RootCAs: x509.NewCertPool()}
		conf.RootCAs.AddCert(ours.cert)
		if a != nil {
			pair := a.pair("gateway")
			// Shown whatever the server asks for.
			conf.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
		}
		return &http.Transport{TLSClientConfig: conf}
	}
	wantVersion(t, transport(ours), "https://"+cfg.GatewayAddr, key)
	if status, _, err := askVersion(t, transport(ours), "https://"+cfg.GatewayAddr, gatewayapi.Key{AccessKeyID: "GATEWAY", SecretAccessKey: "x"}); err != nil || status != http.StatusForbidden {
		t.Errorf("a wrong key: %d %v", status, err)
	}
	for name, a := range map[string]*authority{"none": nil, "of others": others} {
		if status, body, err := askVersion(t, transport(a), "https://"+cfg.GatewayAddr, key); err == nil {
			t.Errorf("certificate %s: %d %s", name, status, body)
		}
	}
	if status, _, err := askVersion(t, &http.Transport{}, "http://"+cfg.GatewayAddr, key); err == nil && status == http.StatusOK {
		t.Error("without TLS")
	}
}

func TestGatewaySettings(t *testing.T) {
	short := filepath.Join(t.TempDir(), "short")
	if err := os.WriteFile(short, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		edit func(*server.Config)
		want string
	}{
		{"address without certificates", func(c *server.Config) { c.GatewayAddr = "127.0.0.1:0" }, "go together"},
		{"certificate without address", func(c *server.Config) { c.GatewayTLSCert = "x" }, "go together"},
		{"no port", func(c *server.Config) {
			c.GatewayAddr, c.GatewayTLSCert, c.GatewayTLSKey, c.GatewayClientCA = "localhost", "a", "b", "c"
		}, "HOST:PORT"},
		{"key without secret", func(c *server.Config) { c.GatewayAccessKeys = []string{"A"} }, "go together"},
		{"three keys", func(c *server.Config) {
			c.GatewayAccessKeys, c.GatewaySecretFiles = []string{"A", "B", "C"}, []string{"a", "b", "c"}
		}, "twice"},
		{"secret that is short", func(c *server.Config) {
			c.GatewaySocket = socketPath(t)
			c.GatewayAccessKeys, c.GatewaySecretFiles = []string{"A"}, []string{short}
		}, "at least 16"},
	} {
		cfg := servertest.Config(t, servertest.Embedded)
		tt.edit(&cfg)
		s, err := server.Open(t.Context(), cfg, slog.New(slog.DiscardHandler), time.Now)
		if err == nil {
			err = errors.Join(errors.New("started"), s.Close())
		}
		if !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}
