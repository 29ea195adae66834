package identity

import "time"

// PoolID names an identity pool: region, colon, UUID.
type PoolID string

// ID names an identity: region, colon, UUID. It is unique over all pools.
type ID string

// The two keys of Pool.Roles.
const (
	RoleAuthenticated   = "authenticated"
	RoleUnauthenticated = "unauthenticated"
)

// A Settings is what the owner of a pool chooses. An update replaces all of it.
type Settings struct {
	Name                 string
	AllowUnauthenticated bool
	AllowClassic         *bool             // nil acts as true but is reported as unset
	LoginProviders       map[string]string // accounts.google.com → client ID
	DeveloperProvider    string
	OIDCProviders        []string // ARNs
	SAMLProviders        []string // ARNs
	UserPools            []UserPoolProvider
	Tags                 map[string]string
}

// A UserPoolProvider is an app client of a user pool whose ID tokens are accepted.
type UserPoolProvider struct {
	Name            string // cognito-idp.REGION.amazonaws.com/POOL, or the issuer without its scheme
	Client          string
	ServerSideCheck bool // ask the user pool at each use whether the user may still sign in
}

// A Pool is an identity pool.
type Pool struct {
	ID       PoolID
	Settings Settings
	Roles    map[string]string      // RoleAuthenticated, RoleUnauthenticated → role ARN
	Mappings map[string]RoleMapping // by provider name, with ":" and client for user pools
	TagMaps  map[string]TagMap      `json:",omitempty"` // likewise
	Created  time.Time
	Modified time.Time
}

// Kinds of RoleMapping, and what to do where none of it yields a role.
const (
	MappingToken = "Token"
	MappingRules = "Rules"

	AmbiguousDefault = "AuthenticatedRole"
	AmbiguousDeny    = "Deny"
)

// A RoleMapping chooses the role of those who signed in with one provider.
type RoleMapping struct {
	Type      string
	Ambiguous string
	Rules     []Rule // in order; only for MappingRules
}

// A Rule gives a role to those whose token has a claim.
type Rule struct {
	Claim, Match, Value, Role string // Match: Equals, Contains, StartsWith, NotEqual
}

// A TagMap says which claims of a provider's tokens become tags of a session.
type TagMap struct {
	UseDefaults bool
	Tags        map[string]string // tag → claim
}

// An Identity is somebody, or a device, known to one pool.
type Identity struct {
	ID       ID
	Pool     PoolID
	Logins   []Login // none for a guest
	Disabled bool    // merged into another, or without its last login

	// MergedInto is the identity that has the logins now, never one that was itself
	// merged; empty where there is none.
	MergedInto ID

	Created  time.Time
	Modified time.Time
}

// A Login is a user of a provider. In a pool it belongs to one identity.
type Login struct {
	Provider string
	Subject  string

	// Developer is set for a user of the app's own backend. Its names are apart from
	// those of other providers, which it could be called like.
	Developer bool
}

// Bounds of a login, in bytes: both stand in an index.
const (
	maxProvider = 512
	maxSubject  = 1024
)

// maxLogins bounds the logins of one identity.
const maxLogins = 20
