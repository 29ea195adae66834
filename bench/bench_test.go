// Package bench_test measures what the main operations cost the server, from
// the HTTP request to its answer, each beside the work that it cannot avoid.
//
// Costs are CPU time of the process: the waits for a disk or a database, and
// what else the machine does, don't count. What the client does (signing,
// SRP, parsing) runs in the same process but outside the measured spans.
package bench_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"net/http"
	"net/http/httptest"
	"slices"
	"syscall"
	"testing"
)

// A meter adds up the CPU time of an operation and of its floor, in turns.
type meter struct {
	b                 *testing.B
	handler           http.Handler
	overhead          float64 // of a span, in µs
	operation         float64 // of the round so far
	asideFloor        float64 // of the round: what the floor's client did
	operations, floor []float64
}

func newMeter(b *testing.B, h http.Handler) *meter {
	m := &meter{b: b, handler: h}
	empty := make([]float64, 1001)
	for i := range empty {
		start := cpuTime(b)
		empty[i] = cpuTime(b) - start
	}
	slices.Sort(empty)
	m.overhead = empty[len(empty)/2]
	return m
}

// cpuTime is what the process has used, in µs.
func cpuTime(b *testing.B) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e3
}

// serve has the server answer a request, and counts the cost.
func (m *meter) serve(r *http.Request) *httptest.ResponseRecorder {
	m.b.Helper()
	r.RemoteAddr = "127.0.0.1:4711"
	w := httptest.NewRecorder()
	start := cpuTime(m.b)
	m.handler.ServeHTTP(w, r)
	m.operation += cpuTime(m.b) - start - m.overhead
	if w.Code >= 400 {
		m.b.Fatalf("%s %s: %d %s", r.Method, r.URL.Path, w.Code, w.Body)
	}
	return w
}

// run repeats a round, whose requests operation sends by serve, and its floor.
func (m *meter) run(operation, floor func()) {
	m.b.Helper()
	operation() // what only the first one pays is no cost of each
	for m.b.Loop() {
		m.operation = 0
		operation()
		m.asideFloor = 0
		start := cpuTime(m.b)
		floor()
		m.floor = append(m.floor, cpuTime(m.b)-start-m.asideFloor-m.overhead)
		m.operations = append(m.operations, m.operation)
	}
	operationCost, floorCost := typical(m.operations), typical(m.floor)
	m.b.ReportMetric(operationCost, "cpu-µs")
	m.b.ReportMetric(floorCost, "floor-µs")
	m.b.ReportMetric(operationCost/floorCost, "x-floor")
}

// windows is how many stretches a run is cut into.
const windows = 9

// typical is the median of the means of the stretches: garbage collection
// counts, one disturbance of the machine does not.
func typical(costs []float64) float64 {
	n := min(windows, len(costs))
	means := make([]float64, n)
	for i := range means {
		part := costs[i*len(costs)/n : (i+1)*len(costs)/n]
		for _, c := range part {
			means[i] += c / float64(len(part))
		}
	}
	slices.Sort(means)
	return means[n/2]
}

// signatures is the floor of what signs n tokens or messages: RSA-2048.
func signatures(b *testing.B, n int) func() {
	b.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		b.Fatal(err)
	}
	sum := sha256.Sum256([]byte("floor"))
	return func() {
		for range n {
			if _, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:]); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// signaturesES256 is the same for P-256.
func signaturesES256(b *testing.B, n int) func() {
	b.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	sum := sha256.Sum256([]byte("floor"))
	return func() {
		for range n {
			if _, _, err := ecdsa.Sign(rand.Reader, key, sum[:]); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// verification is the floor of what verifies a token: one RSA-2048 signature.
func verification(b *testing.B) func() {
	b.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		b.Fatal(err)
	}
	sum := sha256.Sum256([]byte("floor"))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
	if err != nil {
		b.Fatal(err)
	}
	return func() {
		if err := rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, sum[:], signature); err != nil {
			b.Fatal(err)
		}
	}
}
