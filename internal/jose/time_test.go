package jose_test

import (
	"math"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/jose"
)

// A date that overflows an int64 must not come back as one that is good.
func TestTime(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	if got := jose.Time(1_800_000_000.9); !got.Equal(now) {
		t.Errorf("a fraction: %v", got)
	}
	for _, far := range []float64{1e19, math.MaxFloat64, math.Inf(1)} {
		if !jose.Time(far).After(now.AddDate(1000, 0, 0)) || !jose.Time(-far).Before(now.AddDate(-1000, 0, 0)) {
			t.Errorf("%g is %v, its opposite %v", far, jose.Time(far), jose.Time(-far))
		}
	}
}
