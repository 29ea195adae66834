package redisstore_test

import (
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/ephemeral"
	"github.com/poolhouse/poolhouse/internal/ephemeral/ephemeraltest"
	"github.com/poolhouse/poolhouse/store/redisstore"
)

func TestEphemeral(t *testing.T) {
	onEachForm(t, func(t *testing.T, open func(testing.TB, func() time.Time) *redisstore.DB) {
		ephemeraltest.TestStore(t, func(t *testing.T, now func() time.Time) ephemeral.Store { return open(t, now).Ephemeral() })
	})
}
