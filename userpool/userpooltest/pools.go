package userpooltest

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

func testPool(t *testing.T, f *fixture) {
	p := f.pool(t, "us-east-1_A", func(p *userpool.Pool) {
		p.Tags = map[string]string{"team": "x"}
		p.Schema = []userpool.SchemaAttribute{{Name: "email", Type: "String", Mutable: true, Max: "2048"}}
		p.Settings = map[string]json.RawMessage{"EmailConfiguration": json.RawMessage(`{"a":1}`)}
		p.PasswordPolicy.MinimumLength = 8
	})
	got, err := f.Pool(ctx, p.ID)
	check(t, err)
	if !reflect.DeepEqual(got, p) {
		t.Fatalf("got %+v\nwant %+v", got, p)
	}
	wantErr(t, f.CreatePool(ctx, &userpool.Pool{ID: p.ID, Created: f.now}), userpool.ErrConflict)
	_, err = f.Pool(ctx, "us-east-1_B")
	wantErr(t, err, userpool.ErrPoolNotFound)

	later := f.now.Add(time.Hour)
	_, err = f.UpdatePool(ctx, p.ID, func(p *userpool.Pool) error { p.Name, p.Modified, p.ID = "new", later, "other"; return nil })
	check(t, err)
	got, err = f.Pool(ctx, p.ID)
	check(t, err)
	equal(t, "name", got.Name, "new")
	equal(t, "modified", got.Modified, later)
	equal(t, "created", got.Created, f.now)
	_, err = f.UpdatePool(ctx, p.ID, func(p *userpool.Pool) error { p.Name = "lost"; return userpool.ErrBusy })
	wantErr(t, err, userpool.ErrBusy)
	got, err = f.Pool(ctx, p.ID)
	check(t, err)
	equal(t, "name after a failed update", got.Name, "new")

	check(t, f.DeletePool(ctx, p.ID))
	wantErr(t, f.DeletePool(ctx, p.ID), userpool.ErrPoolNotFound)
	_, err = f.UpdatePool(ctx, p.ID, func(*userpool.Pool) error { return nil })
	wantErr(t, err, userpool.ErrPoolNotFound)
}

func testPoolDomain(t *testing.T, f *fixture) {
	f.pool(t, "us-east-1_A", func(p *userpool.Pool) { p.Domain = "login" })
	f.pool(t, "us-east-1_B")
	f.pool(t, "us-east-1_C") // several without a domain
	got, err := f.PoolByDomain(ctx, "login")
	check(t, err)
	equal(t, "pool", got.ID, "us-east-1_A")
	_, err = f.UpdatePool(ctx, "us-east-1_A", func(p *userpool.Pool) error { p.CustomDomain = "id.example.com"; return nil })
	check(t, err)
	got, err = f.PoolByDomain(ctx, "id.example.com")
	check(t, err)
	equal(t, "by its own host", got.ID, "us-east-1_A")
	_, err = f.UpdatePool(ctx, "us-east-1_B", func(p *userpool.Pool) error { p.CustomDomain = "id.example.com"; return nil })
	wantErr(t, err, userpool.ErrDomainExists)
	_, err = f.PoolByDomain(ctx, "login.example.com")
	wantErr(t, err, userpool.ErrDomainNotFound)
	_, err = f.PoolByDomain(ctx, "")
	wantErr(t, err, userpool.ErrDomainNotFound)
	take := func(p *userpool.Pool) error { p.Domain = "login"; return nil }
	_, err = f.UpdatePool(ctx, "us-east-1_B", take)
	wantErr(t, err, userpool.ErrDomainExists)
	wantErr(t, f.CreatePool(ctx, &userpool.Pool{ID: "us-east-1_D", Domain: "login"}), userpool.ErrDomainExists)
	_, err = f.UpdatePool(ctx, "us-east-1_A", func(p *userpool.Pool) error { p.Domain = ""; return nil })
	check(t, err)
	_, err = f.UpdatePool(ctx, "us-east-1_B", take)
	check(t, err)
}

func testPoolPages(t *testing.T, f *fixture) {
	var want []string
	for i := range 8 {
		id := fmt.Sprintf("us-east-1_%d", i)
		f.pool(t, userpool.PoolID(id))
		want = append(want, id)
	}
	got := pages(t, func(after string, limit int) ([]*userpool.Pool, string, error) { return f.Pools(ctx, after, limit) },
		func(p *userpool.Pool) string { return string(p.ID) })
	equal(t, "pools", strings.Join(got, " "), strings.Join(want, " "))
}

func testDeletedPool(t *testing.T, f *fixture) {
	f.pool(t, "us-east-1_A")
	f.user(t, "us-east-1_A", "bob", "email", "b@x")
	check(t, f.CreateClient(ctx, &userpool.Client{ID: "c1", Pool: "us-east-1_A", Secret: "s"}))
	check(t, f.CreateGroup(ctx, &userpool.Group{Pool: "us-east-1_A", Name: "g"}))
	check(t, f.AddMember(ctx, "us-east-1_A", "g", "bob"))
	check(t, f.PutResourceServer(ctx, &userpool.ResourceServer{Pool: "us-east-1_A", Identifier: "r"}))
	check(t, f.CreateFamily(ctx, &userpool.Family{Pool: "us-east-1_A", ID: "f", Expires: f.now.Add(time.Hour)}))
	f.provider(t, "us-east-1_A", "Corp", "corp.example")
	f.link(t, "us-east-1_A", "bob", atCorp("1"))
	check(t, f.DeletePool(ctx, "us-east-1_A"))

	f.pool(t, "us-east-1_A")
	f.provider(t, "us-east-1_A", "Corp", "corp.example")
	_, err := f.UserByIdentity(ctx, "us-east-1_A", atCorp("1"))
	wantErr(t, err, userpool.ErrUserNotFound)
	_, err = f.User(ctx, "us-east-1_A", "bob")
	wantErr(t, err, userpool.ErrUserNotFound)
	_, err = f.Client(ctx, "c1")
	wantErr(t, err, userpool.ErrClientNotFound)
	_, err = f.Group(ctx, "us-east-1_A", "g")
	wantErr(t, err, userpool.ErrGroupNotFound)
	_, err = f.ResourceServer(ctx, "us-east-1_A", "r")
	wantErr(t, err, userpool.ErrNotFound)
	_, err = f.Family(ctx, "us-east-1_A", "f")
	wantErr(t, err, userpool.ErrNotFound)
	users, _, err := f.Users(ctx, "us-east-1_A", userpool.UserFilter{Attribute: "email", Value: "b@x"}, "", 9)
	check(t, err)
	equal(t, "users", len(users), 0)
	f.user(t, "us-east-1_A", "bob", "email", "b@x")
	groups, err := f.GroupsOf(ctx, "us-east-1_A", "bob")
	check(t, err)
	equal(t, "groups", len(groups), 0)
}

func testResourceServers(t *testing.T, f *fixture) {
	f.pool(t, "us-east-1_A")
	for _, id := range odd {
		check(t, f.PutResourceServer(ctx, &userpool.ResourceServer{Pool: "us-east-1_A", Identifier: id, Name: "n" + id}))
	}
	check(t, f.PutResourceServer(ctx, &userpool.ResourceServer{Pool: "us-east-1_A", Identifier: "a", Name: "again",
		Scopes: []userpool.Scope{{Name: "read", Description: "d"}}}))
	all, err := f.ResourceServers(ctx, "us-east-1_A")
	check(t, err)
	equal(t, "servers", len(all), len(odd))
	rs, err := f.ResourceServer(ctx, "us-east-1_A", "a")
	check(t, err)
	equal(t, "scope", rs.Scopes[0].Name, "read")
	check(t, f.DeleteResourceServer(ctx, "us-east-1_A", "a"))
	wantErr(t, f.DeleteResourceServer(ctx, "us-east-1_A", "a"), userpool.ErrNotFound)
	wantErr(t, f.PutResourceServer(ctx, &userpool.ResourceServer{Pool: "us-east-1_X", Identifier: "a"}), userpool.ErrPoolNotFound)
}

func testClient(t *testing.T, f *fixture) {
	f.pool(t, "us-east-1_A")
	c := &userpool.Client{ID: "c1", Pool: "us-east-1_A", Name: "app", Created: f.now, Modified: f.now,
		AccessTokenLife: time.Hour, OAuthScopes: []string{"openid"},
		OpenID: userpool.OpenIDClient{AuthMethod: userpool.AuthPrivateKeyJWT, DefaultMaxAge: new(60), IDToken: userpool.Sealing{Algorithm: "ES256"}}}
	check(t, f.CreateClient(ctx, c))
	got, err := f.Client(ctx, "c1")
	check(t, err)
	if !reflect.DeepEqual(got, c) {
		t.Fatalf("got %+v\nwant %+v", got, c)
	}
	wantErr(t, f.CreateClient(ctx, c), userpool.ErrConflict)
	wantErr(t, f.CreateClient(ctx, &userpool.Client{ID: "c2", Pool: "us-east-1_X"}), userpool.ErrPoolNotFound)
	_, err = f.UpdateClient(ctx, "us-east-1_B", "c1", func(*userpool.Client) error { return nil })
	wantErr(t, err, userpool.ErrClientNotFound)
	wantErr(t, f.DeleteClient(ctx, "us-east-1_B", "c1"), userpool.ErrClientNotFound)
	_, err = f.UpdateClient(ctx, "us-east-1_A", "c1", func(c *userpool.Client) error { c.Name, c.ID = "new", "c9"; return nil })
	check(t, err)
	got, err = f.Client(ctx, "c1")
	check(t, err)
	equal(t, "name", got.Name, "new")
	check(t, f.DeleteClient(ctx, "us-east-1_A", "c1"))
	_, err = f.Client(ctx, "c1")
	wantErr(t, err, userpool.ErrClientNotFound)
}

func testClientSecret(t *testing.T, f *fixture) {
	f.pool(t, "us-east-1_A")
	c := &userpool.Client{ID: "c1", Pool: "us-east-1_A", Secret: "hush", SecondSecret: "hark"}
	check(t, f.CreateClient(ctx, c))
	equal(t, "the caller's secret", c.Secret, "hush")
	_, err := f.UpdateClient(ctx, "us-east-1_A", "c1", func(c *userpool.Client) error { c.Name = "x"; return nil })
	check(t, err)
	got, err := f.Client(ctx, "c1")
	check(t, err)
	equal(t, "secrets", got.Secret+" "+got.SecondSecret, "hush hark")
}

func testClientPages(t *testing.T, f *fixture) {
	f.pool(t, "us-east-1_A")
	f.pool(t, "us-east-1_B")
	var want []string
	for i := range 7 {
		id := fmt.Sprintf("c%d", i)
		check(t, f.CreateClient(ctx, &userpool.Client{ID: userpool.ClientID(id), Pool: "us-east-1_A"}))
		check(t, f.CreateClient(ctx, &userpool.Client{ID: userpool.ClientID("b" + id), Pool: "us-east-1_B"}))
		want = append(want, id)
	}
	got := pages(t, func(after string, limit int) ([]*userpool.Client, string, error) {
		return f.Clients(ctx, "us-east-1_A", after, limit)
	}, func(c *userpool.Client) string { return string(c.ID) })
	if !slices.Equal(got, want) {
		t.Fatalf("clients %v, want %v", got, want)
	}
}
