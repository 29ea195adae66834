package idp

import (
	"context"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

// How long a code lives, and how long a dead one is kept so that its replay is
// noticed.
const (
	CodeLife       = 5 * time.Minute  // Cognito's
	CodeLifeStrict = time.Minute      // FAPI 2.0 section 5.3.2.1
	CodeMemory     = 30 * time.Minute // after Expires
)

// A Grant is one authorization: what a user let a client have, and the state of
// the code that stands for it. It is one row, so that no part of it can be
// consumed without the rest.
type Grant struct {
	Code        Handle // of the authorization code
	Pool        userpool.PoolID
	Client      userpool.ClientID
	Sub         string
	Session     Handle // of the browser that signed in
	Scopes      []string
	Nonce       string
	AuthTime    time.Time
	Challenge   string // PKCE S256, empty without
	RedirectURI string
	Resource    string // RFC 8707, empty without
	Particulars userpool.Particulars
	Created     time.Time
	Expires     time.Time

	RedeemedBy userpool.ClientID // empty while the code is unused
	Redeemed   time.Time
	Replayed   bool   // presented again after it was redeemed
	Family     string // of the tokens issued for it
}

// A GrantStore keeps grants.
//
// Implementations must be safe for concurrent use by several processes, keep
// times to the microsecond, and pass idptest.TestGrants. They return used and
// expired grants as well, until DeleteExpiredGrants deletes them CodeMemory
// after they expired: their state is the caller's to judge.
type GrantStore interface {
	// CreateGrant adds g, or returns ErrGrantExists.
	CreateGrant(ctx context.Context, g *Grant) error
	// Grant returns a grant by its code, else ErrGrantNotFound.
	Grant(ctx context.Context, pool userpool.PoolID, code Handle) (*Grant, error)
	// Redeem marks the code as used by the family's client and adds the family, that
	// of the code's tokens, in one step: neither is there without the other. Exactly
	// one of many callers succeeds; the others get ErrGrantUsed.
	Redeem(ctx context.Context, code Handle, f *userpool.Family, at time.Time) error
	// MarkReplayed notes that a used code was presented again, and returns the
	// family to revoke. An unused code is ErrGrantNotFound.
	MarkReplayed(ctx context.Context, pool userpool.PoolID, code Handle) (family string, err error)
	// DeleteExpiredGrants deletes up to limit forgotten grants and says how many.
	DeleteExpiredGrants(ctx context.Context, limit int) (int, error)
}

// Limited reports whether the grant's tokens are for certain resources.
func (g *Grant) Limited() bool { return g.Resource != "" || len(g.Particulars.Resources) > 0 }

// Dead reports whether the code can no longer be redeemed for its age.
func (g *Grant) Dead(now time.Time) bool { return !now.Before(g.Expires) }
