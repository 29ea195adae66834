package server

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

// bare opens a server on an empty directory. It serves nothing: tests call
// its parts.
func bare(t *testing.T, log *bytes.Buffer) *Server {
	t.Helper()
	cfg := valid()
	cfg.Addr, cfg.Data, cfg.PublicURL = "127.0.0.1:0", t.TempDir(), "https://id.example.com"
	s, err := Open(t.Context(), cfg, slog.New(slog.NewTextHandler(log, nil)), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestPanicIsLoggedAndNotShown(t *testing.T) {
	log := new(bytes.Buffer)
	s := bare(t, log)
	h := s.edge(origin{}, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("the secret is 4711") }))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/some/page", nil))
	if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "4711") || strings.Contains(w.Body.String(), "goroutine") {
		t.Errorf("answer %d %q", w.Code, w.Body)
	}
	if got := log.String(); !strings.Contains(got, "the secret is 4711") || !strings.Contains(got, "/some/page") || !strings.Contains(got, "edge_test.go") {
		t.Errorf("log %q, want cause, path and stack", got)
	}
}

// net/http's own way to break a connection off must reach net/http.
func TestAbortPassesThrough(t *testing.T) {
	log := new(bytes.Buffer)
	s := bare(t, log)
	h := s.edge(origin{}, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	defer func() {
		if v := recover(); v != http.ErrAbortHandler {
			t.Errorf("recovered %v, want http.ErrAbortHandler", v)
		}
	}()
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
}

func TestPoolDomain(t *testing.T) {
	s := bare(t, new(bytes.Buffer))
	pool, err := s.Pools.CreatePool(t.Context(), userpool.NewPool("Company"), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, domain := range []string{"company", "login.company.test"} {
		if _, err := s.Pools.CreateDomain(t.Context(), pool.ID, domain, userpool.DomainSettings{}); err != nil {
			t.Fatal(err)
		}
	}
	id := "/" + string(pool.ID)
	tests := []struct{ name, host, path, want string }{
		{"page of the pool", "company.auth.id.example.com", "/oauth2/authorize", id + "/oauth2/authorize"},
		{"capitals in the host", "Company.Auth.ID.example.com", "/login", id + "/login"},
		{"link that names the pool", "company.auth.id.example.com", id + "/login", id + "/login"},
		{"files of the pages", "company.auth.id.example.com", "/static/style.css", "/static/style.css"},
		{"the server itself", "id.example.com", "/oauth2/authorize", "/oauth2/authorize"},
		{"domain of no pool is not served", "other.auth.id.example.com", "/login", ""},
		{"another server's name", "company.auth.id.example.com.evil.test", "/login", "/login"},
		{"two labels", "a.company.auth.id.example.com", "/login", "/login"},
		{"trailing dot", "company.auth.id.example.com.", "/login", id + "/login"},
		{"the operator's own host", "login.company.test", "/oauth2/authorize", id + "/oauth2/authorize"},
		{"its port", "login.company.test:8443", "/login", id + "/login"},
		{"its case and trailing dot", "LOGIN.Company.Test.", "/login", id + "/login"},
		{"dot before the port", "login.company.test.:8443", "/login", id + "/login"},
		{"below it", "a.login.company.test", "/login", "/login"},
		{"above it", "company.test", "/login", "/login"},
		{"the prefix alone", "company", "/login", "/login"},
		{"a host header that is no host", "login.company.test/../x", "/login", "/login"},
		{"user information", "x@login.company.test", "/login", "/login"},
		{"an address", "198.51.100.7:443", "/login", "/login"},
		{"an IPv6 address", "[2001:db8::1]:443", "/login", "/login"},
		{"nothing", "", "/login", "/login"},
		{"a very long name", strings.Repeat("a.", 3000) + "test", "/login", "/login"},
		{"not text", "login.company.test\x00", "/login", "/login"},
		{"the server with a dot", "id.example.com.", "/login", "/login"},
		{"another pool's ID is a path like any other", "company.auth.id.example.com", "/us-east-1_Other0001/login", id + "/us-east-1_Other0001/login"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got string
			h := s.edge(origin{}, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.URL.Path }))
			r := httptest.NewRequest("GET", tt.path, nil)
			r.Host = tt.host
			h.ServeHTTP(httptest.NewRecorder(), r)
			if got != tt.want {
				t.Errorf("path %q, want %q", got, tt.want)
			}
		})
	}
}

func TestEdgeHandsOnTheClientsAddress(t *testing.T) {
	s := bare(t, new(bytes.Buffer))
	var remote string
	from := origin{[]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	h := s.edge(from, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { remote = r.RemoteAddr }))
	r := httptest.NewRequest("GET", "/", nil)
	r.RemoteAddr = "10.0.0.1:4711"
	r.Header.Set("X-Forwarded-For", "198.51.100.7")
	h.ServeHTTP(httptest.NewRecorder(), r)
	if remote != "198.51.100.7:0" {
		t.Errorf("remote address %q, want the client's", remote)
	}
}

// A store that is gone is no reason to serve a pool's page as somebody else's.
func TestPoolDomainWithoutStore(t *testing.T) {
	s := bare(t, new(bytes.Buffer))
	h := s.edge(origin{}, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the request was served") }))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := httptest.NewRequestWithContext(ctx, "GET", "/login", nil)
	r.Host = "company.auth.id.example.com"
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("status %d, want 503", w.Code)
	}
}
