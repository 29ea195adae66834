// Package identitytest is the contract suite of identity.Store.
package identitytest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/sts/identity"
)

// TestStore runs every check on a store of its own. open returns an empty store
// and registers its clean-up with t.
func TestStore(t *testing.T, open func(t *testing.T) identity.Store) {
	for _, tt := range []struct {
		name string
		run  func(t *testing.T, s identity.Store)
	}{
		{"pool round trip", testPool},
		{"parallel pool updates", testParallelUpdate},
		{"pool pages", testPoolPages},
		{"delete a pool with its identities", testDeletePool},
		{"a deleted pool is out of sight until it is erased", testDoomed},
		{"merges are due until they are settled", testMergesDue},
		{"guest", testGuest},
		{"link makes an identity", testLinkNew},
		{"link to a guest", testLinkGuest},
		{"merge", testMerge},
		{"merge into the given identity", testMergeGiven},
		{"two users of one provider", testTwoOfOne},
		{"too many logins", testTooMany},
		{"given identity of another pool", testForeign},
		{"pools are apart", testApart},
		{"parallel link of one login", testParallelLink},
		{"parallel merge", testParallelMerge},
		{"parallel merges and unlinks", testMergeAgainstUnlink},
		{"users of the app's backend", testDeveloper},
		{"a backend's user elsewhere", testDeveloperElsewhere},
		{"merge onto a login", testOnto},
		{"merges point at the last owner", testFlattened},
		{"owner of a login", testOwner},
		{"unlink", testUnlink},
		{"identity pages", testIdentityPages},
		{"cancelled context", testCancelled},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.run(t, open(t)) })
	}
}

var (
	ctx   = context.Background()
	start = time.Date(2026, 11, 2, 3, 4, 5, 678901000, time.UTC)
)

func makePool(t *testing.T, s identity.Store, id identity.PoolID) *identity.Pool {
	t.Helper()
	off := false
	p := &identity.Pool{ID: id, Created: start, Modified: start.Add(time.Hour),
		Settings: identity.Settings{Name: "p", AllowUnauthenticated: true, AllowClassic: &off,
			LoginProviders: map[string]string{"accounts.google.com": "c"}, DeveloperProvider: "dev",
			OIDCProviders: []string{"arn:a"}, SAMLProviders: []string{"arn:b"}, Tags: map[string]string{"k": "v"},
			UserPools: []identity.UserPoolProvider{{Name: "n", Client: "c", ServerSideCheck: true}}},
		Roles: map[string]string{"authenticated": "arn:r"},
		Mappings: map[string]identity.RoleMapping{"n:c": {Type: "Rules", Ambiguous: "Deny",
			Rules: []identity.Rule{{Claim: "a", Match: "Equals", Value: "b", Role: "arn:s"}}}},
	}
	if err := s.CreatePool(ctx, p); err != nil {
		t.Fatal(err)
	}
	return p
}

func testPool(t *testing.T, s identity.Store) {
	want := makePool(t, s, "r:1")
	if got, err := s.Pool(ctx, "r:1"); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	if err := s.CreatePool(ctx, want); !errors.Is(err, identity.ErrConflict) {
		t.Errorf("created twice: %v", err)
	}
	_, none := s.Pool(ctx, "r:2")
	_, update := s.UpdatePool(ctx, "r:2", func(*identity.Pool) error { return nil })
	for name, err := range map[string]error{"Pool": none, "UpdatePool": update, "DeletePool": s.DeletePool(ctx, "r:2")} {
		if !errors.Is(err, identity.ErrNotFound) {
			t.Errorf("%s of none: %v", name, err)
		}
	}
	refused := errors.New("no")
	if _, err := s.UpdatePool(ctx, "r:1", func(p *identity.Pool) error { p.Settings.Name = "x"; return refused }); !errors.Is(err, refused) {
		t.Errorf("refused update: %v", err)
	}
	if got, err := s.Pool(ctx, "r:1"); err != nil || got.Settings.Name != "p" {
		t.Errorf("refused update was written: %v", err)
	}
}

func testParallelUpdate(t *testing.T, s identity.Store) {
	makePool(t, s, "r:1")
	each(t, 20, func(int) error {
		_, err := s.UpdatePool(ctx, "r:1", func(p *identity.Pool) error { p.Settings.Name += "x"; return nil })
		return err
	})
	if p, err := s.Pool(ctx, "r:1"); err != nil || len(p.Settings.Name) != 21 {
		t.Errorf("lost updates: %q, %v", p.Settings.Name, err)
	}
}

func each(t *testing.T, n int, fn func(int) error) {
	t.Helper()
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			if err := fn(i); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func testPoolPages(t *testing.T, s identity.Store) {
	for i := range 5 {
		makePool(t, s, identity.PoolID(fmt.Sprint("r:", i)))
	}
	var got []string
	for after, more := "", true; more; more = after != "" {
		pools, next, err := s.Pools(ctx, after, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range pools {
			got = append(got, string(p.ID))
		}
		after = next
	}
	if want := []string{"r:0", "r:1", "r:2", "r:3", "r:4"}; !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

func testDeletePool(t *testing.T, s identity.Store) {
	makePool(t, s, "r:1")
	link(t, s, &identity.Linking{Pool: "r:1", Logins: logins("a:1"), Fresh: "r:i1"})
	if err := s.DeletePool(ctx, "r:1"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Identity(ctx, "r:i1"); !errors.Is(err, identity.ErrNotFound) {
		t.Errorf("the identity outlived its pool: %v", err)
	}
}

func guest(t *testing.T, s identity.Store, pool identity.PoolID, id identity.ID) {
	t.Helper()
	if err := s.CreateIdentity(ctx, &identity.Identity{ID: id, Pool: pool, Created: start, Modified: start}); err != nil {
		t.Fatal(err)
	}
}

func testGuest(t *testing.T, s identity.Store) {
	makePool(t, s, "r:1")
	guest(t, s, "r:1", "r:i1")
	want := &identity.Identity{ID: "r:i1", Pool: "r:1", Created: start, Modified: start}
	if got, err := s.Identity(ctx, "r:i1"); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	if err := s.DeleteIdentity(ctx, "r:i1"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Identity(ctx, "r:i1"); !errors.Is(err, identity.ErrNotFound) {
		t.Errorf("deleted: %v", err)
	}
	if err := s.DeleteIdentity(ctx, "r:i1"); err != nil {
		t.Errorf("deleting nothing: %v", err)
	}
}

// logins reads "provider:subject" texts.
func logins(texts ...string) (out []identity.Login) {
	for _, text := range texts {
		out = append(out, identity.Login{Provider: text[:1], Subject: text[2:]})
	}
	return out
}

func link(t *testing.T, s identity.Store, l *identity.Linking) *identity.Identity {
	t.Helper()
	if l.Now.IsZero() {
		l.Now = start.Add(time.Minute)
	}
	out, err := s.Link(ctx, l)
	if err != nil {
		t.Fatal(err)
	}
	return out.Owner
}

// wantIdentity checks what the store has of an identity.
func wantIdentity(t *testing.T, s identity.Store, id identity.ID, disabled bool, texts ...string) {
	t.Helper()
	i, err := s.Identity(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	if i.Disabled != disabled || !slices.Equal(i.Logins, logins(texts...)) {
		t.Errorf("%s: disabled %v, logins %v; want %v, %v", id, i.Disabled, i.Logins, disabled, texts)
	}
}

func testLinkNew(t *testing.T, s identity.Store) {
	makePool(t, s, "r:1")
	i := link(t, s, &identity.Linking{Pool: "r:1", Logins: logins("a:1", "b:2"), Fresh: "r:i1"})
	if i.ID != "r:i1" || i.Pool != "r:1" || !i.Created.Equal(start.Add(time.Minute)) {
		t.Errorf("got %+v", i)
	}
	wantIdentity(t, s, "r:i1", false, "a:1", "b:2")
	again := link(t, s, &identity.Linking{Pool: "r:1", Logins: logins("b:2"), Fresh: "r:i2"})
	if again.ID != "r:i1" || len(again.Logins) != 2 {
		t.Errorf("again: %+v", again)
	}
	if _, err := s.Identity(ctx, "r:i2"); !errors.Is(err, identity.ErrNotFound) {
		t.Errorf("a second identity was made: %v", err)
	}
}

func testLinkGuest(t *testing.T, s identity.Store) {
	makePool(t, s, "r:1")
	guest(t, s, "r:1", "r:i1")
	if i := link(t, s, &identity.Linking{Pool: "r:1", Given: "r:i1", Logins: logins("a:1"), Fresh: "r:i2"}); i.ID != "r:i1" {
		t.Errorf("got %s", i.ID)
	}
	wantIdentity(t, s, "r:i1", false, "a:1")
	guest(t, s, "r:1", "r:i3")
	if i := link(t, s, &identity.Linking{Pool: "r:1", Given: "r:i3", Logins: logins("a:1"), Fresh: "r:i4"}); i.ID != "r:i1" {
		t.Errorf("a guest took the login of %s", i.ID)
	}
	wantIdentity(t, s, "r:i3", true)
}

func testMerge(t *testing.T, s identity.Store) {
	makePool(t, s, "r:1")
	link(t, s, &identity.Linking{Pool: "r:1", Logins: logins("a:1"), Fresh: "r:i2", Now: start})
	link(t, s, &identity.Linking{Pool: "r:1", Logins: logins("b:2", "c:3"), Fresh: "r:i1", Now: start.Add(time.Second)})
	if i := link(t, s, &identity.Linking{Pool: "r:1", Logins: logins("a:1", "b:2"), Fresh: "r:i3"}); i.ID != "r:i2" {
		t.Errorf("owner %s, want the oldest", i.ID)
	}
	wantIdentity(t, s, "r:i2", false, "a:1", "b:2", "c:3")
	wantIdentity(t, s, "r:i1", true)
}

func testMergeGiven(t *testing.T, s identity.Store) {
	makePool(t, s, "r:1")
	link(t, s, &identity.Linking{Pool: "r:1", Logins: logins("a:1"), Fresh: "r:i1", Now: start})
	link(t, s, &identity.Linking{Pool: "r:1", Logins: logins("b:2"), Fresh: "r:i2", Now: start.Add(time.Second)})
	if i := link(t, s, &identity.Linking{Pool: "r:1", Given: "r:i2", Logins: logins("a:1", "b:2"), Fresh: "r:i3"}); i.ID != "r:i2" {
		t.Errorf("owner %s, want the given one", i.ID)
	}
	wantIdentity(t, s, "r:i2", false, "a:1", "b:2")
	wantIdentity(t, s, "r:i1", true)
}

func testTwoOfOne(t *testing.T, s identity.Store) {
	makePool(t, s, "r:1")
	link(t, s, &identity.Linking{Pool: "r:1", Logins: logins("a:1"), Fresh: "r:i1"})
	link(t, s, &identity.Linking{Pool: "r:1", Logins: logins("a:2", "b:1"), Fresh: "r:i2"})
	for _, l := range []*identity.Linking{
		{Pool: "r:1", Given: "r:i1", Logins: logins("a:3"), Fresh: "r:i3", Now: start},
		{Pool: "r:1", Given: "r:i1", Logins: logins("b:1"), Fresh: "r:i3", Now: start},
	} {
		if _, err := s.Link(ctx, l); !errors.Is(err, identity.ErrConflict) {
			t.Errorf("%v: %v, want ErrConflict", l.Logins, err)
		}
	}
	wantIdentity(t, s, "r:i1", false, "a:1")
	wantIdentity(t, s, "r:i2", false, "a:2", "b:1")
}

func testTooMany(t *testing.T, s identity.Store) {
	makePool(t, s, "r:1")
	var many []string
	for c := 'a'; c < 'a'+20; c++ {
		many = append(many, string(c)+":1")
	}
	link(t, s, &identity.Linking{Pool: "r:1", Logins: logins(many...), Fresh: "r:i1"})
	_, err := s.Link(ctx, &identity.Linking{Pool: "r:1", Given: "r:i1", Logins: logins("z:1"), Fresh: "r:i2", Now: start})
	if !errors.Is(err, identity.ErrLimitExceeded) {
		t.Errorf("21st login: %v", err)
	}
}

func testForeign(t *testing.T, s identity.Store) {
	makePool(t, s, "r:1")
	makePool(t, s, "r:2")
	guest(t, s, "r:2", "r:i1")
	for _, given := range []identity.ID{"r:i1", "r:none"} {
		_, err := s.Link(ctx, &identity.Linking{Pool: "r:1", Given: given, Logins: logins("a:1"), Fresh: "r:i2", Now: start})
		if !errors.Is(err, identity.ErrNotFound) {
			t.Errorf("given %s: %v, want ErrNotFound", given, err)
		}
	}
	wantIdentity(t, s, "r:i1", false)
}

func testApart(t *testing.T, s identity.Store) {
	makePool(t, s, "r:1")
	makePool(t, s, "r:2")
	one := link(t, s, &identity.Linking{Pool: "r:1", Logins: logins("a:1"), Fresh: "r:i1"})
	two := link(t, s, &identity.Linking{Pool: "r:2", Logins: logins("a:1"), Fresh: "r:i2"})
	if one.ID == two.ID {
		t.Error("one identity in two pools")
	}
	upper := link(t, s, &identity.Linking{Pool: "r:1", Logins: []identity.Login{{Provider: "a", Subject: "X"}}, Fresh: "r:i3"})
	lower := link(t, s, &identity.Linking{Pool: "r:1", Logins: []identity.Login{{Provider: "a", Subject: "x"}}, Fresh: "r:i4"})
	if upper.ID == lower.ID {
		t.Error("subjects that differ by case are one")
	}
}

func testParallelLink(t *testing.T, s identity.Store) {
	makePool(t, s, "r:1")
	var mu sync.Mutex
	owners := map[identity.ID]bool{}
	each(t, 50, func(n int) error {
		out, err := s.Link(ctx, &identity.Linking{Pool: "r:1", Logins: logins("a:1"), Fresh: identity.ID(fmt.Sprint("r:i", n)), Now: start})
		if err == nil {
			mu.Lock()
			defer mu.Unlock()
			owners[out.Owner.ID] = true
		}
		return err
	})
	if len(owners) != 1 {
		t.Errorf("%d identities for one login", len(owners))
	}
	if all, _, err := s.Identities(ctx, identity.Listing{Pool: "r:1", Limit: 60}); err != nil || len(all) != 1 {
		t.Errorf("%d identities stored, %v", len(all), err)
	}
}

func testParallelMerge(t *testing.T, s identity.Store) {
	makePool(t, s, "r:1")
	texts := []string{"a:1", "b:1", "c:1", "d:1"}
	for n, text := range texts {
		link(t, s, &identity.Linking{Pool: "r:1", Logins: logins(text), Fresh: identity.ID(fmt.Sprint("r:i", n))})
	}
	each(t, 12, func(n int) error {
		pair := logins(texts[n%4], texts[(n+1)%4])
		_, err := s.Link(ctx, &identity.Linking{Pool: "r:1", Logins: pair, Fresh: identity.ID(fmt.Sprint("r:n", n)), Now: start})
		return err
	})
	all, _, err := s.Identities(ctx, identity.Listing{Pool: "r:1", HideDisabled: true, Limit: 60})
	if err != nil || len(all) != 1 || !slices.Equal(all[0].Logins, logins(texts...)) {
		t.Errorf("owners %v, %v", all, err)
	}
}

func testUnlink(t *testing.T, s identity.Store) {
	makePool(t, s, "r:1")
	link(t, s, &identity.Linking{Pool: "r:1", Logins: logins("a:1", "b:1"), Fresh: "r:i1"})
	if err := s.Unlink(ctx, "r:i1", logins("a:1", "x:1"), start); err != nil {
		t.Fatal(err)
	}
	wantIdentity(t, s, "r:i1", false, "b:1")
	if i := link(t, s, &identity.Linking{Pool: "r:1", Logins: logins("a:1"), Fresh: "r:i2"}); i.ID != "r:i2" {
		t.Errorf("the unlinked login still leads to %s", i.ID)
	}
	if err := s.Unlink(ctx, "r:i1", logins("b:1"), start); err != nil {
		t.Fatal(err)
	}
	wantIdentity(t, s, "r:i1", true)
	if err := s.Unlink(ctx, "r:none", logins("b:1"), start); !errors.Is(err, identity.ErrNotFound) {
		t.Errorf("unknown identity: %v", err)
	}
}

func testIdentityPages(t *testing.T, s identity.Store) {
	makePool(t, s, "r:1")
	makePool(t, s, "r:2")
	for i := range 5 {
		link(t, s, &identity.Linking{Pool: "r:1", Logins: logins(fmt.Sprint("a:", i), fmt.Sprint("b:", i)), Fresh: identity.ID(fmt.Sprint("r:i", i))})
	}
	guest(t, s, "r:2", "r:other")
	if err := s.Unlink(ctx, "r:i2", logins("a:2", "b:2"), start); err != nil {
		t.Fatal(err)
	}
	for hide, want := range map[bool]string{false: "[r:i0 r:i1 r:i2 r:i3 r:i4]", true: "[r:i0 r:i1 r:i3 r:i4]"} {
		var got []identity.ID
		q := identity.Listing{Pool: "r:1", HideDisabled: hide, Limit: 2}
		for more := true; more; more = q.After != "" {
			page, next, err := s.Identities(ctx, q)
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range page {
				got = append(got, i.ID)
			}
			q.After = next
		}
		if fmt.Sprint(got) != want {
			t.Errorf("hide %v: %v, want %s", hide, got, want)
		}
	}
}

func testCancelled(t *testing.T, s identity.Store) {
	makePool(t, s, "r:1")
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := s.Pool(gone, "r:1"); !errors.Is(err, context.Canceled) {
		t.Errorf("Pool: %v", err)
	}
	if _, err := s.Link(gone, &identity.Linking{Pool: "r:1", Logins: logins("a:1"), Fresh: "r:i1"}); !errors.Is(err, context.Canceled) {
		t.Errorf("Link: %v", err)
	}
}
