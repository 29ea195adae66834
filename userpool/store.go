package userpool

import (
	"context"
	"time"
)

// A Store keeps pools and all that belongs to them.
//
// Implementations must be safe for concurrent use, keep every row under its
// pool, return errors that match this package's Err values under errors.Is,
// hand out values that the caller may change, and pass userpooltest.TestStore.
type Store interface {
	PoolStore
	ClientStore
	UserStore
	SchemaStore
	GroupStore
	FamilyStore
	DeviceStore
	PasskeyStore
	RecoveryCodeStore
	EventStore
	RiskStore
	BrandingStore
	ProviderStore
	ImportStore
	LimitStore
}

// A PoolStore keeps pools and resource servers.
type PoolStore interface {
	// CreatePool adds p with its domain, or returns ErrConflict for a taken ID
	// and ErrDomainExists for a taken domain.
	CreatePool(ctx context.Context, p *Pool) error
	Pool(ctx context.Context, id PoolID) (*Pool, error)
	// PoolByDomain finds the pool whose prefix domain it is or, for one with a dot
	// in it, whose own domain; else ErrDomainNotFound.
	PoolByDomain(ctx context.Context, domain string) (*Pool, error)
	// UpdatePool replaces the pool with the result of fn, as one atomic step.
	// fn may run more than once and must have no side effects. If fn returns an
	// error, nothing is written and UpdatePool returns that error.
	UpdatePool(ctx context.Context, id PoolID, fn func(*Pool) error) (*Pool, error)
	// DeletePool deletes the pool and everything in it.
	DeletePool(ctx context.Context, id PoolID) error
	// Pools returns up to limit pools by ID after the token, and the next token.
	Pools(ctx context.Context, after string, limit int) (pools []*Pool, next string, err error)

	PutResourceServer(ctx context.Context, rs *ResourceServer) error
	ResourceServer(ctx context.Context, pool PoolID, identifier string) (*ResourceServer, error)
	ResourceServers(ctx context.Context, pool PoolID) ([]*ResourceServer, error)
	DeleteResourceServer(ctx context.Context, pool PoolID, identifier string) error
}

// A ClientStore keeps app clients.
type ClientStore interface {
	CreateClient(ctx context.Context, c *Client) error
	// Client returns a client by its ID alone: callers that know the pool
	// compare it.
	Client(ctx context.Context, id ClientID) (*Client, error)
	UpdateClient(ctx context.Context, pool PoolID, id ClientID, fn func(*Client) error) (*Client, error)
	DeleteClient(ctx context.Context, pool PoolID, id ClientID) error
	Clients(ctx context.Context, pool PoolID, after string, limit int) (clients []*Client, next string, err error)
}

// A UserStore keeps the users of all pools.
type UserStore interface {
	// CreateUser adds u. It returns ErrUserExists if somebody in the pool already
	// answers to its username or sub, and an *AliasError for a verified alias,
	// or an address that users of the pool sign in by, that somebody else holds.
	CreateUser(ctx context.Context, u *User) error
	// CreateUserTaking is CreateUser, except that aliases that others hold move
	// to u, and become unverified attributes of their former owners.
	CreateUserTaking(ctx context.Context, u *User) error
	// User finds a user by username, by sub, or by a verified alias that the
	// pool allows, under the pool's case rule; else ErrUserNotFound.
	User(ctx context.Context, pool PoolID, name string) (*User, error)
	UserBySub(ctx context.Context, pool PoolID, sub string) (*User, error)
	// UpdateUser replaces the user with the result of fn, as one atomic step,
	// and keeps aliases true to the attributes. An alias that another user holds
	// returns an *AliasError. The username, the sub and the pool do not change.
	// It is found by its username alone, under the pool's case rule.
	UpdateUser(ctx context.Context, pool PoolID, username string, fn func(*User) error) (*User, error)
	// UpdateUserTaking is to UpdateUser what CreateUserTaking is to CreateUser.
	UpdateUserTaking(ctx context.Context, pool PoolID, username string, fn func(*User) error) (*User, error)
	DeleteUser(ctx context.Context, pool PoolID, username string) error
	// Users returns up to limit users in a stable order after the token. They
	// come without their passwords, verifiers and second factors.
	Users(ctx context.Context, pool PoolID, f UserFilter, after string, limit int) (users []*User, next string, err error)
	CountUsers(ctx context.Context, pool PoolID) (int, error)
	// SearchUsers returns up to limit users who match in a stable order after the
	// token, as Users does. A page may have fewer though there is another.
	SearchUsers(ctx context.Context, pool PoolID, q UserSearch, after string, limit int) (users []*User, next string, err error)
	// SearchComplete reports whether SearchUsers finds every user: those who were
	// there before its index are added to it by IndexUsers, up to limit at a call,
	// which returns how many it was.
	SearchComplete(ctx context.Context) (bool, error)
	IndexUsers(ctx context.Context, limit int) (int, error)
}

// A UserFilter selects users. The zero value selects all.
type UserFilter struct {
	// Attribute is username, sub, cognito:user_status, status (Enabled or
	// Disabled) or one of IndexedAttributes.
	Attribute string
	Value     string
	Prefix    bool // starts with, instead of equals
}

// IndexedAttributes are the attributes that users can be filtered by.
var IndexedAttributes = []string{"email", "phone_number", "name", "given_name", "family_name", "preferred_username"}

// A GroupStore keeps groups and who is in them.
type GroupStore interface {
	CreateGroup(ctx context.Context, g *Group) error
	Group(ctx context.Context, pool PoolID, name string) (*Group, error)
	UpdateGroup(ctx context.Context, pool PoolID, name string, fn func(*Group) error) (*Group, error)
	DeleteGroup(ctx context.Context, pool PoolID, name string) error
	Groups(ctx context.Context, pool PoolID, after string, limit int) (groups []*Group, next string, err error)
	// AddMember and RemoveMember are idempotent. They return ErrGroupNotFound or
	// ErrUserNotFound. A member by the word of a provider is one of its own after
	// AddMember.
	AddMember(ctx context.Context, pool PoolID, group, username string) error
	RemoveMember(ctx context.Context, pool PoolID, group, username string) error
	// Members returns users as UserStore.Users does.
	Members(ctx context.Context, pool PoolID, group, after string, limit int) (users []*User, next string, err error)
	// GroupsOf returns all groups of a user by precedence, then name.
	GroupsOf(ctx context.Context, pool PoolID, username string) ([]*Group, error)
}

// A FamilyStore keeps token families.
type FamilyStore interface {
	CreateFamily(ctx context.Context, f *Family) error
	// Family returns ErrNotFound for an unknown or expired family.
	Family(ctx context.Context, pool PoolID, id string) (*Family, error)
	// UpdateFamily replaces the family with the result of fn, as one atomic step.
	UpdateFamily(ctx context.Context, pool PoolID, id string, fn func(*Family) error) (*Family, error)
	// TurnFamily moves a family that stands and is of generation from to the next one,
	// at a time. Exactly one of many callers succeeds; the others get ErrNotFound.
	TurnFamily(ctx context.Context, pool PoolID, id string, from int, at time.Time) error
	// DeleteExpiredFamilies deletes up to limit families that expired.
	DeleteExpiredFamilies(ctx context.Context, limit int) (int, error)
}
