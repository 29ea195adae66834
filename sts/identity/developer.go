package identity

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/sts"
)

// Lives of a token for the app's backend.
const (
	developerLife    = 15 * time.Minute
	maxDeveloperLife = 24 * time.Hour
)

// A DeveloperRequest asks for a token on the word of the app's own backend.
type DeveloperRequest struct {
	Pool     PoolID
	Identity ID                // to link the user to; empty for the user's own, or a new one
	Logins   map[string]string // the developer provider → the user, and other providers → tokens
	Tags     map[string]string // of the sessions that begin with the token
	Life     time.Duration     // 0 for fifteen minutes
}

// DeveloperToken returns a token for a user that the app's backend has signed in by
// itself, and the user's identity. A user who has another identity than the given one
// is ErrDeveloperUser.
func (s *Service) DeveloperToken(ctx context.Context, in DeveloperRequest) (token string, owner ID, err error) {
	p, err := s.Pool(ctx, in.Pool)
	if err != nil {
		return "", "", err
	}
	if err := in.check(p); err != nil {
		return "", "", err
	}
	name := p.Settings.DeveloperProvider
	user := Login{Provider: name, Subject: in.Logins[name], Developer: true}
	others := map[string]string{}
	for provider, token := range in.Logins {
		if provider != name {
			others[provider] = token
		}
	}
	proofs, err := s.prove(ctx, p, others)
	if err != nil {
		return "", "", err
	}
	i, err := s.adopt(ctx, &in, append(loginsOf(proofs), user))
	if err != nil {
		return "", "", err
	}
	amr := append([]string{RoleAuthenticated, name, developerMethod(p.ID, user)}, methods(proofs)...)
	claims := s.newToken(p.ID, i.ID, amr, in.Life)
	for _, tag := range sortedKeys(in.Tags) {
		claims.addTag(sts.Tag{Key: tag, Value: in.Tags[tag]})
	}
	token, err = s.sign(ctx, claims)
	return token, i.ID, err
}

// developerMethod is how a token names a user of the app's backend.
func developerMethod(pool PoolID, user Login) string {
	return user.Provider + ":" + string(pool) + ":" + user.Subject
}

func (in *DeveloperRequest) check(p *Pool) error {
	if in.Life == 0 {
		in.Life = developerLife
	}
	user, ok := in.Logins[p.Settings.DeveloperProvider]
	switch {
	case p.Settings.DeveloperProvider == "" || !ok:
		return fail(ErrInvalidParameter, "Please provide a valid developer provider: Logins must have the developer provider of this identity pool.")
	case in.Life < time.Second || in.Life > maxDeveloperLife:
		return fail(ErrInvalidParameter, "TokenDuration must be between 1 and 86400 seconds.")
	}
	if err := checkUser(user); err != nil {
		return err
	}
	return checkTagNames(in.Tags)
}

func checkUser(user string) error {
	if user == "" || len(user) > maxSubject || strings.ContainsRune(user, 0) {
		return fail(ErrInvalidParameter, "A developer user identifier has 1 to 1024 bytes, none of them zero.")
	}
	return nil
}

// adopt links a user of the backend, and other logins, to the given identity or to
// the one that they have.
func (s *Service) adopt(ctx context.Context, in *DeveloperRequest, logins []Login) (*Identity, error) {
	if in.Identity != "" {
		i, err := s.Store.Identity(ctx, in.Identity)
		switch {
		case err == nil && i.Pool != in.Pool:
			return nil, errIdentity(in.Identity)
		case err != nil:
			return nil, named(err, errIdentity(in.Identity))
		case i.Disabled:
			return nil, errForbidden(in.Identity)
		}
	}
	i, err := s.link(ctx, &Linking{Pool: in.Pool, Given: in.Identity, Logins: logins})
	return i, conflicting(err)
}

// presentToken finds out who comes with a token of DeveloperToken. It must be of the
// pool and of the identity that are asked for.
func (s *Service) presentToken(ctx context.Context, v Visitor, raw string) (*presence, error) {
	i, p, err := s.identified(ctx, v)
	if err != nil {
		return nil, err
	}
	if p.Settings.DeveloperProvider == "" {
		return nil, errProvider
	}
	token, err := s.verifyPoolToken(ctx, raw)
	switch {
	case errors.Is(err, sts.ErrTokenExpired):
		return nil, errExpired
	case errors.Is(err, sts.ErrInvalidToken), errors.Is(err, sts.ErrIDPRejected):
		return nil, errNotToken
	case err != nil:
		return nil, err
	case token.Audience != string(p.ID) || token.Subject != string(i.ID) || !slices.Contains(token.AMR, p.Settings.DeveloperProvider):
		return nil, errMismatch
	}
	return &presence{pool: p, identity: i, token: token}, nil
}
