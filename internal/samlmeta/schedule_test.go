package samlmeta_test

import (
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/samlmeta"
)

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func TestFreshFor(t *testing.T) {
	for name, tt := range map[string]struct {
		cache time.Duration
		until time.Time
		want  time.Duration
	}{
		"says nothing":    {0, time.Time{}, 6 * time.Hour},
		"for a week":      {7 * 24 * time.Hour, time.Time{}, 6 * time.Hour},
		"for an hour":     {time.Hour, time.Time{}, time.Hour},
		"for a second":    {time.Second, time.Time{}, 5 * time.Minute},
		"until tonight":   {0, now.Add(2 * time.Hour), 2 * time.Hour},
		"until yesterday": {0, now.Add(-24 * time.Hour), 5 * time.Minute},
	} {
		got := samlmeta.FreshFor(tt.cache, tt.until, now)
		if got > tt.want || got < tt.want*9/10 && got != 5*time.Minute {
			t.Errorf("%s: %s, want up to %s", name, got, tt.want)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	for failures, want := range map[int]time.Duration{1: 2 * time.Minute, 3: 8 * time.Minute, 9: 6 * time.Hour, 1000: 6 * time.Hour} {
		if got := samlmeta.RetryAfter(failures); got > want || got < want*9/10 {
			t.Errorf("after %d failures %s, want about %s", failures, got, want)
		}
	}
}
