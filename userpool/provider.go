package userpool

import (
	"context"
	"time"
)

// A Provider is an identity provider upstream, whose users may sign in to a pool.
type Provider struct {
	Pool        PoolID
	Name        string // as users know it; the prefix of their usernames
	Type        string // SAML, OIDC, Facebook, Google, LoginWithAmazon, SignInWithApple
	Details     map[string]string
	Mapping     map[string]string // attributes of the pool to claims of the provider
	Identifiers []string          // other names, such as e-mail domains; unique in the pool
	Settings    ProviderSettings
	Created     time.Time
	Modified    time.Time
}

// SignsOut reports whether who signs out here is to be signed out there too.
func (p *Provider) SignsOut() bool {
	return p.Type == ProviderSAML && p.Details["IDPSignout"] == "true" || p.Type == ProviderOIDC && p.Settings.OIDC.SignOut
}

// An IdentityKey names somebody at a provider.
type IdentityKey struct {
	Provider  string
	Attribute string // IdentitySubject, or the claim that tells people apart
	Value     string
}

// IdentitySubject is the attribute that stands for a provider's own, unchanging
// identifier: NameID with SAML, sub with OpenID Connect.
const IdentitySubject = "Cognito_Subject"

// An Identity is somebody at a provider who signs in as a user of the pool.
type Identity struct {
	IdentityKey
	Type    string // of the provider
	Primary bool   // the user came from this provider, rather than being linked to it
	Created time.Time
}

// A ProviderStore keeps identity providers and the links of users to them.
type ProviderStore interface {
	// CreateProvider adds p. It returns ErrProviderExists for a taken name,
	// ErrConflict for a taken identifier, ErrPoolNotFound.
	CreateProvider(ctx context.Context, p *Provider) error
	// Provider returns ErrNotFound for an unknown one.
	Provider(ctx context.Context, pool PoolID, name string) (*Provider, error)
	ProviderByIdentifier(ctx context.Context, pool PoolID, identifier string) (*Provider, error)
	// UpdateProvider replaces the provider with the result of fn, as one atomic
	// step. Pool, name and type stay.
	UpdateProvider(ctx context.Context, pool PoolID, name string, fn func(*Provider) error) (*Provider, error)
	// DeleteProvider deletes the provider and whoever is left of its identities.
	DeleteProvider(ctx context.Context, pool PoolID, name string) error
	Providers(ctx context.Context, pool PoolID, after string, limit int) (providers []*Provider, next string, err error)
	CountProviders(ctx context.Context, pool PoolID) (int, error)

	// UserByIdentity finds whom somebody at a provider signs in as, else
	// ErrUserNotFound. Values are compared as they are, whatever the pool's case rule.
	UserByIdentity(ctx context.Context, pool PoolID, key IdentityKey) (*User, error)
	// UpdateIdentities replaces a user's identities by those that fn returns and
	// the user by what fn makes of it, as one atomic step, as UpdateUser does.
	// held are in the order of their making. An identity of another user is
	// ErrAliasExists, one of an unknown provider ErrNotFound.
	UpdateIdentities(ctx context.Context, pool PoolID, username string, fn func(u *User, held []Identity) ([]Identity, error)) (*User, error)
	// CreateFederated adds u with an identity, as one step: of many callers with one
	// identity one succeeds. The errors are those of CreateUser; an identity that
	// somebody has is ErrAliasExists, and ErrUserExists may come before it.
	CreateFederated(ctx context.Context, u *User, identity Identity) error
	// SetUpstreamGroups has a user be, by the word of a provider, in those groups and
	// no others. A group that is not there is left out. Where somebody put the user
	// into a group, that stays, and is not the provider's.
	SetUpstreamGroups(ctx context.Context, pool PoolID, username, provider string, groups []string) error
	// LinkedUsers returns usernames of up to limit users with identities at a provider.
	LinkedUsers(ctx context.Context, pool PoolID, provider string, limit int) ([]string, error)
}
