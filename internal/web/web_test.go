package web_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/poolhouse/poolhouse/internal/web"
)

func newMux(log *bytes.Buffer) *web.Mux {
	return web.NewMux(slog.New(slog.NewTextHandler(log, nil)), func(w http.ResponseWriter, _ *http.Request, e *web.Error) error {
		w.WriteHeader(e.Status)
		fmt.Fprintf(w, "page: %s", e.Text)
		return nil
	})
}

func serve(m http.Handler, method, path string, change func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader("a=b"))
	if change != nil {
		change(r)
	}
	rec := httptest.NewRecorder()
	m.ServeHTTP(rec, r)
	return rec
}

func TestErrorsHaveTwoReaders(t *testing.T) {
	var log bytes.Buffer
	m := newMux(&log)
	m.Get("/known", func(http.ResponseWriter, *http.Request) error {
		return web.Fail(409, "Somebody was faster.", errors.New("row 7 is gone"))
	})
	m.Get("/unknown", func(http.ResponseWriter, *http.Request) error { return errors.New("dial 10.0.0.7: refused") })
	if rec := serve(m, "GET", "/known", nil); rec.Code != 409 || rec.Body.String() != "page: Somebody was faster." {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	rec := serve(m, "GET", "/unknown?code=topsecret", nil)
	if rec.Code != 500 || strings.Contains(rec.Body.String(), "10.0.0.7") {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	if text := log.String(); !strings.Contains(text, "row 7") || !strings.Contains(text, "10.0.0.7") || strings.Contains(text, "topsecret") {
		t.Errorf("log: %s", text)
	}
}

func TestRouting(t *testing.T) {
	var log bytes.Buffer
	m := newMux(&log)
	ok := func(w http.ResponseWriter, _ *http.Request) error { w.WriteHeader(204); return nil }
	m.Get("/page", ok)
	m.Post("/form", ok)
	m.Endpoint("/api", ok)
	cross := func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }
	tests := []struct {
		method, path string
		change       func(*http.Request)
		want         int
	}{
		{"GET", "/page", nil, 204}, {"HEAD", "/page", nil, 204}, {"POST", "/page", nil, 405}, {"GET", "/none", nil, 404},
		{"POST", "/form", nil, 204}, {"POST", "/form", cross, 403}, {"GET", "/form", nil, 405},
		{"POST", "/api", cross, 204}, {"OPTIONS", "/api", cross, 204},
	}
	for _, tt := range tests {
		rec := serve(m, tt.method, tt.path, tt.change)
		if rec.Code != tt.want {
			t.Errorf("%s %s: %d, want %d", tt.method, tt.path, rec.Code, tt.want)
		}
		if rec.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s %s: no security headers", tt.method, tt.path)
		}
	}
}

func TestFormTarget(t *testing.T) {
	tests := map[string]string{
		"https://app.example/cb?x=1":          "; form-action 'self' https://app.example",
		"http://localhost:3000/cb":            "; form-action 'self' http://localhost:3000",
		"myapp://cb":                          "; form-action 'self' myapp:",
		"http://[::1]:1/cb":                   "",
		"https://app.example;script-src */cb": "; form-action 'self'",
		"":                                    "; form-action 'self'",
	}
	for target, want := range tests {
		h := http.Header{}
		web.SetPageHeaders(h)
		web.AllowFormTarget(h, target)
		_, got, _ := strings.Cut(h.Get("Content-Security-Policy"), "frame-ancestors 'none'")
		if got != want {
			t.Errorf("%s: got %q, want %q", target, got, want)
		}
	}
}

func TestForms(t *testing.T) {
	f := &web.Forms{Secret: []byte("secret"), Secure: true}
	rec := httptest.NewRecorder()
	token := f.Token(rec, httptest.NewRequest("GET", "/", nil), "pool-a")
	cookie := rec.Result().Cookies()[0]
	if cookie.Name != "__Host-ph_form" || !cookie.Secure || !cookie.HttpOnly {
		t.Errorf("cookie %+v", cookie)
	}
	try := func(token, scope string, c *http.Cookie) error {
		r := httptest.NewRequest("POST", "/", strings.NewReader("_csrf="+token))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if c != nil {
			r.AddCookie(c)
		}
		return f.Check(r, scope)
	}
	if err := try(token, "pool-a", cookie); err != nil {
		t.Error(err)
	}
	other := *cookie
	other.Value = strings.Repeat("A", 43)
	for name, err := range map[string]error{"other pool": try(token, "pool-b", cookie), "no cookie": try(token, "pool-a", nil),
		"no token": try("", "pool-a", cookie), "other browser": try(token, "pool-a", &other)} {
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestHalfAPage: a template that fails leaves nothing behind.
func TestHalfAPage(t *testing.T) {
	pages, err := web.ParsePages(fstest.MapFS{"p/layout.html": {Data: []byte(`begin {{template "content" .}}`)},
		"p/page.html": {Data: []byte(`{{define "content"}}{{.Missing}}{{end}}`)}}, "p", func(s string) string { return s })
	if err != nil {
		t.Fatal(err)
	}
	rec := httptest.NewRecorder()
	if err := pages.Render(rec, 200, "page.html", map[string]string{}); err == nil || rec.Body.Len() > 0 {
		t.Errorf("%v; wrote %q", err, rec.Body)
	}
}
