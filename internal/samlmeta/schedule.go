// Package samlmeta says when metadata that others publish is fetched again.
package samlmeta

import (
	"math/rand/v2"
	"time"
)

const (
	maxFresh = 6 * time.Hour   // Cognito's rhythm
	minFresh = 5 * time.Minute // whatever a document says of itself
)

// FreshFor is how long metadata is taken at its word: no longer than it allows, and a
// little less, at random, so that peers of one home are not asked all at once. cache
// and validUntil are zero where the document does not say.
func FreshFor(cache time.Duration, validUntil, now time.Time) time.Duration {
	d := maxFresh
	if cache > 0 {
		d = min(d, cache)
	}
	if !validUntil.IsZero() {
		d = min(d, validUntil.Sub(now))
	}
	return max(jitter(d), minFresh)
}

// RetryAfter is how long to leave a source alone that failed that often in a row.
func RetryAfter(failures int) time.Duration {
	return jitter(min(time.Minute<<min(failures, 10), maxFresh))
}

func jitter(d time.Duration) time.Duration {
	if d <= 0 {
		return d
	}
	return d - rand.N(d/10+1) // #nosec G404: spreads load, hides nothing
}
