package sts

import (
	"context"
	"errors"
	"strings"
)

// Credential returns the secret of an access key and who is behind it. It
// returns ErrUnknownCredential for one that is unknown, altered, revoked or
// whose role was deleted, and ErrExpiredCredential.
func (s *Service) Credential(ctx context.Context, accessKeyID, sessionToken string) (secret string, p *Principal, err error) {
	if strings.HasPrefix(accessKeyID, "ASIA") {
		return s.temporary(ctx, accessKeyID, sessionToken)
	}
	if sessionToken != "" {
		return "", nil, ErrUnknownCredential
	}
	if s.isRootKey(accessKeyID) {
		p = &Principal{Kind: Root, Account: s.Account, AccessKeyID: accessKeyID}
		p.identify()
		return s.RootSecretAccessKey, p, nil
	}
	return s.longTerm(ctx, accessKeyID)
}

func (s *Service) longTerm(ctx context.Context, accessKeyID string) (string, *Principal, error) {
	key, err := s.Store.AccessKeys().Get(ctx, s.Account, accessKeyID)
	if err != nil {
		return "", nil, unknownIfGone(err)
	}
	user, err := s.liveUser(ctx, key.User, key.UserID)
	if err != nil {
		return "", nil, err
	}
	if !key.Active || !owns(user, key.ID) {
		return "", nil, ErrUnknownCredential
	}
	p := &Principal{Kind: IAMUser, Account: s.Account, AccessKeyID: key.ID, user: user}
	p.identify()
	return key.Secret, p, nil
}

// temporary checks in AWS's order: binding of token and key, expiry, liveness of
// the issuer. The signature comes after that, by the caller.
func (s *Service) temporary(ctx context.Context, accessKeyID, token string) (string, *Principal, error) {
	st, err := s.open(ctx, accessKeyID, token)
	if err != nil {
		return "", nil, err
	}
	if s.Now().UnixMicro() >= st.Expires {
		return "", nil, ErrExpiredCredential
	}
	if st.Account != s.Account {
		return "", nil, ErrUnknownCredential
	}
	p := &Principal{Kind: st.Kind, Account: st.Account, AccessKeyID: accessKeyID, state: st}
	if err := s.bindOwner(ctx, p); err != nil {
		return "", nil, err
	}
	p.identify()
	p.mfaKeys(s.Now())
	secret, err := s.deriveSecret(ctx, accessKeyID, token)
	return secret, p, err
}

// bindOwner finds the role or user behind a session as it is now.
func (s *Service) bindOwner(ctx context.Context, p *Principal) (err error) {
	switch p.Kind {
	case RoleSession:
		p.role, err = s.liveRole(ctx, p.state)
	case IAMUser:
		p.user, err = s.liveUser(ctx, p.state.Name, p.state.Owner)
	case FederatedUser:
		if p.state.OwnerName != "" {
			p.user, err = s.liveUser(ctx, p.state.OwnerName, p.state.Owner)
		}
	}
	return err
}

func (s *Service) liveRole(ctx context.Context, st *session) (*Role, error) {
	role, err := s.Store.Roles().Get(ctx, st.Account, st.Name)
	if err != nil {
		return nil, unknownIfGone(err)
	}
	if role.ID != st.Owner || st.Issued < role.RevokedBefore.UnixMicro() && !role.RevokedBefore.IsZero() {
		return nil, ErrUnknownCredential
	}
	return role, nil
}

// liveUser finds a user by the name it had. If that is another's by now, or
// nobody's, the user may have been renamed: its ID is what counts.
func (s *Service) liveUser(ctx context.Context, name, id string) (*User, error) {
	user, err := s.Store.Users().Get(ctx, s.Account, name)
	if errors.Is(err, ErrNotFound) || err == nil && user.ID != id {
		user, err = s.Store.UserByID(ctx, s.Account, id)
	}
	if err != nil {
		return nil, unknownIfGone(err)
	}
	return user, nil
}

func unknownIfGone(err error) error {
	if errors.Is(err, ErrNotFound) {
		return ErrUnknownCredential
	}
	return err
}

func owns(u *User, key string) bool {
	for _, id := range u.AccessKeys {
		if id == key {
			return true
		}
	}
	return false
}
