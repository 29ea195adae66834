package outbound_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/internal/outbound"
)

func TestIsPublic(t *testing.T) {
	for address, want := range map[string]bool{
		"8.8.8.8": true, "2606:4700::1111": true,
		"127.0.0.1": false, "10.1.2.3": false, "172.16.0.1": false, "192.168.1.1": false,
		"169.254.169.254": false, "100.64.0.1": false, "0.0.0.0": false, "255.255.255.255": false,
		"224.0.0.1": false, "::1": false, "::": false, "fe80::1": false, "fd00::1": false,
		"::ffff:127.0.0.1": false, "::127.0.0.1": false, "64:ff9b::7f00:1": false, "2002:7f00:1::": false,
	} {
		if got := outbound.IsPublic(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: public %v, want %v", address, got, want)
		}
	}
}

func TestPrivateIsRefused(t *testing.T) {
	reached := false
	inside := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer inside.Close()
	addresses := []string{
		inside.URL, strings.Replace(inside.URL, "127.0.0.1", "localhost", 1), // judged after DNS
		"http://example.org/", "file:///etc/passwd", "gopher://example.org/", "https://user@example.org/", "https:///x", "%zz",
	}
	for _, address := range addresses {
		if _, err := outbound.New(false).Fetch(t.Context(), address, 100); !errors.Is(err, outbound.ErrForbidden) {
			t.Errorf("%s: error %v", address, err)
		}
	}
	if reached {
		t.Error("the server inside was reached")
	}
}

func TestFetch(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/ok", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("hello")) })
	mux.HandleFunc("/gone", http.NotFound)
	mux.HandleFunc("/once", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/ok", http.StatusFound) })
	mux.HandleFunc("/loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusFound) })
	mux.HandleFunc("/out", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "ftp://x/", http.StatusFound) })
	srv := httptest.NewServer(mux)
	defer srv.Close()
	tests := []struct {
		path  string
		limit int
		want  error
	}{
		{"/ok", 5, nil}, {"/once", 5, nil},
		{"/ok", 4, outbound.ErrTooLarge}, {"/gone", 100, outbound.ErrStatus},
		{"/loop", 100, outbound.ErrForbidden}, {"/out", 100, outbound.ErrForbidden},
	}
	for _, tt := range tests {
		body, err := outbound.New(true).Fetch(t.Context(), srv.URL+tt.path, tt.limit)
		if !errors.Is(err, tt.want) || err == nil && string(body) != "hello" {
			t.Errorf("%s: %q, error %v, want %v", tt.path, body, err, tt.want)
		}
	}
}

func TestPost(t *testing.T) {
	var got string
	mux := http.NewServeMux()
	mux.HandleFunc("POST /ok", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = r.Header.Get("X-Sign") + " " + string(body)
		w.WriteHeader(http.StatusAccepted)
	})
	mux.Handle("/moved", http.RedirectHandler("/ok", http.StatusTemporaryRedirect))
	srv := httptest.NewServer(mux)
	defer srv.Close()
	header := http.Header{"X-Sign": {"s"}}
	if status, err := outbound.New(true).Post(t.Context(), srv.URL+"/ok", header, []byte("hello")); status != http.StatusAccepted || err != nil || got != "s hello" {
		t.Errorf("%d %q, %v", status, got, err)
	}
	got = ""
	if status, err := outbound.New(true).Post(t.Context(), srv.URL+"/moved", header, []byte("hello")); status != http.StatusTemporaryRedirect || err != nil || got != "" {
		t.Errorf("redirect: %d %q, %v", status, got, err)
	}
	for _, address := range []string{srv.URL + "/ok", "file:///x", "%zz"} {
		if _, err := outbound.New(false).Post(t.Context(), address, nil, nil); !errors.Is(err, outbound.ErrForbidden) {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// A header may hold a secret, which is for one address and not for another.
func TestGetFollowsNoRedirect(t *testing.T) {
	mux := http.NewServeMux()
	var got string
	mux.HandleFunc("GET /ok", func(w http.ResponseWriter, r *http.Request) {
		got = r.Header.Get("Authorization")
		w.WriteHeader(http.StatusTeapot)
		io.WriteString(w, "hello")
	})
	mux.Handle("/moved", http.RedirectHandler("/ok", http.StatusFound))
	srv := httptest.NewServer(mux)
	defer srv.Close()
	header := http.Header{"Authorization": {"Bearer secret"}}
	answer, err := outbound.New(true).Get(t.Context(), srv.URL+"/ok", header, 5)
	if err != nil || answer.Status != http.StatusTeapot || string(answer.Body) != "hello" || got != "Bearer secret" {
		t.Errorf("%+v, %v, %q", answer, err, got)
	}
	if _, err := outbound.New(true).Get(t.Context(), srv.URL+"/ok", header, 4); !errors.Is(err, outbound.ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
	got = ""
	if answer, err := outbound.New(true).Get(t.Context(), srv.URL+"/moved", header, 100); err != nil || answer.Status != http.StatusFound || got != "" {
		t.Errorf("redirect: %+v, %v, %q", answer, err, got)
	}
	if _, err := outbound.New(false).Get(t.Context(), srv.URL+"/ok", header, 100); !errors.Is(err, outbound.ErrForbidden) {
		t.Errorf("private: %v", err)
	}
}
