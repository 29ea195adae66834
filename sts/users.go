package sts

import "context"

// CreateUser makes a user. Name is required; ID, Account and Created are filled in.
func (s *Service) CreateUser(ctx context.Context, u *User) (err error) {
	if !validName(u.Name, 64) {
		return fail(ErrValidation, "The specified value for userName is invalid.")
	}
	if u.Path, err = orPath(u.Path); err != nil {
		return err
	}
	if err := s.checkBoundary(ctx, u.Permissions.Boundary); err != nil {
		return err
	}
	if u.Tags, err = setTags(nil, u.Tags); err != nil {
		return err
	}
	u.Account, u.ID, u.Created = s.Account, newID("AIDA", 17), s.now()
	return explain(s.Store.Users().Create(ctx, u), "", "User with name "+u.Name+" already exists.")
}

// User returns a user by its name.
func (s *Service) User(ctx context.Context, name string) (*User, error) {
	u, err := s.Store.Users().Get(ctx, s.Account, name)
	return u, noUser(err, name)
}

func noUser(err error, name string) error {
	return explain(err, "The user with name "+name+" cannot be found.", "")
}

// Users lists users.
func (s *Service) Users(ctx context.Context, p Page) ([]*User, string, error) {
	return list(ctx, s.Store.Users(), s.Account, p, under(p.Prefix, func(u *User) string { return u.Path }))
}

func (s *Service) updateUser(ctx context.Context, name string, fn func(*User) error) error {
	_, err := s.Store.Users().Update(ctx, s.Account, name, fn)
	return noUser(err, name)
}

// RenameUser gives a user another name and another path; nil leaves either as it
// is. Keys, policies, sessions and the trust of roles go with the user, whose ID
// stays; what names the user by its ARN elsewhere does not.
func (s *Service) RenameUser(ctx context.Context, name string, newName, newPath *string) error {
	if newName != nil && !validName(*newName, 64) {
		return fail(ErrValidation, "The specified value for newUserName is invalid.")
	}
	if newPath != nil {
		if _, err := orPath(*newPath); err != nil {
			return err
		}
	}
	_, err := s.Store.Users().Update(ctx, s.Account, name, func(u *User) error {
		if newName != nil {
			u.Name = *newName
		}
		if newPath != nil {
			u.Path = *newPath
		}
		return nil
	})
	if newName != nil {
		err = explain(err, "", "User with name "+*newName+" already exists.")
	}
	return noUser(err, name)
}

// DeleteUser deletes a user without policies and keys.
func (s *Service) DeleteUser(ctx context.Context, name string) error {
	err := s.Store.Users().Delete(ctx, s.Account, name, func(u *User) error {
		if len(u.AccessKeys) > 0 {
			return fail(ErrDeleteConflict, "Cannot delete entity, must delete access keys first.")
		}
		if len(u.MFADevices) > 0 {
			return fail(ErrDeleteConflict, "Cannot delete entity, must delete MFA devices first.")
		}
		return u.Permissions.deletable()
	})
	return noUser(err, name)
}

// SetUserBoundary sets the permissions boundary; an empty one removes it.
func (s *Service) SetUserBoundary(ctx context.Context, name, arn string) error {
	if err := s.checkBoundary(ctx, arn); err != nil {
		return err
	}
	return s.updateUser(ctx, name, func(u *User) error { u.Permissions.Boundary = arn; return nil })
}

// PutUserPolicy adds or replaces an inline policy.
func (s *Service) PutUserPolicy(ctx context.Context, user, name, doc string) error {
	if err := s.checkInline(ofUser, user, name, doc); err != nil {
		return err
	}
	return s.updateUser(ctx, user, func(u *User) error { return u.Permissions.put(ofUser, u.Name, name, doc) })
}

// UserPolicy returns the text of an inline policy.
func (s *Service) UserPolicy(ctx context.Context, user, name string) (string, error) {
	u, err := s.User(ctx, user)
	if err != nil {
		return "", err
	}
	doc, ok := u.Permissions.Inline[name]
	if !ok {
		return "", noUserPolicy(name)
	}
	return doc, nil
}

func noUserPolicy(name string) error {
	return fail(ErrNotFound, "The user policy with name "+name+" cannot be found.")
}

// DeleteUserPolicy deletes an inline policy.
func (s *Service) DeleteUserPolicy(ctx context.Context, user, name string) error {
	return s.updateUser(ctx, user, func(u *User) error {
		if _, ok := u.Permissions.Inline[name]; !ok {
			return noUserPolicy(name)
		}
		delete(u.Permissions.Inline, name)
		return nil
	})
}

// AttachUserPolicy attaches a managed policy.
func (s *Service) AttachUserPolicy(ctx context.Context, user, arn string) error {
	if err := s.checkAttachable(ctx, arn); err != nil {
		return err
	}
	err := s.updateUser(ctx, user, func(u *User) error { return u.Permissions.attach(ofUser, arn) })
	if err != nil {
		return err
	}
	return s.keepAttached(ctx, arn, func() error { return s.DetachUserPolicy(ctx, user, arn) })
}

// DetachUserPolicy detaches a managed policy.
func (s *Service) DetachUserPolicy(ctx context.Context, user, arn string) error {
	if _, _, err := s.policyName(arn); err != nil {
		return err
	}
	return s.updateUser(ctx, user, func(u *User) error { return u.Permissions.detach(arn) })
}

// TagUser lays tags over those of the user.
func (s *Service) TagUser(ctx context.Context, name string, tags []Tag) error {
	return s.updateUser(ctx, name, func(u *User) (err error) { u.Tags, err = setTags(u.Tags, tags); return err })
}

// UntagUser removes tags.
func (s *Service) UntagUser(ctx context.Context, name string, keys []string) error {
	return s.updateUser(ctx, name, func(u *User) error { u.Tags = dropTags(u.Tags, keys); return nil })
}
