package device_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/keyring/keyringtest"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/sync/dataset"
	"github.com/poolhouse/poolhouse/sync/device"
)

var (
	ctx   = context.Background()
	alice = dataset.Owner{Pool: "us-east-1:11aa", Identity: "us-east-1:22bb"}
)

const (
	gcm     = "arn:aws:sns:us-east-1:000000000000:app/GCM/droid"
	sandbox = "arn:aws:sns:us-east-1:000000000000:app/APNS_SANDBOX/APNS"
)

type secret string

func (s secret) Secret(context.Context, string) ([]byte, error) { return []byte(s), nil }

type applications []string

func (a *applications) Applications(context.Context, dataset.PoolID) ([]string, error) {
	return *a, nil
}

// newService returns a service whose identity alice has a dataset "notes".
func newService(t *testing.T, arns ...string) (*device.Service, *applications) {
	t.Helper()
	db := sqlstoretest.SQLite(t, time.Now)
	apps := applications(arns)
	s := &device.Service{Store: db.SyncDevices(keyringtest.Open(t, keyringtest.NewStore(), time.Now)), Settings: &apps, Pushes: true, Now: time.Now,
		Datasets: &dataset.Service{Store: db.Datasets(), Secrets: secret("k"), Now: time.Now}}
	l, err := s.Datasets.ListRecords(ctx, dataset.ListInput{Owner: alice, Dataset: "notes"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Datasets.UpdateRecords(ctx, dataset.UpdateInput{Owner: alice, Dataset: "notes", SessionToken: l.SessionToken, Patches: []dataset.Patch{{Key: "a", Value: "1"}}})
	if err != nil {
		t.Fatal(err)
	}
	return s, &apps
}

func want(t *testing.T, what string, err, kind error) {
	t.Helper()
	if !errors.Is(err, kind) || (kind == nil) != (err == nil) {
		t.Errorf("%s: %v, want %v", what, err, kind)
	}
}

func TestRegister(t *testing.T) {
	s, _ := newService(t, gcm, sandbox)
	seen := map[device.ID]bool{}
	for _, p := range []device.Platform{device.GCM, device.APNSSandbox} {
		id, err := s.Register(ctx, alice, p, "token")
		want(t, string(p), err, nil)
		again, err := s.Register(ctx, alice, p, "token")
		want(t, "again", err, nil)
		if again != id || len(id) != 36 || seen[id] {
			t.Errorf("IDs %s and %s", id, again)
		}
		seen[id] = true
	}
	for _, p := range []device.Platform{device.APNS, device.ADM, "droid", ""} {
		_, err := s.Register(ctx, alice, p, "token")
		want(t, "platform "+string(p), err, device.ErrConfiguration)
	}
	for _, token := range []string{"", strings.Repeat("t", 4097)} {
		_, err := s.Register(ctx, alice, device.GCM, token)
		want(t, "token", err, dataset.ErrInvalidParameter)
	}
	_, err := s.Register(ctx, alice, device.GCM, strings.Repeat("t", 4096))
	want(t, "a long token", err, nil)
}

func TestSubscribe(t *testing.T) {
	s, _ := newService(t, gcm)
	id, err := s.Register(ctx, alice, device.GCM, "token")
	want(t, "register", err, nil)
	want(t, "subscribe", s.Subscribe(ctx, alice, id, "notes"), nil)
	want(t, "again", s.Subscribe(ctx, alice, id, "notes"), nil)
	want(t, "no dataset", s.Subscribe(ctx, alice, id, "other"), dataset.ErrNotFound)
	want(t, "no device", s.Subscribe(ctx, alice, "other", "notes"), dataset.ErrNotFound)
	want(t, "no name", s.Subscribe(ctx, alice, id, "a b"), dataset.ErrInvalidParameter)
	bob := dataset.Owner{Pool: alice.Pool, Identity: "us-east-1:33"}
	want(t, "another's device", s.Subscribe(ctx, bob, id, "notes"), dataset.ErrNotFound)
	want(t, "another's subscription", s.Unsubscribe(ctx, bob, id, "notes"), dataset.ErrNotFound)
	want(t, "never subscribed", s.Unsubscribe(ctx, alice, id, "other"), dataset.ErrNotFound)
	want(t, "unsubscribe", s.Unsubscribe(ctx, alice, id, "notes"), nil)
	want(t, "again", s.Unsubscribe(ctx, alice, id, "notes"), dataset.ErrNotFound)
}

// TestNotConfigured takes from a pool, and then from the server, the way to push.
func TestNotConfigured(t *testing.T) {
	s, apps := newService(t, gcm)
	id, err := s.Register(ctx, alice, device.GCM, "token")
	want(t, "register", err, nil)
	calls := func(what string) {
		_, err := s.Register(ctx, alice, device.GCM, "token")
		want(t, what+": register", err, device.ErrConfiguration)
		want(t, what+": subscribe", s.Subscribe(ctx, alice, id, "notes"), device.ErrConfiguration)
		want(t, what+": unsubscribe", s.Unsubscribe(ctx, alice, id, "notes"), device.ErrConfiguration)
	}
	*apps = applications{sandbox}
	calls("another platform")
	*apps = nil
	calls("no push")
	if ready, err := s.Ready(ctx, alice.Pool); ready || err != nil {
		t.Errorf("ready %t, %v", ready, err)
	}
	*apps, s.Pushes = applications{gcm}, false
	calls("no way out")
}
