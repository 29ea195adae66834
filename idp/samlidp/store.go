package samlidp

import (
	"context"
	"errors"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

// The errors of this package and its stores.
var (
	ErrNotFound = errors.New("samlidp: application does not exist")
	ErrExists   = errors.New("samlidp: the pool has an application with that entity ID")
)

// A Store keeps the SAML apps of all pools. They die with their pool.
//
// Implementations must be safe for concurrent use, hand out values that the
// caller may change, keep times to the microsecond, compare entity IDs exactly,
// and pass samltest.TestStore.
type Store interface {
	// CreateApplication adds a. It returns ErrExists if the pool has an
	// application with that ID or EntityID, and userpool.ErrPoolNotFound if
	// there is no such pool.
	CreateApplication(ctx context.Context, a *Application) error
	// Application returns an application, or ErrNotFound.
	Application(ctx context.Context, pool userpool.PoolID, id ApplicationID) (*Application, error)
	// ApplicationByEntityID returns the application with that EntityID, or ErrNotFound.
	ApplicationByEntityID(ctx context.Context, pool userpool.PoolID, entityID string) (*Application, error)
	// UpdateApplication replaces the application with the result of fn, as one
	// atomic step. fn may run more than once and must have no side effects; it
	// must not change ID, Pool or Created. If fn returns an error, nothing is
	// written and UpdateApplication returns that error. A taken EntityID is ErrExists.
	UpdateApplication(ctx context.Context, pool userpool.PoolID, id ApplicationID, fn func(*Application) error) (*Application, error)
	// DeleteApplication deletes an application, or returns ErrNotFound.
	DeleteApplication(ctx context.Context, pool userpool.PoolID, id ApplicationID) error
	// Applications returns up to limit applications by ID after the token, and
	// the token of the next page, empty on the last.
	Applications(ctx context.Context, pool userpool.PoolID, after string, limit int) (apps []*Application, next string, err error)

	// ClaimDue returns an application whose Fresh.Due is not after now, with that moved to
	// until, or ErrNotFound. Of several callers one gets it.
	ClaimDue(ctx context.Context, now, until time.Time) (*Application, error)

	// PoolSettings returns a pool's settings, or the zero value for one without.
	PoolSettings(ctx context.Context, pool userpool.PoolID) (*PoolSettings, error)
	// PutPoolSettings replaces a pool's settings, or returns userpool.ErrPoolNotFound.
	PutPoolSettings(ctx context.Context, p *PoolSettings) error

	// AddName notes that an application knows the user with a sub by a persistent name.
	// It does nothing where that was noted, and for a user or application that is gone.
	AddName(ctx context.Context, pool userpool.PoolID, id ApplicationID, sub string) error
	// IsNamed reports whether AddName noted that. It dies with the user and with the
	// application.
	IsNamed(ctx context.Context, pool userpool.PoolID, id ApplicationID, sub string) (bool, error)
}
