package samlidp

import (
	"context"
	"errors"

	"github.com/poolhouse/poolhouse/userpool"
)

// ErrNoName is why a user cannot be signed in to an app: it could not be told who
// came.
var ErrNoName = userpool.Fail(userpool.ErrInvalidParameter, "The user has no name in the application's NameID format, so cannot sign in to it.")

// Preview returns what an application would be told of a user who signs in now,
// without a request of its own. A transient name is an example.
func (s *Service) Preview(ctx context.Context, pool userpool.PoolID, id ApplicationID, username string) (*Told, error) {
	a, err := s.Store.Application(ctx, pool, id)
	if err != nil {
		return nil, err
	}
	user, err := s.Users.User(ctx, pool, username)
	if err != nil {
		return nil, err
	}
	p, err := newParty(a)
	if err != nil {
		return nil, err
	}
	t := &teller{directory: s.Users, keys: s.Keys, entityID: entityID(s.Issuer(pool)), app: a, party: p, store: s.Store, user: user}
	told, err := t.tell(ctx)
	var no *refusal
	if errors.As(err, &no) {
		return nil, ErrNoName
	}
	return told, err
}
