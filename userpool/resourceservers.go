package userpool

import (
	"context"
	"errors"
)

// Quotas of resource servers.
const (
	maxResourceServers = 25
	maxScopes          = 100
)

// CreateResourceServer adds a resource server.
func (s *Service) CreateResourceServer(ctx context.Context, rs *ResourceServer) error {
	all, err := s.allResourceServers(ctx, rs.Pool)
	if err != nil {
		return err
	}
	for _, old := range all {
		if old.Identifier == rs.Identifier {
			return invalid("%s already exists in user pool %s.", rs.Identifier, rs.Pool)
		}
	}
	if len(all) >= maxResourceServers {
		return Fail(ErrLimitExceeded, "A user pool can have 25 resource servers.")
	}
	return s.putResourceServer(ctx, rs)
}

// UpdateResourceServer replaces a resource server.
func (s *Service) UpdateResourceServer(ctx context.Context, rs *ResourceServer) error {
	if _, err := s.ResourceServer(ctx, rs.Pool, rs.Identifier); err != nil {
		return err
	}
	return s.putResourceServer(ctx, rs)
}

func (s *Service) putResourceServer(ctx context.Context, rs *ResourceServer) error {
	if len(rs.Scopes) > maxScopes {
		return Fail(ErrLimitExceeded, "A resource server can have 100 scopes.")
	}
	seen := map[string]bool{}
	for _, scope := range rs.Scopes {
		if seen[scope.Name] {
			return invalid("The scope %s is given twice.", scope.Name)
		}
		seen[scope.Name] = true
	}
	return namedPool(s.Store.PutResourceServer(ctx, rs), rs.Pool)
}

// ResourceServer returns a resource server of a pool.
func (s *Service) ResourceServer(ctx context.Context, pool PoolID, identifier string) (*ResourceServer, error) {
	if _, err := s.Pool(ctx, pool); err != nil {
		return nil, err
	}
	rs, err := s.Store.ResourceServer(ctx, pool, identifier)
	return rs, namedResourceServer(err, identifier)
}

func namedResourceServer(err error, identifier string) error {
	return named(err, ErrNotFound, "Resource server %s does not exist.", identifier)
}

// ResourceServers lists the resource servers of a pool: 25 at most.
func (s *Service) ResourceServers(ctx context.Context, pool PoolID, token string, limit int) ([]*ResourceServer, string, error) {
	return listPage(s, "ListResourceServers/"+string(pool), token, limit, func(after string, limit int) ([]*ResourceServer, string, error) {
		all, err := s.allResourceServers(ctx, pool)
		if err != nil {
			return nil, "", err
		}
		for len(all) > 0 && after != "" && all[0].Identifier <= after {
			all = all[1:]
		}
		if len(all) <= limit {
			return all, "", nil
		}
		return all[:limit], all[limit-1].Identifier, nil
	})
}

func (s *Service) allResourceServers(ctx context.Context, pool PoolID) ([]*ResourceServer, error) {
	if _, err := s.Pool(ctx, pool); err != nil {
		return nil, err
	}
	return s.Store.ResourceServers(ctx, pool)
}

// DeleteResourceServer deletes a resource server. Clients that list its scopes
// keep them, but no grant gets them any more.
func (s *Service) DeleteResourceServer(ctx context.Context, pool PoolID, identifier string) error {
	if _, err := s.Pool(ctx, pool); err != nil {
		return err
	}
	err := s.Store.DeleteResourceServer(ctx, pool, identifier)
	if errors.Is(err, ErrNotFound) {
		return namedResourceServer(err, identifier)
	}
	return err
}
