package keyring_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/keyring"
	"github.com/poolhouse/poolhouse/internal/keyring/keyringtest"
)

var ctx = context.Background()

type clock struct{ us atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.us.Store(time.Date(2026, 11, 2, 3, 4, 5, 0, time.UTC).UnixMicro())
	return c
}

func (c *clock) now() time.Time          { return time.UnixMicro(c.us.Load()).UTC() }
func (c *clock) advance(d time.Duration) { c.us.Add(d.Microseconds()) }

func TestMemoryStore(t *testing.T) {
	keyringtest.TestStore(t, func(*testing.T) keyring.Store { return keyringtest.NewStore() })
}

func TestSeal(t *testing.T) {
	ring := keyringtest.New(t)
	sealed, err := ring.Seal([]byte("secret"), "row/1")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := ring.Open(sealed, "row/1"); err != nil || string(got) != "secret" {
		t.Fatalf("got %q, %v", got, err)
	}
	again, err := ring.Seal([]byte("secret"), "row/1")
	if err != nil || bytes.Equal(again, sealed) {
		t.Error("sealing twice gave the same bytes")
	}
	if _, err := ring.Open(sealed, "row/2"); !errors.Is(err, keyring.ErrSealBroken) {
		t.Errorf("another row: %v", err)
	}
	for i := range sealed {
		broken := bytes.Clone(sealed)
		broken[i] ^= 1
		if _, err := ring.Open(broken, "row/1"); !errors.Is(err, keyring.ErrSealBroken) {
			t.Errorf("byte %d changed: %v", i, err)
		}
		if _, err := ring.Open(sealed[:i], "row/1"); !errors.Is(err, keyring.ErrSealBroken) {
			t.Errorf("cut at %d: %v", i, err)
		}
	}
}

func TestWrongMasterKey(t *testing.T) {
	store := keyringtest.NewStore()
	if fresh, err := keyring.Fresh(ctx, store); err != nil || !fresh {
		t.Fatalf("new store: fresh %v, %v", fresh, err)
	}
	keyringtest.Open(t, store, time.Now)
	if fresh, err := keyring.Fresh(ctx, store); err != nil || fresh {
		t.Fatalf("used store: fresh %v, %v", fresh, err)
	}
	_, err := keyring.Open(ctx, store, bytes.Repeat([]byte{7}, 32), time.Now)
	if !errors.Is(err, keyring.ErrWrongMasterKey) || !strings.Contains(err.Error(), "POOLHOUSE_MASTER_KEY") {
		t.Errorf("got %v", err)
	}
	if _, err := keyring.Open(ctx, store, []byte("short"), time.Now); err == nil {
		t.Error("a short master key was accepted")
	}
}

func TestSignerIsMadeOnce(t *testing.T) {
	store := keyringtest.NewStore()
	rings := []*keyring.Keys{keyringtest.Open(t, store, time.Now), keyringtest.Open(t, store, time.Now)}
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		seen = map[string]bool{}
	)
	for i := range 40 {
		wg.Go(func() {
			key, err := rings[i%2].Signer(ctx, "pool/a/id", "RS256")
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			seen[key.ID] = true
		})
	}
	wg.Wait()
	if len(seen) != 1 {
		t.Errorf("%d different keys", len(seen))
	}
}

func TestSignerKinds(t *testing.T) {
	ring := keyringtest.New(t)
	rs, err := ring.Signer(ctx, "a", "RS256")
	if err != nil {
		t.Fatal(err)
	}
	if key, ok := rs.Private.(*rsa.PrivateKey); !ok || key.N.BitLen() != 2048 || rs.State != keyring.Active {
		t.Errorf("RS256: %T, %s", rs.Private, rs.State)
	}
	es, err := ring.Signer(ctx, "b", "ES256")
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := es.Private.(*ecdsa.PrivateKey); !ok {
		t.Errorf("ES256: %T", es.Private)
	}
	if _, err := ring.Signer(ctx, "a", "ES256"); err == nil {
		t.Error("a scope changed its algorithm")
	}
	if _, err := ring.Signer(ctx, "c", "none"); err == nil {
		t.Error("made a key for algorithm none")
	}
}

func TestCertifiedSigner(t *testing.T) {
	clk := newClock()
	store := keyringtest.NewStore()
	made, err := keyringtest.Open(t, store, clk.now).CertifiedSigner(ctx, "pool/a/saml", "us-east-1_A")
	if err != nil {
		t.Fatal(err)
	}
	key, err := keyringtest.Open(t, store, clk.now).CertifiedSigner(ctx, "pool/a/saml", "us-east-1_A")
	if err != nil {
		t.Fatal(err)
	}
	cert := key.Certificate
	if !cert.Equal(made.Certificate) || cert.Subject.CommonName != "us-east-1_A" {
		t.Errorf("certificate of %q", cert.Subject.CommonName)
	}
	if err := cert.CheckSignature(cert.SignatureAlgorithm, cert.RawTBSCertificate, cert.Signature); err != nil {
		t.Error(err)
	}
	if !cert.PublicKey.(*rsa.PublicKey).Equal(key.Private.Public()) {
		t.Error("the certificate is not of this key")
	}
	if years := cert.NotAfter.Sub(clk.now()).Hours() / 24 / 365; years < 9.9 || !cert.NotBefore.Before(clk.now()) {
		t.Errorf("valid for %.1f years from %v", years, cert.NotBefore)
	}
	rotated, err := keyringtest.Open(t, store, clk.now).Rotate(ctx, "pool/a/saml", time.Hour)
	if err != nil || rotated.Certificate == nil || rotated.Certificate.Subject.CommonName != "us-east-1_A" {
		t.Errorf("rotated: %+v, %v", rotated, err)
	}
}

func TestRotate(t *testing.T) {
	clk := newClock()
	store := keyringtest.NewStore()
	ring, other := keyringtest.Open(t, store, clk.now), keyringtest.Open(t, store, clk.now)
	first := mustSigner(t, ring)
	if mustSigner(t, other).ID != first.ID {
		t.Fatal("the other process has another key")
	}
	second, err := ring.Rotate(ctx, "s", time.Hour)
	if err != nil || second.ID == first.ID {
		t.Fatalf("rotated to %v, %v", second, err)
	}
	if got := mustSigner(t, ring); got.ID != second.ID {
		t.Error("the old key still signs")
	}
	wantPublished(t, ring, second.ID, first.ID)
	if got := mustSigner(t, other); got.ID != first.ID {
		t.Error("the other process read without need")
	}
	clk.advance(10 * time.Second)
	if got := mustSigner(t, other); got.ID != second.ID {
		t.Error("the other process missed the rotation for ten seconds")
	}
	clk.advance(time.Hour)
	wantPublished(t, ring, second.ID)
}

func TestPrepare(t *testing.T) {
	ring := keyringtest.New(t)
	first := mustSigner(t, ring)
	next, err := ring.Prepare(ctx, "s")
	if err != nil {
		t.Fatal(err)
	}
	if again, err := ring.Prepare(ctx, "s"); err != nil || again.ID != next.ID {
		t.Errorf("prepared twice: %v, %v", again, err)
	}
	if mustSigner(t, ring).ID != first.ID {
		t.Error("the next key signs already")
	}
	wantPublished(t, ring, first.ID, next.ID)
	if active, err := ring.Rotate(ctx, "s", time.Hour); err != nil || active.ID != next.ID {
		t.Errorf("rotated to %v, %v", active, err)
	}
	wantPublished(t, ring, next.ID, first.ID)
}

func TestParallelRotate(t *testing.T) {
	store := keyringtest.NewStore()
	rings := []*keyring.Keys{keyringtest.Open(t, store, time.Now), keyringtest.Open(t, store, time.Now)}
	mustSigner(t, rings[0])
	var wg sync.WaitGroup
	for _, ring := range rings {
		wg.Go(func() {
			if _, err := ring.Rotate(ctx, "s", time.Hour); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	rows, err := store.LoadKeys(ctx, "s")
	active := 0
	for _, r := range rows {
		if r.State == keyring.Active {
			active++
		}
	}
	if err != nil || active != 1 {
		t.Errorf("%d active keys, %v", active, err)
	}
}

func TestDrop(t *testing.T) {
	ring := keyringtest.New(t)
	before := mustSigner(t, ring)
	secret, err := ring.Secret(ctx, "s/cookie")
	if err != nil {
		t.Fatal(err)
	}
	if err := ring.Drop(ctx, "s"); err != nil {
		t.Fatal(err)
	}
	if mustSigner(t, ring).ID == before.ID {
		t.Error("the key outlived Drop")
	}
	if again, err := ring.Secret(ctx, "s/cookie"); err != nil || bytes.Equal(again, secret) {
		t.Errorf("the secret outlived Drop, %v", err)
	}
}

func TestSecret(t *testing.T) {
	store := keyringtest.NewStore()
	a, err := keyringtest.Open(t, store, time.Now).Secret(ctx, "sts")
	if err != nil || len(a) != 32 {
		t.Fatalf("%d bytes, %v", len(a), err)
	}
	ring := keyringtest.Open(t, store, time.Now)
	if b, err := ring.Secret(ctx, "sts"); err != nil || !bytes.Equal(a, b) {
		t.Errorf("another process has another secret, %v", err)
	}
	if b, err := ring.Secret(ctx, "other"); err != nil || bytes.Equal(a, b) {
		t.Errorf("two names, one secret, %v", err)
	}
}

// A row that somebody moved to another scope in the database does not open.
func TestMovedRow(t *testing.T) {
	store, moved := keyringtest.NewStore(), keyringtest.NewStore()
	mustSigner(t, keyringtest.Open(t, store, time.Now))
	rows, err := store.LoadKeys(ctx, "s")
	if err != nil {
		t.Fatal(err)
	}
	ring := keyringtest.Open(t, moved, time.Now)
	rows[0].Scope = "t"
	if err := moved.InsertKey(ctx, rows[0]); err != nil {
		t.Fatal(err)
	}
	if _, err := ring.Signer(ctx, "t", "RS256"); !errors.Is(err, keyring.ErrSealBroken) {
		t.Errorf("got %v, want ErrSealBroken", err)
	}
}

func TestCancelledCreateSparesOthers(t *testing.T) {
	ring := keyringtest.New(t)
	started, finish := make(chan struct{}), make(chan struct{})
	deal := ring.Generate
	ring.Generate = func(alg string) (key crypto.Signer, err error) {
		close(started)
		<-finish
		return deal(alg)
	}
	cancelled, cancel := context.WithCancel(ctx)
	failed := make(chan error)
	go func() {
		_, err := ring.Signer(cancelled, "s", "RS256")
		failed <- err
	}()
	<-started
	cancel()
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled caller: %v", err)
	}
	close(finish)
	mustSigner(t, ring)
}

func mustSigner(t *testing.T, ring *keyring.Keys) *keyring.Key {
	t.Helper()
	key, err := ring.Signer(ctx, "s", "RS256")
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func wantPublished(t *testing.T, ring *keyring.Keys, want ...string) {
	t.Helper()
	keys, err := ring.Published(ctx, "s")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, key := range keys {
		got = append(got, key.ID)
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("published %v, want %v", got, want)
	}
}

func BenchmarkSigner(b *testing.B) {
	ring := keyringtest.New(b)
	for b.Loop() {
		if _, err := ring.Signer(ctx, "s", "RS256"); err != nil {
			b.Fatal(err)
		}
	}
}
