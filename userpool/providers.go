package userpool

import (
	"context"
	"errors"
	"slices"
	"strings"
)

// Quotas of identity providers.
const (
	maxProviders   = 300
	maxIdentifiers = 50
)

// CreateProvider adds an identity provider to a pool.
func (s *Service) CreateProvider(ctx context.Context, p *Provider) (*Provider, error) {
	pool, err := s.Pool(ctx, p.Pool)
	if err != nil {
		return nil, err
	}
	if strings.EqualFold(p.Name, localProvider) {
		return nil, invalid("The provider name %s is reserved.", p.Name)
	}
	if err := p.validate(pool); err != nil {
		return nil, err
	}
	n, err := s.Store.CountProviders(ctx, p.Pool)
	if err != nil {
		return nil, err
	}
	if n >= maxProviders {
		return nil, Fail(ErrLimitExceeded, "A user pool can have 300 identity providers.")
	}
	p.Created = s.now()
	p.Modified = p.Created
	if err := s.Store.CreateProvider(ctx, p); err != nil {
		return nil, namedProvider(err, p.Pool, p.Name)
	}
	return p, nil
}

// namedProvider gives the errors of a provider's store their texts.
func namedProvider(err error, pool PoolID, name string) error {
	err = named(err, ErrNotFound, "Identity provider %s does not exist.", name)
	err = named(err, ErrProviderExists, "A provider with the name %s already exists.", name)
	if errors.Is(err, ErrConflict) {
		return Fail(ErrProviderExists, "An identifier of the provider is in use by another provider of the user pool.")
	}
	return namedPool(err, pool)
}

// Provider returns an identity provider of a pool.
func (s *Service) Provider(ctx context.Context, pool PoolID, name string) (*Provider, error) {
	if _, err := s.Pool(ctx, pool); err != nil {
		return nil, err
	}
	p, err := s.Store.Provider(ctx, pool, name)
	return p, namedProvider(err, pool, name)
}

// ProviderByIdentifier returns the identity provider that an identifier leads to.
func (s *Service) ProviderByIdentifier(ctx context.Context, pool PoolID, identifier string) (*Provider, error) {
	if _, err := s.Pool(ctx, pool); err != nil {
		return nil, err
	}
	p, err := s.Store.ProviderByIdentifier(ctx, pool, identifier)
	return p, named(err, ErrNotFound, "Identity provider with the identifier %s does not exist.", identifier)
}

// UpdateProvider changes an identity provider by fn, which may run more than once.
func (s *Service) UpdateProvider(ctx context.Context, pool PoolID, name string, fn func(*Provider)) (*Provider, error) {
	owner, err := s.Pool(ctx, pool)
	if err != nil {
		return nil, err
	}
	p, err := s.Store.UpdateProvider(ctx, pool, name, func(p *Provider) error {
		fn(p)
		p.Modified = s.now()
		return p.validate(owner)
	})
	if errors.Is(err, ErrConflict) { // the operation knows no DuplicateProviderException
		return nil, invalid("An identifier of the provider is in use by another provider of the user pool.")
	}
	return p, namedProvider(err, pool, name)
}

// Providers lists the identity providers of a pool.
func (s *Service) Providers(ctx context.Context, pool PoolID, token string, limit int) ([]*Provider, string, error) {
	if _, err := s.Pool(ctx, pool); err != nil {
		return nil, "", err
	}
	return listPage(s, "ListIdentityProviders/"+string(pool), token, limit, func(after string, limit int) ([]*Provider, string, error) {
		return s.Store.Providers(ctx, pool, after, limit)
	})
}

// DeleteProvider deletes an identity provider. Clients no longer name it, and
// nobody is linked to it: another provider of that name later would let strangers
// in otherwise. A deletion that stops half-way is finished by the next.
func (s *Service) DeleteProvider(ctx context.Context, pool PoolID, name string) error {
	if _, err := s.Provider(ctx, pool, name); err != nil {
		return err
	}
	if err := s.dropFromClients(ctx, pool, name); err != nil {
		return err
	}
	for {
		users, err := s.Store.LinkedUsers(ctx, pool, name, 100)
		if err != nil {
			return err
		}
		if len(users) == 0 {
			return namedProvider(s.Store.DeleteProvider(ctx, pool, name), pool, name)
		}
		for _, u := range users {
			if err := s.Store.SetUpstreamGroups(ctx, pool, u, name, nil); err != nil && !errors.Is(err, ErrUserNotFound) {
				return err
			}
			if err := s.dropIdentities(ctx, pool, u, func(i Identity) bool { return i.Provider == name }); err != nil {
				return err
			}
		}
	}
}

// dropFromClients takes the provider out of the list of every client. One that is left
// with none would admit the users of the pool, whom it kept out: its hosted pages and
// tokens are switched off until somebody decides.
func (s *Service) dropFromClients(ctx context.Context, pool PoolID, name string) error {
	for after := ""; ; {
		clients, next, err := s.Store.Clients(ctx, pool, after, 60)
		if err != nil {
			return err
		}
		for _, c := range clients {
			if !slices.Contains(c.IdentityProviders, name) {
				continue
			}
			_, err := s.Store.UpdateClient(ctx, pool, c.ID, func(c *Client) error {
				c.IdentityProviders = slices.DeleteFunc(c.IdentityProviders, func(p string) bool { return p == name })
				c.OAuthEnabled = c.OAuthEnabled && len(c.IdentityProviders) > 0
				return nil
			})
			if err != nil && !errors.Is(err, ErrClientNotFound) {
				return err
			}
		}
		if after = next; next == "" {
			return nil
		}
	}
}

// Admits reports whether a provider's users may sign in to the client. The pool itself
// is the provider COGNITO, which clients that name none have.
func (c *Client) Admits(provider string) bool {
	return slices.Contains(c.IdentityProviders, provider) || provider == PoolProvider && len(c.IdentityProviders) == 0
}

// PoolProvider stands for the pool itself among the providers of a client.
const PoolProvider = "COGNITO"

// providersExist checks the providers that a client names.
func (s *Service) providersExist(ctx context.Context, c *Client) error {
	for _, name := range c.IdentityProviders {
		if name == PoolProvider {
			continue
		}
		_, err := s.Store.Provider(ctx, c.Pool, name)
		if errors.Is(err, ErrNotFound) {
			return invalid("The provider %s does not exist for User Pool %s.", name, c.Pool)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
