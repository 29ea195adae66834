package jose_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/jose"
	"github.com/poolhouse/poolhouse/internal/outbound"
)

// A publisher is somebody's jwks_uri.
type publisher struct {
	mu    sync.Mutex
	keys  jose.Keys
	err   error
	calls int
}

func (p *publisher) Fetch(context.Context, string, int) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.calls++; p.err != nil {
		return nil, p.err
	}
	return jose.EncodeKeySet(p.keys)
}

func TestRemoteKeys(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	first, second := publicKey(jose.ES256), publicKey(jose.EdDSA)
	p := &publisher{keys: jose.Keys{first}}
	set := (&jose.RemoteKeys{Fetch: p, Now: func() time.Time { return now }}).At("https://rp.example/jwks")
	find := func(step, kid string, want, calls int) {
		t.Helper()
		keys, err := set.Find(t.Context(), kid)
		if len(keys) != want || err != nil || p.calls != calls {
			t.Errorf("%s: %d keys (want %d) after %d calls (want %d), %v", step, len(keys), want, p.calls, calls, err)
		}
	}
	find("first", first.ID, 1, 1)
	find("again", first.ID, 1, 1)
	find("all", "", 1, 1)
	find("unknown at once", second.ID, 0, 1)
	now = now.Add(6 * time.Second)
	p.keys = append(p.keys, second)
	find("new key", second.ID, 1, 2)
	for range 10 {
		find("hostile kid", "x", 0, 2)
	}
	now = now.Add(11 * time.Minute)
	p.keys = jose.Keys{second}
	find("removed", first.ID, 0, 3)
	now = now.Add(11 * time.Minute)
	p.err = errors.New("down")
	find("down", second.ID, 1, 4)
	find("down, not asked", second.ID, 1, 4)
	if _, err := set.Find(t.Context(), "x"); !errors.Is(err, jose.ErrUnavailable) {
		t.Errorf("what may be a new key: %v", err)
	}
	now = now.Add(time.Hour)
	if _, err := set.Find(t.Context(), second.ID); !errors.Is(err, jose.ErrUnavailable) {
		t.Errorf("down for long: %v", err)
	}
	p.err = nil
	if _, err := set.Find(t.Context(), second.ID); !errors.Is(err, jose.ErrUnavailable) || p.calls != 5 {
		t.Errorf("asked again at once: %v, %d calls", err, p.calls)
	}
	now = now.Add(6 * time.Second)
	find("up", second.ID, 1, 6)
}

// Somebody who spares a request finds a key that came into use right after the last.
func TestRemoteKeysRightAfterARollover(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	first, second := publicKey(jose.ES256), publicKey(jose.EdDSA)
	p := &publisher{keys: jose.Keys{first}}
	set := (&jose.RemoteKeys{Fetch: p, Now: func() time.Time { return now }, Spare: 1}).At("https://rp.example/jwks")
	if keys, err := set.Find(t.Context(), first.ID); err != nil || len(keys) != 1 {
		t.Fatalf("%v, %v", keys, err)
	}
	p.keys = jose.Keys{second}
	now = now.Add(time.Second)
	if keys, err := set.Find(t.Context(), second.ID); err != nil || len(keys) != 1 {
		t.Errorf("the new key: %v, %v", keys, err)
	}
	for range 100 {
		if keys, err := set.Find(t.Context(), "hostile"); err != nil || len(keys) != 0 {
			t.Errorf("%v, %v", keys, err)
		}
	}
	if p.calls != 2 {
		t.Errorf("%d calls: hostile kids drive the fetching", p.calls)
	}
	now = now.Add(6 * time.Second)
	for range 100 {
		set.Find(t.Context(), "hostile")
	}
	if p.calls != 4 {
		t.Errorf("%d calls after the pause", p.calls)
	}
}

func TestRemoteKeysOf(t *testing.T) {
	p := &publisher{keys: jose.Keys{publicKey(jose.ES256)}}
	remotes := &jose.RemoteKeys{Fetch: p, Now: time.Now}
	encoded := `{"keys":[` + encode(t, publicKey(jose.EdDSA)) + `]}`
	for name, tt := range map[string]struct{ encoded, address, want string }{
		"encoded": {encoded, "", "k-EdDSA"},
		"address": {"", "https://rp.example/jwks", "k-ES256"},
		"none":    {"", "", ""},
	} {
		set, err := remotes.Of(tt.encoded, tt.address)
		if err != nil {
			t.Fatal(err)
		}
		keys, err := set.Find(t.Context(), "")
		if err != nil || len(keys) > 0 != (tt.want != "") || len(keys) > 0 && keys[0].ID != tt.want {
			t.Errorf("%s: %v, %v", name, keys, err)
		}
	}
	if _, err := remotes.Of("{}", ""); !errors.Is(err, jose.ErrInvalid) {
		t.Errorf("bad keys: %v", err)
	}
}

// Many who wait for the same keys ask once.
func TestRemoteKeysAreAskedForOnce(t *testing.T) {
	p := &publisher{keys: jose.Keys{publicKey(jose.ES256)}}
	remotes := &jose.RemoteKeys{Fetch: p, Now: time.Now}
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if keys, err := remotes.At("https://rp.example/jwks").Find(t.Context(), "k-ES256"); err != nil || len(keys) != 1 {
				t.Errorf("%v, %v", keys, err)
			}
		})
	}
	wg.Wait()
	if p.calls > 2 {
		t.Errorf("%d calls", p.calls)
	}
}

// A client's jwks_uri must not become its way into our network.
func TestRemoteKeysStayOutside(t *testing.T) {
	var reached atomic.Bool
	inside := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		reached.Store(true)
		fmt.Fprintf(w, `{"keys":[%s]}`, encode(t, publicKey(jose.ES256)))
	}))
	defer inside.Close()
	remotes := &jose.RemoteKeys{Fetch: outbound.New(false), Now: time.Now}
	for _, address := range []string{inside.URL, strings.Replace(inside.URL, "127.0.0.1", "localhost", 1), "https://169.254.169.254/latest/meta-data",
		"https://[::ffff:127.0.0.1]/", "file:///etc/passwd", "http://example.com/", "https://user@example.com/", "gopher://x", "::"} {
		if _, err := remotes.At(address).Find(t.Context(), ""); !errors.Is(err, jose.ErrUnavailable) {
			t.Errorf("%s: %v", address, err)
		}
	}
	if reached.Load() {
		t.Error("a server inside was reached")
	}
}

// Whoever registers many addresses does not fill the memory.
func TestRemoteKeysForget(t *testing.T) {
	p := &publisher{keys: jose.Keys{publicKey(jose.ES256)}}
	now := time.Unix(1_800_000_000, 0)
	remotes := &jose.RemoteKeys{Fetch: p, Now: func() time.Time { now = now.Add(time.Microsecond); return now }}
	for i := range 4097 {
		if _, err := remotes.At(fmt.Sprint("https://rp.example/", i)).Find(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
	}
	for i, asked := range map[int]int{4096: 0, 0: 1} {
		before := p.calls
		if _, err := remotes.At(fmt.Sprint("https://rp.example/", i)).Find(t.Context(), ""); err != nil || p.calls-before != asked {
			t.Errorf("address %d: asked %d times, want %d, %v", i, p.calls-before, asked, err)
		}
	}
}
