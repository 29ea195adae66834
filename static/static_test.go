package static_test

import (
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/static"
)

func get(path string) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	static.Handler().ServeHTTP(rec, httptest.NewRequest("GET", path, nil))
	return rec
}

func TestHandler(t *testing.T) {
	at := static.Path("login.css")
	if !regexp.MustCompile(`^/static/login\.[0-9a-f]{12}\.css$`).MatchString(at) {
		t.Fatalf("address %q has no hash", at)
	}
	rec := get(at)
	if rec.Code != 200 || !strings.HasPrefix(rec.Header().Get("Content-Type"), "text/css") {
		t.Errorf("got %d %q", rec.Code, rec.Header().Get("Content-Type"))
	}
	if cc := rec.Header().Get("Cache-Control"); !strings.Contains(cc, "immutable") {
		t.Errorf("Cache-Control %q", cc)
	}
}

// TestModules holds that the modules of an app's library find each other, and are
// asked for anew at each visit.
func TestModules(t *testing.T) {
	at := static.Path("sync/index.js")
	rec := get(at)
	if at != "/static/sync/index.js" || rec.Code != 200 || !strings.HasPrefix(rec.Header().Get("Content-Type"), "text/javascript") {
		t.Fatalf("%s: %d %q", at, rec.Code, rec.Header().Get("Content-Type"))
	}
	if h := rec.Header(); h.Get("Cache-Control") != "no-cache" || h.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("headers %v", h)
	}
	for _, m := range regexp.MustCompile(`from '\./(\w+\.js)'`).FindAllStringSubmatch(rec.Body.String(), -1) {
		if got := get("/static/sync/" + m[1]); got.Code != 200 {
			t.Errorf("%s: %d", m[1], got.Code)
		}
	}
	again := httptest.NewRequest("GET", at, nil)
	again.Header.Set("If-None-Match", rec.Header().Get("ETag"))
	unchanged := httptest.NewRecorder()
	static.Handler().ServeHTTP(unchanged, again)
	if unchanged.Code != 304 {
		t.Errorf("unchanged: %d", unchanged.Code)
	}
}

func TestHandlerNotFound(t *testing.T) {
	for _, path := range []string{"/static/login.css", "/static/login.000000000000.css", "/static/../static.go", "/static/sync/package.json", static.Path("none.css")} {
		if rec := get(path); rec.Code != 404 {
			t.Errorf("%s: got %d, want 404", path, rec.Code)
		}
	}
}

// TestSelfContained holds the promise of the package comment.
func TestSelfContained(t *testing.T) {
	for _, name := range []string{"login.css", "demo.css"} {
		if body := get(static.Path(name)).Body.String(); strings.Contains(body, "//") || strings.Contains(body, "@import") {
			t.Errorf("%s loads from elsewhere", name)
		}
	}
}
