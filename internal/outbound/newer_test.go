package outbound_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/internal/outbound"
)

func TestFetchNewer(t *testing.T) {
	tag := `"one"`
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", tag)
		if r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = w.Write([]byte("body"))
	}))
	defer srv.Close()
	c := outbound.New(true)
	d, err := c.FetchNewer(t.Context(), srv.URL, "", 10)
	if err != nil || string(d.Body) != "body" || d.ETag != tag {
		t.Fatalf("%+v, %v", d, err)
	}
	if _, err := c.FetchNewer(t.Context(), srv.URL, d.ETag, 10); !errors.Is(err, outbound.ErrUnchanged) {
		t.Errorf("unchanged: %v", err)
	}
	if d, err := c.FetchNewer(t.Context(), srv.URL, `"zero"`, 10); err != nil || string(d.Body) != "body" {
		t.Errorf("changed: %+v, %v", d, err)
	}
	if _, err := c.FetchNewer(t.Context(), srv.URL, "", 3); !errors.Is(err, outbound.ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
	tag = `"` + strings.Repeat("x", 300) + `"`
	if d, err := c.FetchNewer(t.Context(), srv.URL, "", 10); err != nil || d.ETag != "" {
		t.Errorf("a validator that nobody keeps: %+v, %v", d, err)
	}
	if _, err := outbound.New(false).FetchNewer(t.Context(), srv.URL, "", 10); !errors.Is(err, outbound.ErrForbidden) {
		t.Errorf("a private address: %v", err)
	}
}
