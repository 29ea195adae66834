package decoupled_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/idp/decoupled"
	"github.com/poolhouse/poolhouse/internal/ephemeral"
	"github.com/poolhouse/poolhouse/internal/ephemeral/ephemeraltest"
	"github.com/poolhouse/poolhouse/internal/keyring/keyringtest"
	"github.com/poolhouse/poolhouse/userpool"
)

const (
	pool  userpool.PoolID   = "us-east-1_Test00001"
	app   userpool.ClientID = "app"
	other userpool.ClientID = "other"
)

type world struct {
	*decoupled.Store
	now time.Time
}

func open(t *testing.T) *world {
	w := &world{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	clock := func() time.Time { return w.now }
	w.Store = &decoupled.Store{Ephemeral: ephemeraltest.New(clock), Keys: keyringtest.New(t), Now: clock}
	return w
}

func (w *world) add(t *testing.T, kind string) (string, *decoupled.Request) {
	t.Helper()
	r := &decoupled.Request{Kind: kind, Pool: pool, Client: app, Scopes: []string{"openid"}, Created: w.now, Expires: w.now.Add(decoupled.Life), Sub: "alice"}
	secret, err := w.Add(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	return secret, r
}

func (w *world) poll(secret string) error {
	_, _, err := w.Poll(context.Background(), pool, app, decoupled.Device, secret)
	return err
}

func want(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func TestDevice(t *testing.T) {
	w := open(t)
	ctx := context.Background()
	secret, r := w.add(t, decoupled.Device)
	want(t, "first poll", w.poll(secret), decoupled.ErrPending)
	id, found, err := w.ByUserCode(ctx, pool, r.UserCode)
	if err != nil || found.Client != app || id != idp.HandleOf(secret) {
		t.Fatalf("by its code: %v", err)
	}
	if _, _, err := w.ByUserCode(ctx, "us-east-1_Other0001", r.UserCode); !errors.Is(err, decoupled.ErrNotFound) {
		t.Errorf("in another pool (S8): %v", err)
	}
	a := decoupled.Answer{Approved: true, Sub: "alice", AuthTime: w.now}
	if err := w.Decide(ctx, found, id, a); err != nil {
		t.Fatal(err)
	}
	want(t, "a second answer", w.Decide(ctx, found, id, decoupled.Answer{}), decoupled.ErrDecided)
	_, _, err = w.ByUserCode(ctx, pool, r.UserCode)
	want(t, "the code afterwards", err, decoupled.ErrDecided)
	for _, try := range []struct {
		name   string
		client userpool.ClientID
		kind   string
		secret string
	}{{"another client (S1)", other, decoupled.Device, secret}, {"another kind", app, decoupled.CIBA, secret},
		{"cut (S9)", app, decoupled.Device, secret[1:]}, {"longer (S9)", app, decoupled.Device, secret + "A"},
		{"the handle", app, decoupled.Device, string(idp.HandleOf(secret))}} {
		_, _, err := w.Poll(ctx, pool, try.client, try.kind, try.secret)
		want(t, try.name, err, decoupled.ErrNotFound)
	}
	_, got, err := w.Poll(ctx, pool, app, decoupled.Device, secret)
	if err != nil || got.Sub != "alice" {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestSpendOnce (S2): of fifty, one gets the answer.
func TestSpendOnce(t *testing.T) {
	w := open(t)
	secret, r := w.add(t, decoupled.Device)
	if err := w.Decide(context.Background(), r, idp.HandleOf(secret), decoupled.Answer{Approved: true}); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	won := 0
	for range 50 {
		wg.Go(func() {
			err := w.Spend(context.Background(), r, secret)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				won++
			} else {
				want(t, "a loser", err, decoupled.ErrNotFound)
			}
		})
	}
	wg.Wait()
	if won != 1 {
		t.Errorf("%d won", won)
	}
}

func TestPace(t *testing.T) {
	w := open(t)
	secret, _ := w.add(t, decoupled.Device)
	step := func(after time.Duration, expect error) {
		t.Helper()
		w.now = w.now.Add(after)
		want(t, "after "+after.String(), w.poll(secret), expect)
	}
	step(0, decoupled.ErrPending)
	step(5*time.Second, decoupled.ErrPending)
	step(time.Second, decoupled.ErrSlowDown)
	step(4*time.Second, decoupled.ErrPending) // five after the last one that counted
	step(5*time.Second, decoupled.ErrSlowDown)
	step(10*time.Second, decoupled.ErrPending)
	w.now = w.now.Add(decoupled.Life)
	want(t, "at its end", w.poll(secret), decoupled.ErrExpired)
	w.now = w.now.Add(decoupled.Life)
	want(t, "long after", w.poll(secret), decoupled.ErrNotFound)
}

func TestDenied(t *testing.T) {
	w := open(t)
	secret, r := w.add(t, decoupled.CIBA)
	id, found, err := w.Newest(context.Background(), pool, "alice")
	if err != nil || id != idp.HandleOf(secret) || found.UserCode != "" {
		t.Fatalf("%+v, %v", found, err)
	}
	if err := w.Decide(context.Background(), r, id, decoupled.Answer{}); err != nil {
		t.Fatal(err)
	}
	_, _, err = w.Poll(context.Background(), pool, app, decoupled.CIBA, secret)
	want(t, "poll", err, decoupled.ErrDenied)
	_, _, err = w.Newest(context.Background(), pool, "alice")
	want(t, "newest", err, decoupled.ErrDecided)
	_, _, err = w.Newest(context.Background(), pool, "bob")
	want(t, "of another", err, decoupled.ErrNotFound)
}

// TestStoreFails (S4): an answer that was not kept was not given.
func TestStoreFails(t *testing.T) {
	w := open(t)
	secret, r := w.add(t, decoupled.Device)
	broken := *w.Store
	broken.Ephemeral = failing{w.Ephemeral}
	if broken.Decide(context.Background(), r, idp.HandleOf(secret), decoupled.Answer{Approved: true}) == nil {
		t.Error("Decide succeeded")
	}
	if broken.Spend(context.Background(), r, secret) == nil {
		t.Error("Spend succeeded")
	}
}

type failing struct{ ephemeral.Store }

func (failing) Claim(context.Context, string, string, time.Time) (bool, error) {
	return false, errors.New("disk")
}

func TestUserCodes(t *testing.T) {
	w := open(t)
	_, r := w.add(t, decoupled.Device)
	if len(r.UserCode) != 9 || strings.Trim(r.UserCode, "BCDFGHJKLMNPQRSTVWXZ-") != "" {
		t.Errorf("code %q", r.UserCode)
	}
	for typed, want := range map[string]string{"wdjbmjht": "WDJB-MJHT", " WDJB mjht ": "WDJB-MJHT", "W-D-J-B–MJHT": "WDJB-MJHT", "": "", "WDJBMJH": "",
		"WDJBMJHTT": "", "WDJBMJH1": "", "WDJBMJHA": "", strings.Repeat("-", 100): "", "ẀDJBMJHT": ""} {
		if got := decoupled.NormalCode(typed); got != want {
			t.Errorf("%q is %q, want %q", typed, got, want)
		}
	}
}

func FuzzNormalCode(f *testing.F) {
	f.Add("wdjb-mjht")
	f.Fuzz(func(t *testing.T, typed string) {
		code := decoupled.NormalCode(typed)
		if code != "" && (len(code) != 9 || decoupled.NormalCode(code) != code) {
			t.Errorf("%q became %q", typed, code)
		}
	})
}
