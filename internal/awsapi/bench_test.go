package awsapi_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsapi"
)

func FuzzREST(f *testing.F) {
	h := newHandler(f, &backend{})
	f.Add("GET", "/identitypools/us-east-1%3A0a/identities/us-east-1:ff/datasets?maxResults=3", "")
	f.Add("POST", "/identitypools/a/identities/b/datasets/..%2f", `{"SyncSessionToken":"x"}`)
	f.Add("DELETE", "/identitypools/%ff/identities/%00/datasets/x", "{")
	f.Fuzz(func(t *testing.T, method, url, body string) {
		r, err := http.NewRequest(method, "http://example.com"+url, strings.NewReader(body))
		if err != nil || r.Method == "OPTIONS" || r.Method == "CONNECT" {
			return
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code == 500 {
			t.Fatalf("%s %s: %s", method, url, w.Body)
		}
	})
}

func BenchmarkGetCallerIdentity(b *testing.B) {
	back := &backend{}
	h, err := awsapi.NewHandler(awsapi.Config{Services: back.services(), Credentials: back, Authorizer: back,
		Now: func() time.Time { return now }})
	if err != nil {
		b.Fatal(err)
	}
	r := identity.build(b)
	body, _ := io.ReadAll(r.Body)
	b.ReportAllocs()
	for b.Loop() {
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != 200 {
			b.Fatal(w.Body)
		}
	}
}

func BenchmarkNewHandler(b *testing.B) {
	back := &backend{}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := awsapi.NewHandler(awsapi.Config{Services: back.services(), Credentials: back, Authorizer: back}); err != nil {
			b.Fatal(err)
		}
	}
}
