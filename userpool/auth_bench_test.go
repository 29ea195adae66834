package userpool_test

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"slices"
	"syscall"
	"testing"

	"github.com/poolhouse/poolhouse/userpool"
	"github.com/poolhouse/poolhouse/userpool/srp"
)

// A versus compares an operation with its unavoidable work. Both are measured in
// turn, in CPU time of the process: other load on the machine does not count, nor
// does the wait for a disk.
type versus struct{ floors, operations []float64 }

func cpuTime() float64 {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		panic(err)
	}
	return float64(r.Utime.Nano()+r.Stime.Nano()) / 1e3
}

func timed(f func()) float64 {
	start := cpuTime()
	f()
	return cpuTime() - start
}

// round measures each once.
func (v *versus) round(floor, operation func()) {
	v.floors = append(v.floors, timed(floor))
	v.operations = append(v.operations, timed(operation))
}

// report prints the medians, and the operation's as a multiple of the floor's.
func (v *versus) report(b *testing.B) {
	slices.Sort(v.floors)
	slices.Sort(v.operations)
	floor, operation := v.floors[len(v.floors)/2], v.operations[len(v.operations)/2]
	b.ReportMetric(operation/floor, "x-floor")
	b.ReportMetric(floor, "floor-cpu-µs")
	b.ReportMetric(operation, "op-cpu-µs")
}

// ratio runs an operation and its floor in turn.
func ratio(b *testing.B, floor, operation func()) {
	b.Helper()
	var v versus
	for b.Loop() {
		v.round(floor, operation)
	}
	v.report(b)
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
	// The client's arithmetic is not the server's: it runs between the rounds.
	ch := prepare()
	var v versus
	for b.Loop() {
		answer = w.srpAnswer(half, ch, password)
		v.round(func() {
			if _, _, err := srp.Accept(half.Public, verifier); err != nil {
				b.Fatal(err)
			}
			sign()
		}, func() {
			ch = prepare()
			_, err := w.verify(w.client, answer)
			w.check(err)
		})
	}
	v.report(b)
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
