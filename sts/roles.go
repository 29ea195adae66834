package sts

import (
	"context"
	"time"
)

// CreateRole makes a role. Name and Trust are required; ID, Account and Created
// are filled in.
func (s *Service) CreateRole(ctx context.Context, r *Role) (err error) {
	if !validName(r.Name, 64) {
		return fail(ErrValidation, "The specified value for roleName is invalid.")
	}
	if r.Path, err = orPath(r.Path); err != nil {
		return err
	}
	if r.linked() {
		return fail(ErrInvalidInput, "A role of the path "+r.Path+" can only be made by CreateServiceLinkedRole.")
	}
	if err := s.setTrust(ctx, r, r.Trust); err != nil {
		return err
	}
	if r.MaxSession == 0 {
		r.MaxSession = defaultSession
	}
	if err := checkMaxSession(r.MaxSession); err != nil {
		return err
	}
	if err := s.checkBoundary(ctx, r.Permissions.Boundary); err != nil {
		return err
	}
	if r.Tags, err = setTags(nil, r.Tags); err != nil {
		return err
	}
	return explain(s.storeRole(ctx, r), "", "Role with name "+r.Name+" already exists.")
}

func (s *Service) storeRole(ctx context.Context, r *Role) error {
	r.Account, r.ID, r.Created = s.Account, newID("AROA", 17), s.now()
	return s.Store.Roles().Create(ctx, r)
}

func checkMaxSession(d time.Duration) error {
	if d < time.Hour || d > maxSession {
		return fail(ErrValidation, "MaxSessionDuration must be between 3600 and 43200.")
	}
	return nil
}

// Role returns a role by its name.
func (s *Service) Role(ctx context.Context, name string) (*Role, error) {
	r, err := s.Store.Roles().Get(ctx, s.Account, name)
	return r, noRole(err, name)
}

func noRole(err error, name string) error {
	return explain(err, "The role with name "+name+" cannot be found.", "")
}

// Roles lists roles.
func (s *Service) Roles(ctx context.Context, p Page) ([]*Role, string, error) {
	return list(ctx, s.Store.Roles(), s.Account, p, under(p.Prefix, func(r *Role) string { return r.Path }))
}

func (s *Service) updateRole(ctx context.Context, name string, fn func(*Role) error) (*Role, error) {
	r, err := s.Store.Roles().Update(ctx, s.Account, name, fn)
	return r, noRole(err, name)
}

// modifyRole is updateRole for what only a service may change of its own role.
func (s *Service) modifyRole(ctx context.Context, name string, fn func(*Role) error) (*Role, error) {
	return s.updateRole(ctx, name, func(r *Role) error {
		if err := r.modifiable(); err != nil {
			return err
		}
		return fn(r)
	})
}

// A RoleChange is what UpdateRole changes; nil leaves a part as it is.
type RoleChange struct {
	Description *string
	MaxSession  *time.Duration
	Boundary    *string // empty removes it
}

// UpdateRole changes a role.
func (s *Service) UpdateRole(ctx context.Context, name string, c RoleChange) (*Role, error) {
	if c.MaxSession != nil {
		if err := checkMaxSession(*c.MaxSession); err != nil {
			return nil, err
		}
	}
	if c.Boundary != nil {
		if err := s.checkBoundary(ctx, *c.Boundary); err != nil {
			return nil, err
		}
	}
	return s.updateRole(ctx, name, func(r *Role) error {
		if err := r.modifiable(); err != nil && (c.MaxSession != nil || c.Boundary != nil) {
			return err // the description of a service's role is anybody's
		}
		if c.Description != nil {
			r.Description = *c.Description
		}
		if c.MaxSession != nil {
			r.MaxSession = *c.MaxSession
		}
		if c.Boundary != nil {
			r.Permissions.Boundary = *c.Boundary
		}
		return nil
	})
}

// SetTrust replaces the trust policy. Sessions that began are not touched.
func (s *Service) SetTrust(ctx context.Context, name, doc string) error {
	bound := &Role{}
	if err := s.setTrust(ctx, bound, doc); err != nil {
		return err
	}
	_, err := s.modifyRole(ctx, name, func(r *Role) error { r.Trust, r.TrustIDs = bound.Trust, bound.TrustIDs; return nil })
	return err
}

// RevokeSessions kills all sessions of the role that were issued until now.
func (s *Service) RevokeSessions(ctx context.Context, name string) error {
	_, err := s.updateRole(ctx, name, func(r *Role) error { r.RevokedBefore = s.now(); return nil })
	return err
}

// DeleteRole deletes a role without policies, and with it its sessions.
func (s *Service) DeleteRole(ctx context.Context, name string) error {
	return s.removeRole(ctx, name, func(r *Role) error {
		if err := r.modifiable(); err != nil {
			return err
		}
		return r.Permissions.deletable()
	})
}

func (s *Service) removeRole(ctx context.Context, name string, check func(*Role) error) error {
	id := ""
	err := s.Store.Roles().Delete(ctx, s.Account, name, func(r *Role) error { id = r.ID; return check(r) })
	if err != nil {
		return noRole(err, name)
	}
	return s.Store.ForgetUse(ctx, s.Account, id)
}

// PutRolePolicy adds or replaces an inline policy.
func (s *Service) PutRolePolicy(ctx context.Context, role, name, doc string) error {
	if err := s.checkInline(ofRole, role, name, doc); err != nil {
		return err
	}
	_, err := s.modifyRole(ctx, role, func(r *Role) error { return r.Permissions.put(ofRole, r.Name, name, doc) })
	return err
}

// RolePolicy returns the text of an inline policy.
func (s *Service) RolePolicy(ctx context.Context, role, name string) (string, error) {
	r, err := s.Role(ctx, role)
	if err != nil {
		return "", err
	}
	doc, ok := r.Permissions.Inline[name]
	if !ok {
		return "", noRolePolicy(name)
	}
	return doc, nil
}

func noRolePolicy(name string) error {
	return fail(ErrNotFound, "The role policy with name "+name+" cannot be found.")
}

// DeleteRolePolicy deletes an inline policy.
func (s *Service) DeleteRolePolicy(ctx context.Context, role, name string) error {
	_, err := s.modifyRole(ctx, role, func(r *Role) error {
		if _, ok := r.Permissions.Inline[name]; !ok {
			return noRolePolicy(name)
		}
		delete(r.Permissions.Inline, name)
		return nil
	})
	return err
}

// AttachRolePolicy attaches a managed policy.
func (s *Service) AttachRolePolicy(ctx context.Context, role, arn string) error {
	if err := s.checkAttachable(ctx, arn); err != nil {
		return err
	}
	_, err := s.modifyRole(ctx, role, func(r *Role) error { return r.Permissions.attach(ofRole, arn) })
	if err != nil {
		return err
	}
	return s.keepAttached(ctx, arn, func() error { return s.DetachRolePolicy(ctx, role, arn) })
}

// DetachRolePolicy detaches a managed policy.
func (s *Service) DetachRolePolicy(ctx context.Context, role, arn string) error {
	_, _, err := s.policyName(arn)
	if err != nil {
		return err
	}
	_, err = s.modifyRole(ctx, role, func(r *Role) error { return r.Permissions.detach(arn) })
	return err
}

// TagRole lays tags over those of the role.
func (s *Service) TagRole(ctx context.Context, name string, tags []Tag) error {
	_, err := s.updateRole(ctx, name, func(r *Role) (err error) { r.Tags, err = setTags(r.Tags, tags); return err })
	return err
}

// UntagRole removes tags.
func (s *Service) UntagRole(ctx context.Context, name string, keys []string) error {
	_, err := s.updateRole(ctx, name, func(r *Role) error { r.Tags = dropTags(r.Tags, keys); return nil })
	return err
}
