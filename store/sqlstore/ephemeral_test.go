package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/ephemeral"
	"github.com/poolhouse/poolhouse/internal/ephemeral/ephemeraltest"
	"github.com/poolhouse/poolhouse/store/sqlstore"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
)

func TestEphemeralOnSQLite(t *testing.T) {
	ephemeraltest.TestStore(t, func(t *testing.T, now func() time.Time) ephemeral.Store {
		return sqlstoretest.SQLite(t, now).Ephemeral()
	})
}

func TestEphemeralOnPostgres(t *testing.T) {
	ephemeraltest.TestStore(t, func(t *testing.T, now func() time.Time) ephemeral.Store {
		return sqlstoretest.Postgres(t, now).Ephemeral()
	})
}

func TestEphemeralDeleteExpired(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { testDeleteExpired(t, sqlstoretest.SQLite) })
	t.Run("postgres", func(t *testing.T) { testDeleteExpired(t, sqlstoretest.Postgres) })
}

func testDeleteExpired(t *testing.T, open func(testing.TB, func() time.Time) *sqlstore.DB) {
	ctx, clock := context.Background(), ephemeraltest.NewClock()
	s := open(t, clock.Now).Ephemeral()
	for i := range 5 {
		if err := s.Put(ctx, "code", fmt.Sprint(i), nil, clock.Now().Add(time.Duration(i+1)*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	clock.Advance(3 * time.Second)
	for _, want := range []int64{2, 1, 0} {
		if n, err := s.DeleteExpired(ctx, 2); err != nil || n != want {
			t.Errorf("deleted %d, %v; want %d", n, err, want)
		}
	}
	clock.Advance(-3 * time.Second) // what was deleted is gone, not merely expired
	for i := range 5 {
		if _, err := s.Get(ctx, "code", fmt.Sprint(i)); errors.Is(err, ephemeral.ErrNotFound) != (i < 3) {
			t.Errorf("%d: %v", i, err)
		}
	}
}
