package openid_test

import (
	"crypto/rand"
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// apps is a web server where the relying parties of a test run live, each below a
// path of its own.
type apps struct {
	url string
	ca  *harness.Authority

	mu    sync.Mutex
	files map[string]file
	inbox map[string][]visit
}

// A file is what an address answers.
type file struct {
	kind string // Content-Type
	body string
}

// A visit is a request that an app was sent.
type visit struct {
	Method, Kind string // Kind is the Content-Type
	Query, Form  url.Values
}

func newApps(t *testing.T, ca *harness.Authority) *apps {
	t.Helper()
	a := &apps{ca: ca, files: map[string]file{}, inbox: map[string][]visit{}}
	s := httptest.NewUnstartedServer(a)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{ca.Server(t, "127.0.0.1", "localhost")}}
	s.StartTLS()
	t.Cleanup(s.Close)
	a.url = s.URL
	return a
}

// home returns an address that no other app has.
func (a *apps) home() string { return a.url + "/" + strings.ToLower(rand.Text()) }

// serve has an address answer that; an app may change its mind.
func (a *apps) serve(address, kind, body string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.files[a.path(address)] = file{kind, body}
}

// visits returns what an address was sent so far.
func (a *apps) visits(address string) []visit {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.inbox[a.path(address)]
}

func (a *apps) path(address string) string {
	path, _, _ := strings.Cut(strings.TrimPrefix(address, a.url), "?")
	return path
}

func (a *apps) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.inbox[r.URL.Path] = append(a.inbox[r.URL.Path], visit{r.Method, r.Header.Get("Content-Type"), r.URL.Query(), r.PostForm})
	f, ok := a.files[r.URL.Path]
	if !ok {
		f = file{"text/plain", "the app was reached"}
	}
	w.Header().Set("Content-Type", f.kind)
	_, _ = w.Write([]byte(f.body)) // if the reader left, nobody is there to tell
}
