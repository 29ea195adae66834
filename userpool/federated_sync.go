package userpool

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
)

// SyncModeOf says when the provider's word about an attribute of the pool is written.
// By default that is at each sign-in, or once where the attribute is immutable: the
// second sign-in must not fail because of it.
func (p *Provider) SyncModeOf(pool *Pool, attribute string) SyncMode {
	if a := pool.Attribute(attribute); a != nil && !a.Mutable {
		if p.Settings.Sync[attribute] == SyncNever {
			return SyncNever
		}
		return SyncCreate
	}
	if mode, ok := p.Settings.Sync[attribute]; ok {
		return mode
	}
	return SyncLogin
}

// SyncArrival writes what a provider says of a user who was here before, as far as it
// is to be written at each sign-in. What does not fit the schema, or would be another
// user's name, keeps its old value, and nobody is kept out for it.
func (s *Service) SyncArrival(ctx context.Context, p *Pool, provider *Provider, u *User, arrived map[string]string) (*User, error) {
	wanted := s.syncable(ctx, p, provider, arrived)
	for {
		if len(u.news(wanted, arrived)) == 0 {
			return u, nil
		}
		after, err := s.Store.UpdateUser(ctx, p.ID, u.Username, func(u *User) error {
			news := u.news(wanted, arrived)
			if len(news) == 0 {
				return nil
			}
			u.setAttributes(news)
			u.Modified = s.now()
			return nil
		})
		var alias *AliasError
		if !errors.As(err, &alias) || wanted[alias.Attribute] == "" && wanted[alias.Attribute+"_verified"] == "" {
			return after, namedUser(err)
		}
		s.Log.WarnContext(ctx, "an attribute from a provider is another user's", "pool", p.ID, "provider", provider.Name, "sub", u.Sub, "attribute", alias.Attribute)
		delete(wanted, alias.Attribute)
		delete(wanted, alias.Attribute+"_verified")
	}
}

// syncable are the attributes that may be written at a sign-in.
func (s *Service) syncable(ctx context.Context, p *Pool, provider *Provider, arrived map[string]string) map[string]string {
	wanted := maps.Clone(arrived)
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		if provider.SyncModeOf(p, name) != SyncLogin {
			delete(wanted, name)
			continue
		}
		if err := p.checkWrite(writer{admin: true}, map[string]string{name: wanted[name]}); err != nil {
			s.Log.WarnContext(ctx, "an attribute from a provider does not fit", "pool", p.ID, "provider", provider.Name, "attribute", name, "error", err)
			delete(wanted, name)
		}
	}
	return wanted
}

// news are the attributes that differ from what the user has. Whether an address is
// verified is said of the one that arrived, and of no other that the user may keep; and
// what a user of our own has proved to own stays proved while it is the same address.
func (u *User) news(wanted, arrived map[string]string) map[string]string {
	news := map[string]string{}
	for name, value := range wanted {
		if u.Attributes[name] != value {
			news[name] = value
		}
	}
	for _, a := range []string{"email", "phone_number"} {
		flag, said := wanted[a+"_verified"]
		if _, moves := news[a]; moves {
			if said { // else it would be that of the address before
				news[a+"_verified"] = flag
			}
			continue
		}
		other := arrived[a] == "" || arrived[a] != u.Attributes[a]
		if other || u.Status != ExternalProvider && news[a+"_verified"] == "false" {
			delete(news, a+"_verified")
		}
	}
	return news
}

// SetUpstreamGroups has u be in those groups by the word of a provider: what it took
// part in by an earlier one and does not any more is over.
func (s *Service) SetUpstreamGroups(ctx context.Context, p *Pool, provider *Provider, u *User, groups []string) error {
	held, err := s.Store.GroupsOf(ctx, p.ID, u.Username)
	if err != nil {
		return err
	}
	others := slices.DeleteFunc(held, func(g *Group) bool { return slices.Contains(groups, g.Name) })
	if room := max(0, maxGroupsOfUser-len(others)); len(groups) > room {
		s.Log.WarnContext(ctx, "a provider puts a user into too many groups", "pool", p.ID, "provider", provider.Name, "sub", u.Sub, "left out", strings.Join(groups[room:], ", "))
		groups = groups[:room]
	}
	return s.Store.SetUpstreamGroups(ctx, p.ID, u.Username, provider.Name, groups)
}
