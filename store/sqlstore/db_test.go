package sqlstore_test

import (
	"context"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
)

func TestOpen(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		if err := sqlstoretest.SQLite(t, time.Now).Ping(context.Background()); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("postgres", func(t *testing.T) {
		if err := sqlstoretest.Postgres(t, time.Now).Ping(context.Background()); err != nil {
			t.Fatal(err)
		}
	})
}
