package samlxml_test

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"slices"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/samlxml"
)

// interleave times op and its floor in turns, so that both meet the same
// machine, and reports op's median as a multiple of the floor's.
func interleave(b *testing.B, unit string, floor, op func()) {
	b.Helper()
	var low, high []time.Duration
	for b.Loop() {
		start := time.Now()
		floor()
		mid := time.Now()
		op()
		low, high = append(low, mid.Sub(start)), append(high, time.Since(mid))
	}
	b.ReportMetric(float64(median(high))/float64(median(low)), unit)
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

func rsaSign(b *testing.B) func() {
	sum := sha256.Sum256([]byte("floor"))
	return func() {
		if _, err := keys().idp.Key.Sign(rand.Reader, sum[:], crypto.SHA256); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkWriteResponse compares writing a Response with one raw signature:
// the unit x-sign is how many of them it costs.
func BenchmarkWriteResponse(b *testing.B) {
	for name, response := range map[string]bool{"one signature": false, "two signatures": true} {
		b.Run(name, func(b *testing.B) {
			o := outgoing()
			o.SignResponse = response
			b.ReportAllocs()
			interleave(b, "x-sign", rsaSign(b), func() { write(b, keys().idp, o) })
		})
	}
}

func BenchmarkVerifyResponse(b *testing.B) {
	raw := write(b, keys().idp, outgoing())
	b.ReportAllocs()
	interleave(b, "x-sign", rsaSign(b), func() {
		if _, err := samlxml.VerifyResponse(raw, idpCerts(), now); err != nil {
			b.Fatal(err)
		}
	})
}
