package userpool

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
)

// localProvider is the name that stands for the pool itself.
const localProvider = "Cognito"

// maxLinks is how many identities can be linked to one user.
const maxLinks = 5

var (
	errLocalSource = invalid("Invalid SourceUser: Cognito users with a username/password may not be passed in as a SourceUser, only as a DestinationUser")
	errMerge       = invalid("Merging is not currently supported, provide a SourceUser that has not been signed up in order to link")
)

// LinkProvider lets somebody at a provider sign in as a user of the pool.
// destination names the user: by the provider Cognito and a username, or by a
// provider and the subject of somebody who has signed in before.
func (s *Service) LinkProvider(ctx context.Context, pool PoolID, destination, source IdentityKey) error {
	if _, err := s.Pool(ctx, pool); err != nil {
		return err
	}
	if source.Provider == localProvider {
		return errLocalSource
	}
	p, err := s.linkable(ctx, pool, source)
	if err != nil {
		return err
	}
	u, err := s.identified(ctx, pool, destination)
	if err != nil {
		return err
	}
	if err := s.hasNoProfile(ctx, pool, u, source); err != nil {
		return err
	}
	_, err = s.Store.UpdateIdentities(ctx, pool, u.Username, func(u *User, held []Identity) ([]Identity, error) {
		if slices.ContainsFunc(held, func(i Identity) bool { return i.IdentityKey == source }) {
			return nil, invalid("SourceUser is already linked to DestinationUser")
		}
		if links(held) >= maxLinks {
			return nil, Fail(ErrLimitExceeded, "A user can be linked to 5 identities of providers.")
		}
		u.Modified = s.now()
		held = append(held, Identity{IdentityKey: source, Type: p.Type, Created: u.Modified})
		return held, u.setIdentities(held)
	})
	if errors.Is(err, ErrAliasExists) {
		return Fail(ErrAliasExists, "The SourceUser is linked to another user already.")
	}
	return namedUser(namedProvider(err, pool, source.Provider))
}

func links(held []Identity) (n int) {
	for _, i := range held {
		if !i.Primary {
			n++
		}
	}
	return n
}

// linkable checks who is to be linked. A social provider knows its users by their
// subject alone; of others an attribute may be named that the provider maps.
func (s *Service) linkable(ctx context.Context, pool PoolID, source IdentityKey) (*Provider, error) {
	if source.Provider == "" || source.Attribute == "" || source.Value == "" || len(source.Value) > 2048 || strings.ContainsRune(source.Value, 0) {
		return nil, invalid("SourceUser must have ProviderName, ProviderAttributeName and ProviderAttributeValue.")
	}
	p, err := s.Store.Provider(ctx, pool, source.Provider)
	if err != nil {
		return nil, namedProvider(err, pool, source.Provider)
	}
	if source.Attribute == IdentitySubject {
		return p, nil
	}
	if p.Type != ProviderSAML && p.Type != ProviderOIDC {
		return nil, invalid("ProviderAttributeName must be Cognito_Subject for the provider %s.", p.Name)
	}
	for _, claim := range p.Mapping {
		if claim == source.Attribute {
			return p, nil
		}
	}
	return nil, invalid("ProviderAttributeName %s is not in the attribute mapping of the provider %s.", source.Attribute, p.Name)
}

// identified finds the user of a destination, or of AdminDisableProviderForUser.
func (s *Service) identified(ctx context.Context, pool PoolID, key IdentityKey) (*User, error) {
	if key.Value == "" {
		return nil, invalid("ProviderAttributeValue is required.")
	}
	if key.Provider == localProvider {
		return s.User(ctx, pool, key.Value)
	}
	if key.Attribute == "" {
		key.Attribute = IdentitySubject
	}
	u, err := s.Store.UserByIdentity(ctx, pool, key)
	if errors.Is(err, ErrUserNotFound) && key.Attribute == IdentitySubject {
		u, err = s.Store.User(ctx, pool, federatedName(key))
		if err == nil && u.Status != ExternalProvider {
			err = ErrUserNotFound // a name that only looks like one
		}
	}
	return u, namedUser(err)
}

// federatedName is the username of somebody who came from a provider.
func federatedName(key IdentityKey) string { return key.Provider + "_" + key.Value }

// hasNoProfile refuses somebody who has signed in here as a user of their own.
func (s *Service) hasNoProfile(ctx context.Context, pool PoolID, destination *User, source IdentityKey) error {
	u, err := s.Store.UserByIdentity(ctx, pool, source)
	if errors.Is(err, ErrUserNotFound) && source.Attribute == IdentitySubject {
		if u, err = s.Store.User(ctx, pool, federatedName(source)); err == nil && u.Status != ExternalProvider {
			return nil
		}
	}
	switch {
	case errors.Is(err, ErrUserNotFound) || err == nil && u.Sub == destination.Sub && u.Status != ExternalProvider:
		return nil
	case err != nil:
		return err
	case u.Status == ExternalProvider:
		return errMerge
	}
	return Fail(ErrAliasExists, "The SourceUser is linked to another user already.")
}

// UserByIdentity finds whom somebody at a provider signs in as, by their subject.
func (s *Service) UserByIdentity(ctx context.Context, pool PoolID, provider, subject string) (*User, error) {
	u, err := s.Store.UserByIdentity(ctx, pool, IdentityKey{provider, IdentitySubject, subject})
	return u, namedUser(err)
}

// DisableProvider ends a way to sign in. A link is removed, so that its owner is a
// stranger again. Somebody who came from the provider is disabled, and so is a
// local user without links; one with links keeps those and loses the password.
func (s *Service) DisableProvider(ctx context.Context, pool PoolID, key IdentityKey) error {
	if _, err := s.Pool(ctx, pool); err != nil {
		return err
	}
	if key.Attribute == "" {
		key.Attribute = IdentitySubject
	}
	if key.Provider != localProvider {
		if _, err := s.Provider(ctx, pool, key.Provider); err != nil {
			return err
		}
	} else if key.Attribute != IdentitySubject {
		return invalid("ProviderAttributeName must be Cognito_Subject for the provider Cognito.")
	}
	u, err := s.identified(ctx, pool, key)
	if err != nil {
		return err
	}
	unlinked := false
	_, err = s.Store.UpdateIdentities(ctx, pool, u.Username, func(u *User, held []Identity) ([]Identity, error) {
		u.Modified = s.now()
		u.SignedOut = u.Modified
		kept := slices.DeleteFunc(slices.Clone(held), func(i Identity) bool { return i.IdentityKey == key && !i.Primary })
		switch unlinked = len(kept) < len(held); {
		case unlinked:
			return kept, u.setIdentities(kept)
		case key.Provider == localProvider && len(held) > 0:
			u.Password, u.SRPSalt, u.SRPVerifier = "", nil, nil
			u.PasswordChanged = u.Modified // codes and sessions of before are dead
			return held, nil
		}
		u.Enabled = false
		return held, nil
	})
	if err == nil && unlinked { // what was theirs by the provider's word
		err = s.Store.SetUpstreamGroups(ctx, pool, u.Username, key.Provider, nil)
	}
	return namedUser(err)
}

// dropIdentities removes those identities of a user that match. Whoever came from
// such a provider keeps the record of it.
func (s *Service) dropIdentities(ctx context.Context, pool PoolID, username string, match func(Identity) bool) error {
	_, err := s.Store.UpdateIdentities(ctx, pool, username, func(u *User, held []Identity) ([]Identity, error) {
		u.Modified = s.now()
		u.SignedOut = u.Modified
		kept := slices.DeleteFunc(slices.Clone(held), match)
		if u.Status == ExternalProvider {
			return kept, nil
		}
		return kept, u.setIdentities(kept)
	})
	if errors.Is(err, ErrUserNotFound) {
		return nil
	}
	return err
}

// linkedOnly reports whether a user lost the password and signs in by links alone.
func (u *User) linkedOnly() bool { return u.Password == "" && u.Attributes["identities"] != "" }

// identityJSON is an element of the attribute identities, as AWS writes it.
type identityJSON struct {
	UserID       string  `json:"userId"`
	ProviderName string  `json:"providerName"`
	ProviderType string  `json:"providerType"`
	Issuer       *string `json:"issuer"`
	Primary      bool    `json:"primary"`
	DateCreated  int64   `json:"dateCreated"` // milliseconds since 1970
}

// setIdentities writes the attribute that tokens release.
func (u *User) setIdentities(held []Identity) error {
	if len(held) == 0 {
		delete(u.Attributes, "identities")
		return nil
	}
	list := make([]identityJSON, len(held))
	for i, id := range held {
		list[i] = identityJSON{id.Value, id.Provider, id.Type, nil, id.Primary, id.Created.UnixMilli()}
	}
	raw, err := json.Marshal(list)
	u.Attributes["identities"] = string(raw)
	return err
}
