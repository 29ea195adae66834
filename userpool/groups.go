package userpool

import (
	"context"
	"errors"
)

// maxGroupsOfUser is how many groups one user can be in.
const maxGroupsOfUser = 100

// PreferredRole returns the role of the group with the lowest precedence, or
// nothing where two groups with different roles share it.
func PreferredRole(groups []*Group) string {
	return deref(groupClaims(groups).Preferred)
}

var errGroup = Fail(ErrGroupNotFound, "Group not found.")

func namedGroup(err error) error {
	if errors.Is(err, ErrGroupNotFound) {
		return errGroup
	}
	return err
}

// CreateGroup adds a group.
func (s *Service) CreateGroup(ctx context.Context, g *Group) (*Group, error) {
	g.Created = s.now()
	g.Modified = g.Created
	err := s.Store.CreateGroup(ctx, g)
	if errors.Is(err, ErrGroupExists) {
		return nil, Fail(ErrGroupExists, "A group with the name already exists.")
	}
	return g, namedPool(err, g.Pool)
}

// Group returns a group of a pool.
func (s *Service) Group(ctx context.Context, pool PoolID, name string) (*Group, error) {
	if _, err := s.Pool(ctx, pool); err != nil {
		return nil, err
	}
	g, err := s.Store.Group(ctx, pool, name)
	return g, namedGroup(err)
}

// UpdateGroup changes a group by fn, which may run more than once.
func (s *Service) UpdateGroup(ctx context.Context, pool PoolID, name string, fn func(*Group)) (*Group, error) {
	if _, err := s.Pool(ctx, pool); err != nil {
		return nil, err
	}
	g, err := s.Store.UpdateGroup(ctx, pool, name, func(g *Group) error {
		fn(g)
		g.Modified = s.now()
		return nil
	})
	return g, namedGroup(err)
}

// DeleteGroup deletes a group.
func (s *Service) DeleteGroup(ctx context.Context, pool PoolID, name string) error {
	if _, err := s.Pool(ctx, pool); err != nil {
		return err
	}
	return namedGroup(s.Store.DeleteGroup(ctx, pool, name))
}

// Groups lists the groups of a pool.
func (s *Service) Groups(ctx context.Context, pool PoolID, token string, limit int) ([]*Group, string, error) {
	if _, err := s.Pool(ctx, pool); err != nil {
		return nil, "", err
	}
	return listPage(s, "ListGroups/"+string(pool), token, limit, func(after string, limit int) ([]*Group, string, error) {
		return s.Store.Groups(ctx, pool, after, limit)
	})
}

// AddToGroup puts a user into a group.
func (s *Service) AddToGroup(ctx context.Context, pool PoolID, group, name string) error {
	u, err := s.User(ctx, pool, name)
	if err != nil {
		return err
	}
	groups, err := s.Store.GroupsOf(ctx, pool, u.Username)
	if err != nil {
		return err
	}
	if len(groups) >= maxGroupsOfUser {
		return invalid("A user can be in 100 groups.")
	}
	return namedUser(namedGroup(s.Store.AddMember(ctx, pool, group, u.Username)))
}

// RemoveFromGroup takes a user out of a group.
func (s *Service) RemoveFromGroup(ctx context.Context, pool PoolID, group, name string) error {
	u, err := s.User(ctx, pool, name)
	if err != nil {
		return err
	}
	return namedUser(namedGroup(s.Store.RemoveMember(ctx, pool, group, u.Username)))
}

// GroupsOf lists the groups of a user by precedence, then name.
func (s *Service) GroupsOf(ctx context.Context, pool PoolID, name, token string, limit int) ([]*Group, string, error) {
	u, err := s.User(ctx, pool, name)
	if err != nil {
		return nil, "", err
	}
	query := "AdminListGroupsForUser/" + string(pool) + "/" + u.Sub
	return listPage(s, query, token, limit, func(after string, limit int) ([]*Group, string, error) {
		all, err := s.Store.GroupsOf(ctx, pool, u.Username)
		if err != nil {
			return nil, "", err
		}
		for i, g := range all {
			if g.Name == after {
				all = all[i+1:]
				break
			}
		}
		if len(all) <= limit {
			return all, "", nil
		}
		return all[:limit], all[limit-1].Name, nil
	})
}

// Members lists the users in a group.
func (s *Service) Members(ctx context.Context, pool PoolID, group, token string, limit int) ([]*User, string, error) {
	if _, err := s.Pool(ctx, pool); err != nil {
		return nil, "", err
	}
	query := "ListUsersInGroup/" + string(pool) + "/" + group
	users, next, err := listPage(s, query, token, limit, func(after string, limit int) ([]*User, string, error) {
		return s.Store.Members(ctx, pool, group, after, limit)
	})
	return users, next, namedGroup(err)
}
