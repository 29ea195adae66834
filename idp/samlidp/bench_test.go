package samlidp_test

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/idp/samlidp"
)

// BenchmarkSSO answers a signed request of a browser with a session, all of it
// but the network, beside one raw signature by the same key: x-sign is how many
// of those it costs. The budget is 1.6 for one signature, 2.8 for two.
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
	r.ask(b, nil) // signs in
	u, err := r.request(b, saml.HTTPRedirectBinding, nil).Redirect("relay-1", r.sp)
	if err != nil {
		b.Fatal(err)
	}
	req := httptest.NewRequest(http.MethodGet, u.String(), nil)
	for _, c := range r.browser.Jar.Cookies(u) {
		req.AddCookie(c)
	}
	key, err := r.h.Keys.CertifiedSigner(b.Context(), "pool/"+string(poolID)+"/saml", "")
	if err != nil {
		b.Fatal(err)
	}
	sum := sha256.Sum256([]byte("floor"))
	var floor, total []time.Duration
	b.ReportAllocs()
	for b.Loop() {
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
