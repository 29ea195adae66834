// Package ephemeral keeps short-lived values: authorization codes, sign-in
// steps, nonces, replay marks and rate-limit counters. Whatever may happen only
// once goes through Claim or Take, which exactly one of many callers wins.
package ephemeral

import (
	"context"
	"errors"
	"time"
)

// ErrNotFound is returned for a key that was never put, was taken, or has expired.
var ErrNotFound = errors.New("ephemeral: not found")

// A Store keeps values until they expire. Keys live in a namespace, for
// instance "srp" or "saml-assertion"; callers put the pool into the key. Keys
// are hashed by the implementation, so that a copy of the store yields no codes.
//
// Implementations must be safe for concurrent use by several processes, judge
// expiry by the clock they were given, and pass ephemeraltest.TestStore.
type Store interface {
	// Claim marks a key as used until expires. Exactly one caller gets true.
	Claim(ctx context.Context, namespace, key string, expires time.Time) (bool, error)

	// Put stores a value until expires, replacing an older one.
	Put(ctx context.Context, namespace, key string, value []byte, expires time.Time) error

	// Get returns a value, or ErrNotFound.
	Get(ctx context.Context, namespace, key string) ([]byte, error)

	// Take returns a value and deletes it in one atomic step: of many callers
	// one gets the value, the others ErrNotFound.
	Take(ctx context.Context, namespace, key string) ([]byte, error)

	// Delete removes a value; an absent one is no error.
	Delete(ctx context.Context, namespace, key string) error

	// Count adds delta to a counter and returns the sum. The counter starts at
	// zero and dies window after it was last changed. Delta 0 reads it.
	Count(ctx context.Context, namespace, key string, delta int64, window time.Duration) (int64, error)
}
