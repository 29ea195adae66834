package server_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/demodata"
	"github.com/poolhouse/poolhouse/server"
	"github.com/poolhouse/poolhouse/server/doctor"
	"github.com/poolhouse/poolhouse/server/servertest"
	"github.com/poolhouse/poolhouse/userpool/message/messagetest"
)

// examine returns what the doctor finds, area by area.
func examine(t *testing.T, cfg server.Config) (found map[string][]doctor.Finding, worst doctor.State) {
	t.Helper()
	found = map[string][]doctor.Finding{}
	worst = server.NewDoctor(cfg).Examine(t.Context(), func(f doctor.Finding) { found[f.Area] = append(found[f.Area], f) })
	return found, worst
}

// finds checks the one finding of an area.
func finds(t *testing.T, found map[string][]doctor.Finding, area string, state doctor.State, text string) {
	t.Helper()
	for _, f := range found[area] {
		if f.State == state && strings.Contains(f.Found, text) {
			return
		}
	}
	t.Errorf("%s: %+v; want %s with %q", area, found[area], state, text)
}

// TestDoctorOfAServer examines a server that runs, through a proxy that does well and
// through one that does not.
func TestDoctorOfAServer(t *testing.T) {
	servertest.Each(t, func(t *testing.T, p servertest.Profile) {
		cfg := servertest.Config(t, p)
		cfg.TrustedProxies = []string{"127.0.0.1/32"}
		if err := os.Chmod(cfg.Data, 0o700); err != nil {
			t.Fatal(err)
		}
		sink := messagetest.NewSink(t, nil)
		cfg.SMTPURL, cfg.MailFrom = "smtp://"+sink.Addr, "pool@example.com"
		s, stop := servertest.Open(t, cfg, servertest.Options{})
		defer stop()

		cfg.PublicURL = proxy(t, s.URL(), func(r *httputil.ProxyRequest) {
			r.Out.Host = r.In.Host
			r.Out.Header.Set("X-Forwarded-For", "203.0.113.9")
		})
		found, worst := examine(t, cfg)
		for _, area := range []string{"configuration", "data directory", "database", "master key", "mail", "public url", "proxies"} {
			for _, f := range found[area] {
				if f.State != doctor.OK {
					t.Errorf("%s: %+v", area, f)
				}
			}
		}
		finds(t, found, "proxies", doctor.OK, "203.0.113.9")
		if worst == doctor.Failed {
			t.Errorf("%s: %+v", worst, found)
		}
		if len(sink.Mails()) > 0 {
			t.Errorf("mails were sent: %+v", sink.Mails())
		}

		cfg.PublicURL = proxy(t, s.URL(), func(r *httputil.ProxyRequest) { r.Out.Host = r.In.Host })
		found, _ = examine(t, cfg)
		finds(t, found, "proxies", doctor.Failed, "does not say whom it calls for")

		cfg.PublicURL = proxy(t, s.URL(), func(r *httputil.ProxyRequest) { r.SetXForwarded() })
		found, _ = examine(t, cfg)
		finds(t, found, "proxies", doctor.Failed, "signed calls do not survive the way")
	})
}

// proxy starts one in front of a server, and returns its URL.
func proxy(t *testing.T, to string, rewrite func(*httputil.ProxyRequest)) string {
	t.Helper()
	target, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		rewrite(r)
	}})
	t.Cleanup(front.Close)
	return front.URL
}

// TestDoctorOfNothing examines what was never started: nothing is made.
func TestDoctorOfNothing(t *testing.T) {
	servertest.Each(t, func(t *testing.T, p servertest.Profile) {
		cfg := servertest.Config(t, p)
		cfg.Data = filepath.Join(cfg.Data, "none")
		found, worst := examine(t, cfg)
		if worst != doctor.Failed { // nobody answers
			t.Error(worst)
		}
		finds(t, found, "data directory", doctor.Skipped, "made at the first start")
		finds(t, found, "master key", doctor.Skipped, "")
		finds(t, found, "mail", doctor.Warning, "no mail can be sent")
		if _, err := os.Stat(cfg.Data); err == nil {
			t.Error("the directory was made")
		}
	})
}

// TestDoctorFindsFaults breaks one thing after the other.
func TestDoctorFindsFaults(t *testing.T) {
	cfg := servertest.Config(t, servertest.Embedded)
	_, stop := servertest.Open(t, cfg, servertest.Options{})
	stop()
	if err := os.Chmod(cfg.Data, 0o755); err != nil {
		t.Fatal(err)
	}
	found, _ := examine(t, cfg)
	finds(t, found, "data directory", doctor.Warning, "open to other users")
	for name, c := range map[string]struct {
		spoil func(*server.Config)
		area  string
		text  string
	}{
		"another key":    {func(c *server.Config) { c.MasterKey = strings.Repeat("ab", 32) }, "master key", "master key"},
		"no database":    {func(c *server.Config) { c.DatabaseURL, c.DatabaseConns = "postgres://u:hunter2@127.0.0.1:1/x", 4 }, "database", "refused"},
		"no redis":       {func(c *server.Config) { c.RedisURL = "redis://:hunter2@127.0.0.1:1" }, "redis", "refused"},
		"no mail server": {func(c *server.Config) { c.SMTPURL, c.MailFrom = "smtp://127.0.0.1:1", "a@example.com" }, "mail", "refused"},
		"no mail folder": {func(c *server.Config) { c.MailDir = "/nowhere/at/all" }, "mail", "/nowhere"},
		"no functions":   {func(c *server.Config) { c.LambdaFunctions = []string{"f=http://127.0.0.1:1"} }, "functions", "lambda-function f"},
		"no certificate": {func(c *server.Config) { c.TLSCert, c.TLSKey = "/nowhere.crt", "/nowhere.key" }, "tls", "nowhere"},
		"account":        {func(c *server.Config) { c.Account = "12" }, "configuration", "account"},
		"open stream":    {func(c *server.Config) { c.SyncStreams = []string{"c=https://hooks.example.com/x"} }, "configuration", "SYNC_STREAM_SECRET"},
	} {
		t.Run(name, func(t *testing.T) {
			broken := cfg
			c.spoil(&broken)
			found, worst := examine(t, broken)
			finds(t, found, c.area, doctor.Failed, c.text)
			if worst != doctor.Failed {
				t.Error(worst)
			}
			for area, list := range found {
				for _, f := range list {
					if strings.Contains(f.Found+f.Mend, "hunter2") {
						t.Errorf("%s shows a password: %+v", area, f)
					}
					if f.State == doctor.Failed && f.Mend == "" {
						t.Errorf("%s does not say what to do: %+v", area, f)
					}
				}
			}
		})
	}
}

// TestDoctorOfCertificates looks ten years ahead.
func TestDoctorOfCertificates(t *testing.T) {
	cfg := servertest.Config(t, servertest.Embedded)
	s, stop := servertest.Open(t, cfg, servertest.Options{Demo: true})
	resp, err := http.Get(s.URL() + "/" + demodata.PoolID + "/saml/metadata")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	stop()
	found, _ := examine(t, cfg)
	finds(t, found, "saml certificates", doctor.OK, "valid")
	d := server.NewDoctor(cfg)
	d.Now = func() time.Time { return time.Now().AddDate(30, 0, 0) }
	later := map[string][]doctor.Finding{}
	d.Examine(t.Context(), func(f doctor.Finding) { later[f.Area] = append(later[f.Area], f) })
	finds(t, later, "saml certificates", doctor.Failed, "ended on")
}
