package bench_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/demodata"
)

// floodEvery is how often a stranger tries a password: 400 in a second, about ten
// times what one core can hash.
const floodEvery = 2500 * time.Microsecond

// Refreshes while strangers flood the server with wrong passwords. Metrics: the
// time on the clock that 99 of 100 refreshes stay under, without the flood
// (idle-p99-ms) and with it (flood-p99-ms), their ratio, and the share of the
// strangers that were told to come back.
func BenchmarkRefreshUnderFlood(b *testing.B) {
	onEach(b, func(w *world) {
		set := w.passwordSignIn()
		refresh := func() {
			var out tokens
			w.call(idp+"InitiateAuth", obj{"AuthFlow": "REFRESH_TOKEN_AUTH", "ClientId": demodata.ClientID,
				"AuthParameters": obj{"REFRESH_TOKEN": set.AuthenticationResult.RefreshToken}}, &out)
			if out.AuthenticationResult.AccessToken == "" {
				w.Fatal("no token")
			}
		}
		n := max(w.N, 1000) // fewer say little of the slowest hundredth
		idle := p99(n, refresh)
		f := startFlood(w)
		flooded := p99(n, refresh)
		tried, shed := f.stop()
		w.ReportMetric(milliseconds(idle), "idle-p99-ms")
		w.ReportMetric(milliseconds(flooded), "flood-p99-ms")
		w.ReportMetric(float64(flooded)/float64(idle), "x-idle")
		w.ReportMetric(float64(shed)/float64(tried), "shed")
		w.ReportMetric(0, "ns/op") // says nothing here
	})
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// p99 returns what 99 of 100 calls are quicker than.
func p99(n int, call func()) time.Duration {
	took := make([]time.Duration, n)
	for i := range took {
		start := time.Now()
		call()
		took[i] = time.Since(start)
	}
	slices.Sort(took)
	return took[n*99/100]
}

// A flood is strangers who try passwords of users that there are not, each from an
// address of its own, at a pace that does not wait for the answers.
type flood struct {
	done        chan struct{}
	wg          sync.WaitGroup
	tried, shed atomic.Int64
}

// startFlood returns once the first strangers are turned away: the queue is full.
func startFlood(w *world) *flood {
	f := &flood{done: make(chan struct{})}
	full := make(chan struct{})
	f.wg.Go(func() {
		tick := time.NewTicker(floodEvery)
		defer tick.Stop()
		for i := 0; ; i++ {
			select {
			case <-f.done:
				return
			case <-tick.C:
				f.wg.Go(func() { f.try(w, i, full) })
			}
		}
	})
	<-full
	return f
}

func (f *flood) try(w *world, i int, full chan<- struct{}) {
	body, err := json.Marshal(obj{"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": demodata.ClientID,
		"AuthParameters": obj{"USERNAME": fmt.Sprintf("stranger-%d", i), "PASSWORD": "Wrong-password-1"}})
	if err != nil {
		w.Error(err)
		return
	}
	r := httptest.NewRequest(http.MethodPost, w.server.URL()+"/", bytes.NewReader(body))
	r.RemoteAddr = fmt.Sprintf("203.%d.%d.%d:1000", i>>16&255, i>>8&255, i&255)
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", idp+"InitiateAuth")
	rec := httptest.NewRecorder()
	w.server.Handler().ServeHTTP(rec, r)
	f.tried.Add(1)
	if bytes.Contains(rec.Body.Bytes(), []byte("TooManyRequests")) && f.shed.Add(1) == 1 {
		close(full)
	}
}

func (f *flood) stop() (tried, shed int64) {
	close(f.done)
	f.wg.Wait()
	return f.tried.Load(), f.shed.Load()
}
