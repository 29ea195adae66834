package userpooltest

import (
	"errors"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

const poolA, poolB userpool.PoolID = "us-east-1_A", "us-east-1_B"

func insensitive(p *userpool.Pool) { p.CaseSensitive = false }

func aliases(names ...string) func(*userpool.Pool) {
	return func(p *userpool.Pool) { p.AliasAttributes = names }
}

func testUser(t *testing.T, f *fixture) {
	f.pool(t, poolA)
	u := f.user(t, poolA, "bob", "email", "b@x", "custom:team", "blue")
	got, err := f.User(ctx, poolA, "bob")
	check(t, err)
	if !reflect.DeepEqual(got, u) {
		t.Fatalf("got %+v\nwant %+v", got, u)
	}
	wantErr(t, f.CreateUser(ctx, f.newUser(poolA, "bob")), userpool.ErrUserExists)
	wantErr(t, f.CreateUser(ctx, f.newUser("us-east-1_X", "bob")), userpool.ErrPoolNotFound)
	n, err := f.CountUsers(ctx, poolA)
	check(t, err)
	equal(t, "users after a refused one", n, 1)

	later := f.now.Add(time.Minute)
	_, err = f.UpdateUser(ctx, poolA, "bob", func(u *userpool.User) error {
		u.Enabled, u.SignedOut, u.Modified = false, later, later
		u.Username, u.Sub = "eve", "other"
		delete(u.Attributes, "email")
		return nil
	})
	check(t, err)
	got, err = f.User(ctx, poolA, "bob")
	check(t, err)
	equal(t, "enabled", got.Enabled, false)
	equal(t, "signed out", got.SignedOut, later)
	equal(t, "sub", got.Sub, u.Sub)
	equal(t, "email", got.Attributes["email"], "")
	check(t, f.DeleteUser(ctx, poolA, "bob"))
	wantErr(t, f.DeleteUser(ctx, poolA, "bob"), userpool.ErrUserNotFound)
	_, err = f.UpdateUser(ctx, poolA, "bob", func(*userpool.User) error { return nil })
	wantErr(t, err, userpool.ErrUserNotFound)
	_, err = f.User(ctx, poolA, "b\x00b")
	wantErr(t, err, userpool.ErrUserNotFound)
}

func testUserSecrets(t *testing.T, f *fixture) {
	f.pool(t, poolA)
	u := f.newUser(poolA, "bob")
	u.Password, u.SRPSalt, u.SRPVerifier = "$argon2id$", []byte{1, 2}, []byte{3, 4}
	u.PasswordHistory, u.PasswordChanged = []string{"$old"}, f.now
	check(t, f.CreateUser(ctx, u))
	got, err := f.UserBySub(ctx, poolA, u.Sub)
	check(t, err)
	if !reflect.DeepEqual(got, u) {
		t.Fatalf("got %+v\nwant %+v", got, u)
	}
	listed, _, err := f.Users(ctx, poolA, userpool.UserFilter{}, "", 10)
	check(t, err)
	equal(t, "a listed password", listed[0].Password, "")
	equal(t, "a listed verifier", len(listed[0].SRPVerifier), 0)
}

func testUserNames(t *testing.T, f *fixture) {
	f.pool(t, poolA, aliases("email", "phone_number", "preferred_username"))
	u := f.user(t, poolA, "bob", "email", "b@x", "email_verified", "true",
		"phone_number", "+1555", "phone_number_verified", "true", "preferred_username", "Bobby")
	for _, name := range []string{"bob", u.Sub, "b@x", "+1555", "Bobby"} {
		got, err := f.User(ctx, poolA, name)
		check(t, err)
		equal(t, "user "+name, got.Username, "bob")
	}
	_, err := f.UserBySub(ctx, poolA, "bob")
	wantErr(t, err, userpool.ErrUserNotFound)
	for _, alias := range []string{"b@x", u.Sub} {
		_, err = f.UpdateUser(ctx, poolA, alias, func(*userpool.User) error { return nil })
		wantErr(t, err, userpool.ErrUserNotFound)
		wantErr(t, f.DeleteUser(ctx, poolA, alias), userpool.ErrUserNotFound)
	}
}

func testCase(t *testing.T, f *fixture) {
	f.pool(t, poolA)
	f.pool(t, poolB, insensitive, aliases("email"))
	f.user(t, poolA, "bob")
	f.user(t, poolA, "Bob")
	_, err := f.User(ctx, poolA, "BOB")
	wantErr(t, err, userpool.ErrUserNotFound)

	f.user(t, poolB, "Bob", "email", "B@x", "email_verified", "true")
	wantErr(t, f.CreateUser(ctx, f.newUser(poolB, "bOB")), userpool.ErrUserExists)
	for _, name := range []string{"BOB", "b@X"} {
		got, err := f.User(ctx, poolB, name)
		check(t, err)
		equal(t, "name as stored", got.Username, "Bob")
	}
	f.user(t, poolB, "Äda")
	_, err = f.User(ctx, poolB, "äDA")
	check(t, err)
}

func testExternalCase(t *testing.T, f *fixture) {
	f.pool(t, poolA, insensitive)
	check(t, f.CreateGroup(ctx, &userpool.Group{Pool: poolA, Name: "g"}))
	for _, name := range []string{"google_AB", "google_Ab"} {
		u := f.newUser(poolA, name)
		u.Status = userpool.ExternalProvider
		check(t, f.CreateUser(ctx, u))
	}
	f.user(t, poolA, "Google_ab")
	check(t, f.AddMember(ctx, poolA, "g", "google_ab"))
	for _, name := range []string{"google_AB", "google_Ab"} {
		got, err := f.User(ctx, poolA, name)
		check(t, err)
		equal(t, "user", got.Username, name)
		groups, err := f.GroupsOf(ctx, poolA, name)
		check(t, err)
		equal(t, "groups of "+name, len(groups), 0)
	}
}

func testNameSpace(t *testing.T, f *fixture) {
	f.pool(t, poolA, aliases("email", "preferred_username"))
	bob := f.user(t, poolA, "bob", "preferred_username", "robert")
	wantErr(t, f.CreateUser(ctx, f.newUser(poolA, bob.Sub)), userpool.ErrUserExists)
	wantErr(t, f.CreateUser(ctx, f.newUser(poolA, "robert")), userpool.ErrUserExists)
	wantErr(t, f.CreateUserTaking(ctx, f.newUser(poolA, "robert")), userpool.ErrUserExists)
	err := f.CreateUser(ctx, f.newUser(poolA, "eve", "preferred_username", "bob"))
	wantErr(t, err, userpool.ErrAliasExists)
	for _, name := range []string{"bob", "robert"} { // nobody can prove to own one
		err = f.CreateUserTaking(ctx, f.newUser(poolA, "eve", "preferred_username", name))
		wantErr(t, err, userpool.ErrAliasExists)
	}
	got, err := f.User(ctx, poolA, "robert")
	check(t, err)
	equal(t, "robert", got.Username, "bob")
}

func testAliases(t *testing.T, f *fixture) {
	f.pool(t, poolA, aliases("email"))
	f.user(t, poolA, "eve", "email", "b@x")
	_, err := f.User(ctx, poolA, "b@x")
	wantErr(t, err, userpool.ErrUserNotFound)
	f.user(t, poolA, "bob", "email", "b@x", "email_verified", "true")
	verify := func(u *userpool.User) error { u.Attributes["email_verified"] = "true"; return nil }
	_, err = f.UpdateUser(ctx, poolA, "eve", verify)
	var alias *userpool.AliasError
	if !errors.As(err, &alias) || alias.Attribute != "email" {
		t.Fatalf("error %v, want an AliasError for email", err)
	}
	got, err := f.User(ctx, poolA, "eve")
	check(t, err)
	equal(t, "verified", got.Attributes["email_verified"], "")
	_, err = f.UpdateUser(ctx, poolA, "bob", func(u *userpool.User) error { u.Attributes["email_verified"] = "false"; return nil })
	check(t, err)
	_, err = f.UpdateUser(ctx, poolA, "eve", verify)
	check(t, err)
	got, err = f.User(ctx, poolA, "b@x")
	check(t, err)
	equal(t, "owner", got.Username, "eve")
}

func testTaking(t *testing.T, f *fixture) {
	f.pool(t, poolA, aliases("email"))
	f.user(t, poolA, "bob", "email", "b@x", "email_verified", "true")
	f.user(t, poolA, "eve", "email", "b@x")
	_, err := f.UpdateUserTaking(ctx, poolA, "eve", func(u *userpool.User) error { u.Attributes["email_verified"] = "true"; return nil })
	check(t, err)
	owner := func(want string) {
		t.Helper()
		got, err := f.User(ctx, poolA, "b@x")
		check(t, err)
		equal(t, "owner", got.Username, want)
	}
	owner("eve")
	bob, err := f.User(ctx, poolA, "bob")
	check(t, err)
	equal(t, "former owner's email_verified", bob.Attributes["email_verified"], "false")
	check(t, f.CreateUserTaking(ctx, f.newUser(poolA, "amy", "email", "b@x", "email_verified", "true")))
	owner("amy")
}

func testUsernameAttributes(t *testing.T, f *fixture) {
	f.pool(t, poolA, insensitive, func(p *userpool.Pool) { p.UsernameAttributes = []string{"email"} })
	u := f.newUser(poolA, "0b1c", "email", "B@x")
	u.Sub = u.Username
	check(t, f.CreateUser(ctx, u))
	for _, name := range []string{"b@X", "0b1c"} {
		_, err := f.User(ctx, poolA, name)
		check(t, err)
	}
	_, err := f.UserBySub(ctx, poolA, "0b1c")
	check(t, err)
	wantErr(t, f.CreateUser(ctx, f.newUser(poolA, "1234", "email", "b@x")), userpool.ErrAliasExists)
	wantErr(t, f.CreateUserTaking(ctx, f.newUser(poolA, "1234", "email", "b@x")), userpool.ErrAliasExists)
}

// testSecondAddress: of the addresses that may be names, one that nobody proved to own
// is none beside one that somebody did.
func testSecondAddress(t *testing.T, f *fixture) {
	f.pool(t, poolA, func(p *userpool.Pool) { p.UsernameAttributes = []string{"email", "phone_number"} })
	f.user(t, poolA, "bob", "email", "b@x", "phone_number", "+1555")
	found := func(name, want string) {
		t.Helper()
		u, err := f.User(ctx, poolA, name)
		if want == "" {
			wantErr(t, err, userpool.ErrUserNotFound)
			return
		}
		check(t, err)
		equal(t, name, u.Username, want)
	}
	change := func(name string, attributes ...string) error {
		_, err := f.UpdateUser(ctx, poolA, name, func(u *userpool.User) error {
			for i := 0; i < len(attributes); i += 2 {
				u.Attributes[attributes[i]] = attributes[i+1]
			}
			return nil
		})
		return err
	}
	found("b@x", "bob")
	found("+1555", "bob") // either may be what bob signed up with
	check(t, change("bob", "email_verified", "true"))
	found("b@x", "bob")
	found("+1555", "")
	f.user(t, poolA, "eve", "phone_number", "+1555", "phone_number_verified", "true")
	found("+1555", "eve")
	wantErr(t, change("bob", "phone_number_verified", "true"), userpool.ErrAliasExists)
	check(t, change("bob", "phone_number", "+1666", "phone_number_verified", "true"))
	found("+1666", "bob")
	check(t, change("bob", "email", "new@x", "email_verified", "false"))
	found("b@x", "")
	found("new@x", "")
	check(t, f.DeleteUser(ctx, poolA, "bob"))
	f.user(t, poolA, "ann", "email", "new@x", "phone_number", "+1666")
	found("+1666", "ann")
}

func testConcurrentUpdates(t *testing.T, f *fixture) {
	f.pool(t, poolA)
	f.user(t, poolA, "bob")
	errs := parallel(100, func(int) error {
		_, err := f.UpdateUser(ctx, poolA, "bob", func(u *userpool.User) error { u.Attributes["name"] += "x"; return nil })
		return err
	})
	for _, err := range errs {
		check(t, err)
	}
	got, err := f.User(ctx, poolA, "bob")
	check(t, err)
	equal(t, "updates", len(got.Attributes["name"]), 100)
}

// parallel runs fn n times at once.
func parallel(n int, fn func(i int) error) []error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = fn(i) })
	}
	wg.Wait()
	return errs
}

func testConcurrentCreates(t *testing.T, f *fixture) {
	f.pool(t, poolA, aliases("email"))
	won := 0
	for _, err := range parallel(20, func(i int) error {
		return f.CreateUser(ctx, f.newUser(poolA, numbered(i), "email", "b@x", "email_verified", "true"))
	}) {
		if err == nil {
			won++
			continue
		}
		wantErr(t, err, userpool.ErrAliasExists)
	}
	equal(t, "owners of one alias", won, 1)
}

func testFailedUpdate(t *testing.T, f *fixture) {
	f.pool(t, poolA)
	f.user(t, poolA, "bob")
	_, err := f.UpdateUser(ctx, poolA, "bob", func(u *userpool.User) error {
		u.Attributes["name"], u.Enabled = "lost", false
		return userpool.ErrLimitExceeded
	})
	wantErr(t, err, userpool.ErrLimitExceeded)
	got, err := f.User(ctx, poolA, "bob")
	check(t, err)
	equal(t, "name", got.Attributes["name"], "")
	equal(t, "enabled", got.Enabled, true)
}

func testDeletedUser(t *testing.T, f *fixture) {
	f.pool(t, poolA, aliases("email"))
	f.user(t, poolA, "bob", "email", "b@x", "email_verified", "true")
	check(t, f.CreateGroup(ctx, &userpool.Group{Pool: poolA, Name: "g"}))
	check(t, f.AddMember(ctx, poolA, "g", "bob"))
	check(t, f.DeleteUser(ctx, poolA, "bob"))
	_, err := f.User(ctx, poolA, "b@x")
	wantErr(t, err, userpool.ErrUserNotFound)
	users, _, err := f.Users(ctx, poolA, userpool.UserFilter{Attribute: "email", Value: "b", Prefix: true}, "", 9)
	check(t, err)
	equal(t, "users", len(users), 0)
	f.user(t, poolA, "bob")
	members, _, err := f.Members(ctx, poolA, "g", "", 9)
	check(t, err)
	equal(t, "members", len(members), 0)
}

func testScope(t *testing.T, f *fixture) {
	f.pool(t, poolA, aliases("email"))
	f.pool(t, poolB, aliases("email"))
	u := f.user(t, poolA, "bob", "email", "b@x", "email_verified", "true")
	for _, name := range []string{"bob", u.Sub, "b@x"} {
		_, err := f.User(ctx, poolB, name)
		wantErr(t, err, userpool.ErrUserNotFound)
	}
	_, err := f.UserBySub(ctx, poolB, u.Sub)
	wantErr(t, err, userpool.ErrUserNotFound)
	wantErr(t, f.DeleteUser(ctx, poolB, "bob"), userpool.ErrUserNotFound)
	for _, filter := range []userpool.UserFilter{{}, {Attribute: "email", Value: "b@x"}, {Attribute: "username", Value: "b", Prefix: true}} {
		users, _, err := f.Users(ctx, poolB, filter, "", 9)
		check(t, err)
		equal(t, "users", len(users), 0)
	}
	check(t, f.CreateGroup(ctx, &userpool.Group{Pool: poolB, Name: "g"}))
	wantErr(t, f.AddMember(ctx, poolB, "g", "bob"), userpool.ErrUserNotFound)
	f.user(t, poolB, "bob", "email", "b@x", "email_verified", "true")
}

func testCancelled(t *testing.T, f *fixture) {
	f.pool(t, poolA)
	f.user(t, poolA, "bob")
	gone, cancel := cancelled()
	defer cancel()
	_, err := f.User(gone, poolA, "bob")
	wantErr(t, err, gone.Err())
	_, err = f.UpdateUser(gone, poolA, "bob", func(*userpool.User) error { return nil })
	wantErr(t, err, gone.Err())
	wantErr(t, f.CreateUser(gone, f.newUser(poolA, "amy")), gone.Err())
}
