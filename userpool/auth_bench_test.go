package userpool_test

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"slices"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
	"github.com/poolhouse/poolhouse/userpool/srp"
)

// ratio runs an operation and its unavoidable work in turn, and reports the
// operation's median time as a multiple of the floor's.
func ratio(b *testing.B, floor, operation func()) {
	b.Helper()
	var floors, operations []float64
	timed := func(f func()) float64 {
		start := time.Now()
		f()
		return float64(time.Since(start))
	}
	for b.Loop() {
		floors = append(floors, timed(floor))
		operations = append(operations, timed(operation))
	}
	median := func(v []float64) float64 {
		slices.Sort(v)
		return v[len(v)/2]
	}
	b.ReportMetric(median(operations)/median(floors), "x-floor")
	b.ReportMetric(median(floors)/1e3, "floor-µs")
	b.ReportMetric(median(operations)/1e3, "op-µs")
}

// twoSignatures is the floor of a sign-in: an access and an ID token.
func (w *world) twoSignatures() func() {
	key := w.signer(worldPool, "access")
	sum := sha256.Sum256([]byte("claims"))
	return func() {
		for range 2 {
			if _, err := key.Sign(rand.Reader, sum[:], crypto.SHA256); err != nil {
				w.Fatal(err)
			}
		}
	}
}

func BenchmarkPasswordSignInWithoutHash(b *testing.B) {
	w := newWorldWith(b, userpool.HashCost{MemoryKiB: 8, Passes: 1, Lanes: 1})
	w.mustSignIn()
	ratio(b, w.twoSignatures(), func() { w.mustSignIn() })
}

func BenchmarkPasswordSignIn(b *testing.B) {
	w := newWorldWith(b, userpool.DefaultHashCost)
	sign := w.twoSignatures()
	w.mustSignIn()
	ratio(b, func() {
		if _, err := w.hasher.Verify(b.Context(), w.alice.Password, password); err != nil {
			b.Fatal(err)
		}
		sign()
	}, func() { w.mustSignIn() })
}

func BenchmarkSRPSignIn(b *testing.B) {
	w := newWorld(b)
	sign := w.twoSignatures()
	half := srp.NewClient()
	id := srp.Identity{Group: "World0001", Name: "alice"}
	verifier := srp.Verifier(id, password, w.alice.SRPSalt)
	var answer map[string]string
	prepare := func() *userpool.Challenge {
		step, err := w.initiate(w.client, "USER_SRP_AUTH", "USERNAME", "alice", "SRP_A", half.Public.Text(16))
		w.check(err)
		return step.Challenge
	}
	// The client's arithmetic is not the server's: it runs between the two calls,
	// outside the measurement, by answering the challenge of the round before.
	ch := prepare()
	answer = w.srpAnswer(half, ch, password)
	var next *userpool.Challenge
	var floors, operations []time.Duration
	for b.Loop() {
		start := time.Now()
		if _, _, err := srp.Accept(half.Public, verifier); err != nil {
			b.Fatal(err)
		}
		sign()
		floors = append(floors, time.Since(start))
		start = time.Now()
		next = prepare()
		if _, err := w.verify(w.client, answer); err != nil {
			b.Fatal(err)
		}
		operations = append(operations, time.Since(start))
		answer = w.srpAnswer(half, next, password)
	}
	slices.Sort(floors)
	slices.Sort(operations)
	floor, op := floors[len(floors)/2], operations[len(operations)/2]
	b.ReportMetric(float64(op)/float64(floor), "x-floor")
	b.ReportMetric(float64(floor)/1e3, "floor-µs")
	b.ReportMetric(float64(op)/1e3, "op-µs")
}

func BenchmarkRefreshRotating(b *testing.B) {
	w := rotating(b, 0)
	token := w.mustSignIn().RefreshToken
	ratio(b, w.twoSignatures(), func() {
		set, err := w.refresh(token)
		w.check(err)
		token = set.RefreshToken
	})
}

func BenchmarkRefresh(b *testing.B) {
	w := newWorld(b)
	token := w.mustSignIn().RefreshToken
	ratio(b, w.twoSignatures(), func() {
		_, err := w.refresh(token)
		w.check(err)
	})
}

func BenchmarkVerifyAccess(b *testing.B) {
	w := newWorld(b)
	token := w.mustSignIn().AccessToken
	b.ReportAllocs()
	for b.Loop() {
		_, err := w.tokens.VerifyAccess(b.Context(), token)
		w.check(err)
	}
}

func BenchmarkJWKS(b *testing.B) {
	w := newWorld(b)
	b.ReportAllocs()
	for b.Loop() {
		_, err := w.tokens.JWKS(b.Context(), worldPool)
		w.check(err)
	}
}
