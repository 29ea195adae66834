package web_test

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/internal/web"
)

func TestSpoken(t *testing.T) {
	for _, tt := range []struct{ path, said, want string }{
		{"/p?go=1", "lang=ar&client_id=x", "go=1&lang=ar"},
		{"/p", "ui_locales=de+fr", "ui_locales=de+fr"},
		{"/p?lang=en", "lang=ar", "lang=en"},
		{"/p?ui_locales=en", "lang=ar", "ui_locales=en"},
		{"/p?go=1", "client_id=x", "go=1"},
		{"/p?go=1", "lang=" + strings.Repeat("x", 257), "go=1"},
		{"/p?go=1", "lang=ar&lang=de", "go=1&lang=ar"},
	} {
		r := httptest.NewRequest("GET", tt.path, nil)
		said, err := url.ParseQuery(tt.said)
		if err != nil {
			t.Fatal(err)
		}
		before := r.URL.RawQuery
		if got := web.Spoken(r, said).URL.RawQuery; got != tt.want || r.URL.RawQuery != before {
			t.Errorf("%s with %s: %q, want %q; the request itself has %q", tt.path, tt.said, got, tt.want, r.URL.RawQuery)
		}
	}
}
