package sts

import "context"

// A Store keeps what an account's administrators make.
//
// Implementations must be safe for concurrent use, keep every row under its
// account, hand out values that the caller may change, and pass
// ststest.TestStore.
type Store interface {
	Roles() Collection[Role]
	Users() Collection[User]
	AccessKeys() Collection[AccessKey]
	Policies() Collection[ManagedPolicy]
	SAMLProviders() Collection[SAMLProvider]
	OIDCProviders() Collection[OIDCProvider]
	SAMLKeys() Collection[SAMLKey]
	MFADevices() Collection[MFADevice]
	Settings() Collection[Settings] // one an account

	// UserByID and RoleByID find an entity by its stable ID, whatever its name is
	// now, or return ErrNotFound.
	UserByID(ctx context.Context, account, id string) (*User, error)
	RoleByID(ctx context.Context, account, id string) (*Role, error)

	// RecordUse notes the use of an access key or a role, by its ID. Of two uses the
	// later one stays. LastUse returns it, or a zero Use. ForgetUse removes it.
	RecordUse(ctx context.Context, account, id string, u Use) error
	LastUse(ctx context.Context, account, id string) (Use, error)
	ForgetUse(ctx context.Context, account, id string) error
}

// A Collection keeps the entities of one kind, each under its account and name.
// Names of roles, users, policies and SAML providers are the same if they differ
// only by case; IDs of access keys, names of MFA devices and URLs of OIDC
// providers are exact.
type Collection[T any] interface {
	// Create adds an entity, or returns ErrExists for a taken name.
	Create(ctx context.Context, entity *T) error

	// Get returns an entity, or ErrNotFound.
	Get(ctx context.Context, account, name string) (*T, error)

	// Update replaces an entity with the result of fn, as one atomic step. fn may
	// run more than once and must have no side effects. If fn returns an error,
	// nothing is written and Update returns that error. fn may change the entity's
	// name; ErrExists says that the new one is taken.
	Update(ctx context.Context, account, name string, fn func(*T) error) (*T, error)

	// Delete removes an entity if check agrees to the one found; check's error
	// is returned and nothing is removed. Both are one atomic step.
	Delete(ctx context.Context, account, name string, check func(*T) error) error

	// List returns up to limit entities by name after the token, and the token of
	// the next page, empty on the last.
	List(ctx context.Context, account, after string, limit int) (entities []*T, next string, err error)
}
