package ephemeraltest_test

import (
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/ephemeral"
	"github.com/poolhouse/poolhouse/internal/ephemeral/ephemeraltest"
)

func TestMemory(t *testing.T) {
	ephemeraltest.TestStore(t, func(_ *testing.T, now func() time.Time) ephemeral.Store { return ephemeraltest.New(now) })
}
