package userpool

import (
	"context"
	"slices"
	"strings"
	"time"
)

// NewClient returns a client with the defaults of CreateUserPoolClient.
func NewClient(pool PoolID, name string) *Client {
	return &Client{
		Pool: pool, Name: name,
		AccessTokenLife: time.Hour, IDTokenLife: time.Hour, RefreshTokenLife: 30 * 24 * time.Hour,
		SessionLife: 3 * time.Minute, TokenRevocation: true,
	}
}

// CreateClient adds a client. An ID is made unless c has one, which is for
// seeding; a client is confidential if c has a secret.
func (s *Service) CreateClient(ctx context.Context, c *Client) (*Client, error) {
	p, err := s.Pool(ctx, c.Pool)
	if err != nil {
		return nil, err
	}
	if err := s.validateClient(ctx, p, c); err != nil {
		return nil, err
	}
	given := c.ID != ""
	c.Created = s.now()
	c.Modified = c.Created
	for {
		if !given {
			c.ID = ClientID(randomText(26, lowerLetters+digits))
		}
		err := s.Store.CreateClient(ctx, c)
		if err == nil {
			return c, nil
		}
		if given || !isConflict(err) {
			return nil, namedPool(err, c.Pool)
		}
	}
}

// Client returns a client of the pool.
func (s *Service) Client(ctx context.Context, pool PoolID, id ClientID) (*Client, error) {
	if _, err := s.Pool(ctx, pool); err != nil {
		return nil, err
	}
	c, err := s.Store.Client(ctx, id)
	if err == nil && c.Pool != pool {
		err = ErrClientNotFound
	}
	if err != nil {
		return nil, namedClient(err, id)
	}
	return c, nil
}

// ReplaceClient gives a client the settings of c, including those left at their
// defaults, as UpdateUserPoolClient does. The secret stays, and the name where c
// has none.
func (s *Service) ReplaceClient(ctx context.Context, pool PoolID, id ClientID, c *Client) (*Client, error) {
	p, err := s.Pool(ctx, pool)
	if err != nil {
		return nil, err
	}
	old, err := s.Client(ctx, pool, id)
	if err != nil {
		return nil, err
	}
	next := *c
	next.Pool = pool
	next.keepFrom(old)
	if err := s.validateClient(ctx, p, &next); err != nil {
		return nil, err
	}
	next.Modified = s.now()
	updated, err := s.Store.UpdateClient(ctx, pool, id, func(old *Client) error {
		if next.keepFrom(old); next.Name == "" {
			next.Name = old.Name
		}
		*old = next
		return nil
	})
	return updated, namedClient(err, id)
}

// DeleteClient deletes a client. Its refresh tokens die with it.
func (s *Service) DeleteClient(ctx context.Context, pool PoolID, id ClientID) error {
	if _, err := s.Client(ctx, pool, id); err != nil {
		return err
	}
	return namedClient(s.Store.DeleteClient(ctx, pool, id), id)
}

// Clients lists the clients of a pool.
func (s *Service) Clients(ctx context.Context, pool PoolID, token string, limit int) ([]*Client, string, error) {
	if _, err := s.Pool(ctx, pool); err != nil {
		return nil, "", err
	}
	return listPage(s, "ListUserPoolClients/"+string(pool), token, limit, func(after string, limit int) ([]*Client, string, error) {
		return s.Store.Clients(ctx, pool, after, limit)
	})
}

// validateClient checks a client against its pool.
func (s *Service) validateClient(ctx context.Context, p *Pool, c *Client) error {
	for _, check := range []func() error{c.validateFlows, c.validateLives, c.validateURLs, c.validateOAuth, c.validateSecrets} {
		if err := check(); err != nil {
			return err
		}
	}
	for _, name := range slices.Concat(c.ReadAttributes, c.WriteAttributes) {
		if a := p.Attribute(name); a == nil || a.Developer {
			return invalid("Invalid attribute %s specified for the client.", name)
		}
	}
	for _, name := range c.WriteAttributes {
		if slices.Contains([]string{"sub", "email_verified", "phone_number_verified", "identities"}, name) {
			return invalid("Invalid write attributes specified while creating a client: %s cannot be written by users.", name)
		}
	}
	if err := s.providersExist(ctx, c); err != nil {
		return err
	}
	if c.OpenID.Standard() { // whose settings may not fit the others any more
		if err := s.settleOpenID(ctx, p, c); err != nil {
			return err
		}
	}
	if slices.Contains(c.ExplicitAuthFlows, "ALLOW_"+flowChoice) {
		if err := p.requireTier(TierEssentials, "Choice-Based Sign-In"); err != nil {
			return err
		}
	}
	return s.scopesExist(ctx, c)
}

// scopesExist checks the client's scopes against OpenID Connect's and those of
// the pool's resource servers.
func (s *Service) scopesExist(ctx context.Context, c *Client) error {
	known := slices.Clone(StandardScopes)
	if slices.ContainsFunc(c.OAuthScopes, func(scope string) bool { return !slices.Contains(known, scope) }) {
		servers, err := s.Store.ResourceServers(ctx, c.Pool)
		if err != nil {
			return err
		}
		for _, rs := range servers {
			for _, scope := range rs.Scopes {
				known = append(known, rs.Identifier+"/"+scope.Name)
			}
		}
	}
	for _, scope := range c.OAuthScopes {
		if !slices.Contains(known, scope) {
			return Fail(ErrScopeDoesNotExist, "Invalid scope requested: "+scope)
		}
	}
	return nil
}

func isAllowFlow(flow string) bool { return strings.HasPrefix(flow, "ALLOW_") }
