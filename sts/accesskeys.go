package sts

import (
	"context"
	"slices"
)

// maxAccessKeys is how many access keys a user may have: two, so that one can be
// replaced by the other.
const maxAccessKeys = 2

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
		k.User = u.Name
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
	if err := s.Store.AccessKeys().Delete(ctx, s.Account, id, always); err != nil {
		return err
	}
	return s.Store.ForgetUse(ctx, s.Account, id)
}
