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

func TestHandlerNotFound(t *testing.T) {
	for _, path := range []string{"/static/login.css", "/static/login.000000000000.css", "/static/../static.go", static.Path("none.css")} {
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
