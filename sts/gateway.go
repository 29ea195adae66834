package sts

import (
	"context"
	"errors"
	"strings"
	"time"
)

// RoleARN returns the ARN, path included, of the role behind a role's session, or "".
func (p *Principal) RoleARN() string {
	if p.role == nil {
		return ""
	}
	return p.role.ARN()
}

// Issued returns when the session began; zero for a long-term key.
func (p *Principal) Issued() time.Time {
	if p.state == nil {
		return time.Time{}
	}
	return time.UnixMicro(p.state.Issued).UTC()
}

// IsPrincipal reports whether name is one that a resource policy can name: this
// account, a user or role of it by its whole ARN, or a session of such a role,
// which need not have begun. Case counts.
func (s *Service) IsPrincipal(ctx context.Context, name string) (bool, error) {
	if name == s.Account || name == rootARN(s.Account) {
		return true, nil
	}
	if account, resource, ok := cutARN(name, "sts"); ok && account == s.Account {
		return s.isSession(ctx, resource)
	}
	account, resource, ok := cutARN(name, "iam")
	if !ok || account != s.Account {
		return false, nil
	}
	kind, path, _ := strings.Cut(resource, "/")
	last := path[strings.LastIndexByte(path, '/')+1:]
	if !validName(last, 64) {
		return false, nil
	}
	switch kind {
	case "user":
		u, err := s.Store.Users().Get(ctx, s.Account, last)
		return sameARN(err, func() bool { return u.ARN() == name })
	case "role":
		r, err := s.Store.Roles().Get(ctx, s.Account, last)
		return sameARN(err, func() bool { return r.ARN() == name })
	}
	return false, nil
}

// isSession judges "assumed-role/ROLE/SESSION": the role has no path there.
func (s *Service) isSession(ctx context.Context, resource string) (bool, error) {
	rest, ok := strings.CutPrefix(resource, "assumed-role/")
	role, session, _ := strings.Cut(rest, "/")
	if !ok || !validName(role, 64) || !validSessionName(session) {
		return false, nil
	}
	r, err := s.Store.Roles().Get(ctx, s.Account, role)
	return sameARN(err, func() bool { return r.Name == role })
}

func sameARN(err error, same func() bool) (bool, error) {
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil && same(), err
}
