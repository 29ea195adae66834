package dataset_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/sts/identity"
	"github.com/poolhouse/poolhouse/sync/dataset"
)

// broken is a store of usage that can be down.
type broken struct {
	dataset.UsageStore
	err error
}

func (b *broken) AddUsage(ctx context.Context, changes []dataset.PoolUsage) error {
	if b.err != nil {
		return b.err
	}
	return b.UsageStore.AddUsage(ctx, changes)
}

func TestPoolUsage(t *testing.T) {
	w := newWorld(t)
	db := sqlstoretest.SQLite(t, w.Now)
	store := &broken{UsageStore: db.SyncUsage()}
	w.Meter = &dataset.Meter{Store: store, Log: slog.New(slog.DiscardHandler)}
	for _, id := range []dataset.PoolID{alice.Pool, "us-east-1:99"} {
		if err := db.Identity().CreatePool(ctx, &identity.Pool{ID: identity.PoolID(id)}); err != nil {
			t.Fatal(err)
		}
	}
	want := func(sessions, bytes int64) {
		t.Helper()
		u, err := w.DescribePoolUsage(ctx, alice.Pool)
		if err != nil || u.Sessions != sessions || u.Bytes != bytes || u.Modified.IsZero() != (bytes == 0 && sessions == 0) {
			t.Errorf("usage %+v, %v; want %d sessions and %d bytes", u, err, sessions, bytes)
		}
	}
	want(0, 0)
	w.write(put("a", "1234", 0))
	want(1, 5)
	store.err = errors.New("down")
	ok(t, w.as(guest, "notes", put("b", "1", 0)))
	if _, err := w.DescribePoolUsage(ctx, alice.Pool); !errors.Is(err, store.err) {
		t.Errorf("while the store is down: %v", err)
	}
	store.err = nil
	want(2, 7)
	ok(t, w.Merge(ctx, guest, alice))
	want(2, 9) // the originals are there still
	ok(t, w.Erase(ctx, guest), w.Erase(ctx, guest))
	want(2, 7)
	l := w.list(0) // a session, and two pages of it that are none
	for _, in := range []dataset.ListInput{{SessionToken: l.SessionToken}, {Limit: 1}} {
		in.Owner, in.Dataset = alice, "notes"
		_, err := w.ListRecords(ctx, in)
		ok(t, err)
	}
	want(4, 7)
	w.drop()
	want(4, 2)

	page, next, err := w.ListPoolUsage(ctx, "", 1)
	if err != nil || len(page) != 1 || page[0].Pool != alice.Pool || page[0].Bytes != 2 || next == "" {
		t.Fatalf("%+v, %q, %v", page, next, err)
	}
	page, last, err := w.ListPoolUsage(ctx, next, 0)
	if err != nil || len(page) != 1 || page[0].Pool != "us-east-1:99" || last != "" {
		t.Errorf("%+v, %q, %v", page, last, err)
	}
	for _, token := range []string{"nonsense", l.SessionToken} {
		if _, _, err := w.ListPoolUsage(ctx, token, 0); !errors.Is(err, dataset.ErrInvalidParameter) {
			t.Errorf("token %q: %v", token, err)
		}
	}
	if _, err := w.DescribePoolUsage(ctx, "us-east-1:none"); !errors.Is(err, dataset.ErrNotFound) {
		t.Errorf("a pool that does not exist: %v", err)
	}
}
