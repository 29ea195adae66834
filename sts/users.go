package sts

import (
	"context"
	"slices"
)

// maxAccessKeys is how many access keys a user may have: two, so that one can be
// replaced by the other.
const maxAccessKeys = 2

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
	return list(ctx, s.Store.Users(), s.Account, p, func(u *User) string { return u.Path })
}

func (s *Service) updateUser(ctx context.Context, name string, fn func(*User) error) error {
	_, err := s.Store.Users().Update(ctx, s.Account, name, fn)
	return noUser(err, name)
}

// DeleteUser deletes a user without policies and keys.
func (s *Service) DeleteUser(ctx context.Context, name string) error {
	err := s.Store.Users().Delete(ctx, s.Account, name, func(u *User) error {
		if len(u.AccessKeys) > 0 {
			return fail(ErrDeleteConflict, "Cannot delete entity, must delete access keys first.")
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
	if err := s.checkInline(name, doc); err != nil {
		return err
	}
	return s.updateUser(ctx, user, func(u *User) error { u.Permissions.put(name, doc); return nil })
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
	return s.updateUser(ctx, user, func(u *User) error { return u.Permissions.attach(arn) })
}

// DetachUserPolicy detaches a managed policy.
func (s *Service) DetachUserPolicy(ctx context.Context, user, arn string) error {
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

// CreateAccessKey makes an access key; its secret is shown this once. The key is
// stored before the user lists it: one that fails between the two is dead.
func (s *Service) CreateAccessKey(ctx context.Context, user string) (*AccessKey, error) {
	u, err := s.User(ctx, user)
	if err != nil {
		return nil, err
	}
	k := &AccessKey{Account: s.Account, ID: newID("AKIA", 16), User: u.Name, UserID: u.ID,
		Secret: newSecret(), Active: true, Created: s.now()}
	if err := s.Store.AccessKeys().Create(ctx, k); err != nil {
		return nil, err
	}
	err = s.updateUser(ctx, user, func(u *User) error {
		if len(u.AccessKeys) >= maxAccessKeys {
			return fail(ErrLimitExceeded, "Cannot exceed quota for AccessKeysPerUser: 2")
		}
		if u.ID != k.UserID {
			return noUser(ErrNotFound, user)
		}
		u.AccessKeys = append(u.AccessKeys, k.ID)
		return nil
	})
	if err != nil {
		_ = s.Store.AccessKeys().Delete(ctx, s.Account, k.ID, always) // it is dead either way
		return nil, err
	}
	return k, nil
}

// AccessKeys returns the keys of a user.
func (s *Service) AccessKeys(ctx context.Context, user string) ([]*AccessKey, error) {
	u, err := s.User(ctx, user)
	if err != nil {
		return nil, err
	}
	var out []*AccessKey
	for _, id := range u.AccessKeys {
		k, err := s.Store.AccessKeys().Get(ctx, s.Account, id)
		if err != nil {
			return nil, err
		}
		out = append(out, k)
	}
	return out, nil
}

// SetAccessKey switches a key on or off.
func (s *Service) SetAccessKey(ctx context.Context, user, id string, active bool) error {
	if err := s.ownedKey(ctx, user, id); err != nil {
		return err
	}
	_, err := s.Store.AccessKeys().Update(ctx, s.Account, id, func(k *AccessKey) error { k.Active = active; return nil })
	return noKey(err, id)
}

func (s *Service) ownedKey(ctx context.Context, user, id string) error {
	u, err := s.User(ctx, user)
	if err != nil {
		return err
	}
	if !owns(u, id) {
		return noKey(ErrNotFound, id)
	}
	return nil
}

func noKey(err error, id string) error {
	return explain(err, "The Access Key with id "+id+" cannot be found.", "")
}

// DeleteAccessKey deletes a key; it is dead once the user no longer lists it.
func (s *Service) DeleteAccessKey(ctx context.Context, user, id string) error {
	err := s.updateUser(ctx, user, func(u *User) error {
		i := slices.Index(u.AccessKeys, id)
		if i < 0 {
			return noKey(ErrNotFound, id)
		}
		u.AccessKeys = slices.Delete(u.AccessKeys, i, i+1)
		return nil
	})
	if err != nil {
		return err
	}
	return s.Store.AccessKeys().Delete(ctx, s.Account, id, always)
}
