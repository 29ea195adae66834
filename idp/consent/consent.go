// Package consent keeps what users have allowed apps: one record for each user and
// client. It says what need not be asked again; the decision itself belongs to the
// authorization endpoint.
package consent

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

// ErrNotFound is returned where a user has allowed a client nothing.
var ErrNotFound = errors.New("consent: no such consent")

// A Consent is what a user lets a client have. Authorization details are no part of
// it: what is asked for in a payment's words is asked for each time.
type Consent struct {
	Pool      userpool.PoolID
	Sub       string
	Client    userpool.ClientID
	Scopes    []string
	Claims    []string // asked for by name, in the ID token or at userinfo
	Resources []string
	Given     time.Time // first
	Modified  time.Time
}

// A Store keeps consents.
//
// Implementations must be safe for concurrent use by several processes, keep times to
// the microsecond, and pass consenttest.TestStore. A consent ends with its user and
// with its client.
type Store interface {
	// Allow adds to what a user lets a client have, as one atomic step: of two
	// callers none takes away what the other added. It returns ErrNotFound where there
	// is no such user or client in the pool.
	Allow(ctx context.Context, c *Consent) error
	// Consent returns what a user lets a client have, or ErrNotFound.
	Consent(ctx context.Context, pool userpool.PoolID, sub string, client userpool.ClientID) (*Consent, error)
	// Consents returns all of a user's, by client.
	Consents(ctx context.Context, pool userpool.PoolID, sub string) ([]*Consent, error)
	// Revoke deletes one, or returns ErrNotFound.
	Revoke(ctx context.Context, pool userpool.PoolID, sub string, client userpool.ClientID) error
}

// Covers reports whether nothing is asked that was not allowed before.
func (c *Consent) Covers(asked *Consent) bool {
	return within(asked.Scopes, c.Scopes) && within(asked.Claims, c.Claims) && within(asked.Resources, c.Resources)
}

// Add adds what is allowed besides.
func (c *Consent) Add(more *Consent) {
	c.Scopes, c.Claims, c.Resources = union(c.Scopes, more.Scopes), union(c.Claims, more.Claims), union(c.Resources, more.Resources)
	c.Modified = more.Modified
}

func within(list, all []string) bool {
	return !slices.ContainsFunc(list, func(s string) bool { return !slices.Contains(all, s) })
}

// union is sorted, so that equal sets look equal.
func union(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}
