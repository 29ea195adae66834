package userpooltest

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/userpool"
)

var providerChecks = []storeCheck{
	{"providers", testProviders},
	{"identifiers of providers", testProviderIdentifiers},
	{"providers page by page", testProviderPages},
	{"identities", testIdentities},
	{"concurrent links of one identity", testConcurrentLinks},
	{"users of a provider are made once", testFederatedOnce},
	{"groups by a provider's word", testUpstreamGroups},
	{"identities go with their user and their provider", testIdentitiesGo},
}

func (f *fixture) provider(t *testing.T, pool userpool.PoolID, name string, identifiers ...string) *userpool.Provider {
	t.Helper()
	p := &userpool.Provider{Pool: pool, Name: name, Type: "OIDC", Details: map[string]string{"client_secret": "hidden"},
		Mapping: map[string]string{"email": "mail"}, Identifiers: identifiers, Created: f.now, Modified: f.now}
	check(t, f.CreateProvider(ctx, p))
	return p
}

func atCorp(subject string) userpool.IdentityKey {
	return userpool.IdentityKey{Provider: "Corp", Attribute: userpool.IdentitySubject, Value: subject}
}

func (f *fixture) addIdentity(pool userpool.PoolID, username string, key userpool.IdentityKey) error {
	_, err := f.UpdateIdentities(ctx, pool, username, func(u *userpool.User, held []userpool.Identity) ([]userpool.Identity, error) {
		u.Attributes["identities"] += key.Value
		return append(held, userpool.Identity{IdentityKey: key, Type: "OIDC", Created: f.now}), nil
	})
	return err
}

func (f *fixture) link(t *testing.T, pool userpool.PoolID, username string, key userpool.IdentityKey) {
	t.Helper()
	check(t, f.addIdentity(pool, username, key))
}

func testProviders(t *testing.T, f *fixture) {
	f.pool(t, poolA)
	f.pool(t, poolB)
	p := f.provider(t, poolA, "Corp", "a", "b")
	wantErr(t, f.CreateProvider(ctx, &userpool.Provider{Pool: poolA, Name: "Corp"}), userpool.ErrProviderExists)
	wantErr(t, f.CreateProvider(ctx, &userpool.Provider{Pool: "us-east-1_None", Name: "Corp"}), userpool.ErrPoolNotFound)
	got, err := f.Provider(ctx, poolA, "Corp")
	check(t, err)
	equal(t, "secret", got.Details["client_secret"], "hidden")
	equal(t, "mapping", got.Mapping["email"], "mail")
	equal(t, "created", got.Created, p.Created)
	_, err = f.Provider(ctx, poolB, "Corp")
	wantErr(t, err, userpool.ErrNotFound)
	_, err = f.UpdateProvider(ctx, poolA, "Corp", func(p *userpool.Provider) error {
		p.Details["client_secret"], p.Name, p.Type = "other", "New", "SAML"
		return nil
	})
	check(t, err)
	got, err = f.Provider(ctx, poolA, "Corp")
	check(t, err)
	equal(t, "changed", got.Details["client_secret"]+got.Name+got.Type, "otherCorpOIDC")
	wantErr(t, f.DeleteProvider(ctx, poolB, "Corp"), userpool.ErrNotFound)
	check(t, f.DeleteProvider(ctx, poolA, "Corp"))
	wantErr(t, f.DeleteProvider(ctx, poolA, "Corp"), userpool.ErrNotFound)
	_, err = f.UpdateProvider(ctx, poolA, "Corp", func(*userpool.Provider) error { return nil })
	wantErr(t, err, userpool.ErrNotFound)
}

func testProviderIdentifiers(t *testing.T, f *fixture) {
	f.pool(t, poolA)
	f.pool(t, poolB)
	f.provider(t, poolA, "Corp", "corp.example")
	f.provider(t, poolB, "Corp", "corp.example")
	wantErr(t, f.CreateProvider(ctx, &userpool.Provider{Pool: poolA, Name: "Other", Identifiers: []string{"corp.example"}}), userpool.ErrConflict)
	_, err := f.Provider(ctx, poolA, "Other")
	wantErr(t, err, userpool.ErrNotFound) // nothing was written
	f.provider(t, poolA, "Other", "other.example")
	got, err := f.ProviderByIdentifier(ctx, poolA, "other.example")
	check(t, err)
	equal(t, "name", got.Name, "Other")
	rename := func(ids ...string) error {
		_, err := f.UpdateProvider(ctx, poolA, "Other", func(p *userpool.Provider) error { p.Identifiers = ids; return nil })
		return err
	}
	wantErr(t, rename("corp.example"), userpool.ErrConflict)
	check(t, rename("next.example"))
	_, err = f.ProviderByIdentifier(ctx, poolA, "other.example")
	wantErr(t, err, userpool.ErrNotFound)
	check(t, f.DeleteProvider(ctx, poolA, "Corp"))
	check(t, rename("corp.example"))
}

func testProviderPages(t *testing.T, f *fixture) {
	f.pool(t, poolA)
	want := []string{"A", "B", "C", "D", "E", "a", "b"}
	for _, name := range slices.Backward(want) {
		f.provider(t, poolA, name)
	}
	got := pages(t, func(after string, limit int) ([]*userpool.Provider, string, error) {
		return f.Providers(ctx, poolA, after, limit)
	}, func(p *userpool.Provider) string { return p.Name })
	equal(t, "providers", strings.Join(got, " "), strings.Join(want, " "))
	n, err := f.CountProviders(ctx, poolA)
	check(t, err)
	equal(t, "count", n, len(want))
}

func testIdentities(t *testing.T, f *fixture) {
	f.pool(t, poolA, func(p *userpool.Pool) { p.CaseSensitive = false })
	f.pool(t, poolB)
	f.provider(t, poolA, "Corp")
	f.user(t, poolA, "bob")
	f.user(t, poolA, "amy")
	f.link(t, poolA, "bob", atCorp("Ab"))
	got, err := f.UserByIdentity(ctx, poolA, atCorp("Ab"))
	check(t, err)
	equal(t, "user", got.Username+got.Attributes["identities"], "bobAb")
	for _, key := range []userpool.IdentityKey{atCorp("ab"), {Provider: "Corp", Attribute: "mail", Value: "Ab"}, {Provider: "Other", Attribute: userpool.IdentitySubject, Value: "Ab"}} {
		_, err := f.UserByIdentity(ctx, poolA, key)
		wantErr(t, err, userpool.ErrUserNotFound)
	}
	_, err = f.UserByIdentity(ctx, poolB, atCorp("Ab"))
	wantErr(t, err, userpool.ErrUserNotFound)
	wantErr(t, f.addIdentity(poolA, "amy", atCorp("Ab")), userpool.ErrAliasExists)
	wantErr(t, f.addIdentity(poolA, "amy", userpool.IdentityKey{Provider: "None", Attribute: "x", Value: "y"}), userpool.ErrNotFound)
	amy, err := f.User(ctx, poolA, "amy")
	check(t, err)
	equal(t, "attribute of a refused link", amy.Attributes["identities"], "")
	users, err := f.LinkedUsers(ctx, poolA, "Corp", 9)
	check(t, err)
	equal(t, "linked", strings.Join(users, " "), "bob")
	_, err = f.UpdateIdentities(ctx, poolA, "bob", func(_ *userpool.User, held []userpool.Identity) ([]userpool.Identity, error) {
		equal(t, "held", len(held), 1)
		equal(t, "made", held[0].Created, f.now)
		return nil, nil
	})
	check(t, err)
	f.link(t, poolA, "amy", atCorp("Ab"))
}

func testConcurrentLinks(t *testing.T, f *fixture) {
	f.pool(t, poolA)
	f.provider(t, poolA, "Corp")
	for i := range 10 {
		f.user(t, poolA, numbered(i))
	}
	won := 0
	for _, err := range parallel(10, func(i int) error { return f.addIdentity(poolA, numbered(i), atCorp("1")) }) {
		if err == nil {
			won++
			continue
		}
		wantErr(t, err, userpool.ErrAliasExists)
	}
	equal(t, "links of one identity", won, 1)
}

func testFederatedOnce(t *testing.T, f *fixture) {
	f.pool(t, poolA)
	f.provider(t, poolA, "Corp")
	create := func(name, subject string) error {
		u := &userpool.User{Pool: poolA, Username: name, Sub: "sub of " + name, Status: userpool.ExternalProvider, Enabled: true,
			Created: f.now, Modified: f.now, Attributes: map[string]string{"identities": "[]"}}
		return f.CreateFederated(ctx, u, userpool.Identity{IdentityKey: atCorp(subject), Type: "OIDC", Primary: true, Created: f.now})
	}
	won := 0
	for _, err := range parallel(50, func(int) error { return create("Corp_1", "1") }) {
		if err == nil {
			won++
			continue
		}
		if !errors.Is(err, userpool.ErrUserExists) && !errors.Is(err, userpool.ErrAliasExists) {
			t.Error(err)
		}
	}
	equal(t, "users of one identity", won, 1)
	u, err := f.UserByIdentity(ctx, poolA, atCorp("1"))
	check(t, err)
	equal(t, "user", u.Username, "Corp_1")
	wantErr(t, create("Corp_another", "1"), userpool.ErrAliasExists)
	_, err = f.User(ctx, poolA, "Corp_another")
	wantErr(t, err, userpool.ErrUserNotFound) // nothing is half made
	wantErr(t, create("Corp_1", "2"), userpool.ErrUserExists)
	_, err = f.UserByIdentity(ctx, poolA, atCorp("2"))
	wantErr(t, err, userpool.ErrUserNotFound)
}

func testUpstreamGroups(t *testing.T, f *fixture) {
	f.pool(t, poolA)
	f.user(t, poolA, "bob")
	for _, g := range []string{"a", "b", "c", "own"} {
		check(t, f.CreateGroup(ctx, &userpool.Group{Pool: poolA, Name: g, Created: f.now, Modified: f.now}))
	}
	check(t, f.AddMember(ctx, poolA, "own", "bob"))
	in := func(want string, provider string, groups ...string) {
		t.Helper()
		if provider != "" {
			check(t, f.SetUpstreamGroups(ctx, poolA, "bob", provider, groups))
		}
		held, err := f.GroupsOf(ctx, poolA, "bob")
		check(t, err)
		var names []string
		for _, g := range held {
			names = append(names, g.Name)
		}
		equal(t, "groups", strings.Join(names, " "), want)
	}
	in("a b own", "Corp", "b", "a", "own", "no such group")
	in("a b c own", "Other", "c", "b")
	in("b c own", "Corp", "b")
	check(t, f.AddMember(ctx, poolA, "b", "bob")) // an administrator's word now
	in("b c own", "Corp")
	in("b own", "Other")
	check(t, f.RemoveMember(ctx, poolA, "b", "bob"))
	in("own", "")
	wantErr(t, f.SetUpstreamGroups(ctx, poolA, "nobody", "Corp", nil), userpool.ErrUserNotFound)
}

func testIdentitiesGo(t *testing.T, f *fixture) {
	f.pool(t, poolA)
	f.provider(t, poolA, "Corp")
	f.user(t, poolA, "bob")
	f.link(t, poolA, "bob", atCorp("1"))
	check(t, f.DeleteUser(ctx, poolA, "bob"))
	f.user(t, poolA, "amy")
	f.link(t, poolA, "amy", atCorp("1"))
	check(t, f.DeleteProvider(ctx, poolA, "Corp"))
	f.provider(t, poolA, "Corp")
	_, err := f.UserByIdentity(ctx, poolA, atCorp("1"))
	wantErr(t, err, userpool.ErrUserNotFound)
}
