package sp

import (
	"context"

	"github.com/poolhouse/poolhouse/userpool"
)

// ownerPages bounds how many users of one address are looked at: anybody can sign up
// with an address that is not theirs.
const (
	ownerPages = 10
	ownerPage  = 60
)

// owner finds the user of our own whose address a stranger comes with, nil for none.
// An address tells who somebody is only where both sides vouch for it: the provider
// says that it is verified, and the user has proved to own it here. LinkDomain asks for
// more: that the provider is the authority of the domain. Whom several answer to is
// nobody.
func (s *Service) owner(ctx context.Context, e *entry) (*userpool.User, error) {
	address, settings := e.attributes["email"], e.provider.Settings
	if settings.Link == userpool.LinkNever || address == "" || e.attributes["email_verified"] != "true" {
		return nil, nil
	}
	if settings.Link == userpool.LinkDomain && !SpeaksFor(e.provider, address) {
		return nil, nil
	}
	var found *userpool.User
	for after, page := "", 0; page < ownerPages; page++ {
		users, next, err := s.Store.Users(ctx, e.pool.ID, userpool.UserFilter{Attribute: "email", Value: address}, after, ownerPage)
		if err != nil {
			return nil, err
		}
		for _, u := range users {
			if u.Status == userpool.ExternalProvider || !u.Verified("email") || e.pool.Fold(u.Attributes["email"]) != e.pool.Fold(address) {
				continue
			}
			if found != nil {
				return nil, nil
			}
			found = u
		}
		if after = next; next == "" {
			break
		}
		if page == ownerPages-1 {
			return nil, nil // nobody knows who else there is
		}
	}
	if found == nil {
		return nil, nil
	}
	return s.Store.User(ctx, e.pool.ID, found.Sub) // lists come without secrets
}
