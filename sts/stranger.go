package sts

import (
	"context"
	"errors"
)

// trustsNobody is the trust policy of a role that does not exist.
const trustsNobody = `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"sts:*"}}`

// roleOrStranger returns the role, or where there is none one that trusts
// nobody: the refusal then takes the same path.
func (s *Service) roleOrStranger(ctx context.Context, ref RoleRef) (*Role, error) {
	stranger := &Role{Account: ref.Account, Path: ref.Path, Name: ref.Name, Trust: trustsNobody}
	role, err := s.Store.Roles().Get(ctx, s.Account, ref.Name)
	if errors.Is(err, ErrNotFound) {
		return stranger, nil
	}
	if err != nil {
		return nil, err
	}
	if ref.Account != role.Account || ref.Path != role.Path || ref.Name != role.Name {
		return stranger, nil
	}
	return role, nil
}
