package samlidp_test

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/idp/samlidp"
)

// BenchmarkSSO answers a signed request of a browser with a session, all of it
// but the network, beside one raw signature by the same key: x-sign is how many
// of those it costs. The budget is 1.4 for one signature, 2.6 for two.
func BenchmarkSSO(b *testing.B) {
	yes := true
	for name, change := range map[string]func(*samlidp.Spec){
		"one signature":  nil,
		"two signatures": func(s *samlidp.Spec) { s.SignResponse = &yes },
	} {
		b.Run(name, func(b *testing.B) { benchSSO(b, newRig(b, change)) })
	}
}

func benchSSO(b *testing.B, r *rig) {
	r.ask(b, nil)                   // signs in
	fresh := func() *http.Request { // a request is answered once
		u, err := r.request(b, saml.HTTPRedirectBinding, nil).Redirect("relay-1", r.sp)
		if err != nil {
			b.Fatal(err)
		}
		req := httptest.NewRequest(http.MethodGet, u.String(), nil)
		for _, c := range r.browser.Jar.Cookies(u) {
			req.AddCookie(c)
		}
		return req
	}
	key, err := r.h.Keys.CertifiedSigner(b.Context(), "pool/"+string(poolID)+"/saml", "")
	if err != nil {
		b.Fatal(err)
	}
	sum := sha256.Sum256([]byte("floor"))
	var floor, total []time.Duration
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer() // what the app allocates is not ours
		req := fresh()
		b.StartTimer()
		start := time.Now()
		if _, err := key.Private.Sign(rand.Reader, sum[:], crypto.SHA256); err != nil {
			b.Fatal(err)
		}
		mid := time.Now()
		rec := httptest.NewRecorder()
		r.Config.Handler.ServeHTTP(rec, req)
		floor, total = append(floor, mid.Sub(start)), append(total, time.Since(mid))
		if rec.Code != http.StatusOK {
			b.Fatalf("status %d: %s", rec.Code, rec.Body)
		}
	}
	b.ReportMetric(float64(median(total))/float64(median(floor)), "x-sign")
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

// BenchmarkHostilePost has 800 KB of hostile XML refused: the budget is 5 ms.
func BenchmarkHostilePost(b *testing.B) {
	r := newRig(b, nil)
	for name, part := range map[string]string{"elements": "<b/>", "nesting": "<b>", "prefixes": `<b xmlns:p="u"/>`, "text": "x"} {
		raw := strings.Repeat(part, 800<<10/len(part))
		form := url.Values{"SAMLRequest": {base64.StdEncoding.EncodeToString([]byte(raw))}}.Encode()
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				req := httptest.NewRequest(http.MethodPost, r.h.SSOURL(poolID), strings.NewReader(form))
				req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				rec := httptest.NewRecorder()
				r.Config.Handler.ServeHTTP(rec, req)
				if rec.Code < 400 || rec.Code >= 500 {
					b.Fatalf("status %d", rec.Code)
				}
			}
		})
	}
}
