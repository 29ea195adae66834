package oidcop_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"
)

// beside runs op and, interleaved with it, the signatures that it cannot do
// without, and reports the ratio of their CPU times: waiting for a disk is no
// cost of ours, and no figure to compare on a shared machine.
func beside(b *testing.B, signatures int, op func()) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		b.Fatal(err)
	}
	sum := sha256.Sum256([]byte("token"))
	var floor, spent time.Duration
	for b.Loop() {
		start := cpuTime(b)
		op()
		middle := cpuTime(b)
		for range signatures {
			if _, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:]); err != nil {
				b.Fatal(err)
			}
		}
		spent += middle - start
		floor += cpuTime(b) - middle
	}
	b.ReportMetric(float64(spent)/float64(floor), "x-signatures")
	b.ReportMetric(float64(spent.Microseconds())/float64(b.N), "µs-cpu/op")
}

// cpuTime is what this process has used.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func (h *house) serve(method, path string, form url.Values, cookies []*http.Cookie, header http.Header) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, values := range header {
		r.Header[name] = values
	}
	for _, c := range cookies {
		r.AddCookie(c)
	}
	rec := httptest.NewRecorder()
	h.front.ServeHTTP(rec, r)
	return rec
}

// BenchmarkCodeFlow is a code flow with a session: no password hash.
func BenchmarkCodeFlow(b *testing.B) {
	h := open(b)
	v := h.visitor()
	v.signIn(authorizeURL(poolID, public, nil), "alice")
	home, _ := url.Parse(h.url)
	cookies := v.client.Jar.Cookies(home)
	beside(b, 2, func() {
		at := h.serve("GET", authorizeURL(poolID, public, nil), nil, cookies, nil).Header().Get("Location")
		u, err := url.Parse(at)
		if err != nil {
			b.Fatal(err)
		}
		if rec := h.serve("POST", "/"+poolID+"/oauth2/token", redemption(public, u.Query().Get("code")), nil, nil); rec.Code != 200 {
			b.Fatal(rec.Body)
		}
	})
}

func BenchmarkRefresh(b *testing.B) {
	h := open(b)
	_, set := h.token(poolID, redemption(public, h.code(poolID, public, nil)))
	form := url.Values{"grant_type": {"refresh_token"}, "client_id": {public}, "refresh_token": {set["refresh_token"].(string)}}
	beside(b, 2, func() {
		if rec := h.serve("POST", "/"+poolID+"/oauth2/token", form, nil, nil); rec.Code != 200 {
			b.Fatal(rec.Body)
		}
	})
}

func BenchmarkClientCredentials(b *testing.B) {
	h := open(b)
	form, header := url.Values{"grant_type": {"client_credentials"}}, basic(m2mID, secret)
	beside(b, 1, func() {
		if rec := h.serve("POST", "/"+poolID+"/oauth2/token", form, nil, header); rec.Code != 200 {
			b.Fatal(rec.Body)
		}
	})
}

func BenchmarkDiscovery(b *testing.B) {
	h := open(b)
	for b.Loop() {
		if rec := h.serve("GET", "/"+poolID+"/.well-known/openid-configuration", nil, nil, nil); rec.Code != 200 {
			b.Fatal(rec.Body)
		}
	}
}
