package redisstore_test

import (
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/ephemeral"
	"github.com/poolhouse/poolhouse/internal/ephemeral/ephemeraltest"
	"github.com/poolhouse/poolhouse/store/redisstore/redisstoretest"
)

func TestEphemeral(t *testing.T) {
	ephemeraltest.TestStore(t, func(t *testing.T, now func() time.Time) ephemeral.Store {
		return redisstoretest.Open(t, now).Ephemeral()
	})
}
