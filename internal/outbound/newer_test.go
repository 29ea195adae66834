package outbound_test

import (
	"errors"
	"io"
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

// TestReadNewer: a long document goes to its reader as it comes.
func TestReadNewer(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("If-None-Match") == `"1"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("ETag", `"1"`)
		io.WriteString(w, "document")
	}))
	defer srv.Close()
	c := outbound.New(true)
	var got []byte
	read := func(r io.Reader) (err error) {
		got, err = io.ReadAll(r)
		return err
	}
	if etag, err := c.ReadNewer(t.Context(), srv.URL, "", read); err != nil || etag != `"1"` || string(got) != "document" {
		t.Errorf("%q, %q, %v", got, etag, err)
	}
	if _, err := c.ReadNewer(t.Context(), srv.URL, `"1"`, read); !errors.Is(err, outbound.ErrUnchanged) {
		t.Errorf("unchanged: %v", err)
	}
	broken := errors.New("not what was wanted")
	if _, err := c.ReadNewer(t.Context(), srv.URL, "", func(io.Reader) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("a reader that refuses: %v", err)
	}
	if _, err := outbound.New(false).ReadNewer(t.Context(), srv.URL, "", read); !errors.Is(err, outbound.ErrForbidden) {
		t.Errorf("inside: %v", err)
	}
}
