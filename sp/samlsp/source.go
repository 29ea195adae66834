package samlsp

import (
	"context"
	"errors"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

// ErrNotFound is returned for a source that nobody keeps.
var ErrNotFound = errors.New("samlsp: no such source of metadata")

// A Source is the metadata of a provider that is named by URL, as it was last good.
type Source struct {
	Pool     userpool.PoolID
	Provider string
	URL      string // that Document came from
	Document []byte
	ETag     string
	Fetched  time.Time // when Document was current for sure
	Next     time.Time // when it is to be fetched again
	Failures int       // since Fetched
}

// A Store keeps sources. They die with their provider.
//
// Implementations must be safe for concurrent use by several processes, keep times
// to the microsecond, and pass samlsptest.TestStore.
type Store interface {
	// Source returns the source of a provider, or ErrNotFound.
	Source(ctx context.Context, pool userpool.PoolID, provider string) (*Source, error)
	// PutSource adds src or replaces the one of its provider. Without such a
	// provider it is ErrNotFound.
	PutSource(ctx context.Context, src *Source) error
	// ClaimSource returns a source whose Next is not after now, the longest overdue
	// first, and moves its Next to until in the same step: of many callers one
	// fetches. Where none is due it is ErrNotFound.
	ClaimSource(ctx context.Context, now, until time.Time) (*Source, error)
	// DeleteSource deletes a source; an absent one is no error.
	DeleteSource(ctx context.Context, pool userpool.PoolID, provider string) error
}
