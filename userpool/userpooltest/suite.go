// Package userpooltest is the contract suite of userpool.Store.
package userpooltest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

// Start is the time that the stores under test live in.
var Start = time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC)

// TestStore runs every check on a store of its own. open returns an empty store
// whose clock is now, and registers its clean-up with t.
func TestStore(t *testing.T, open func(t *testing.T, now func() time.Time) userpool.Store) {
	for _, c := range slices.Concat(checks, deviceChecks, passkeyChecks, eventChecks, riskChecks, brandingChecks, providerChecks, importChecks, limitChecks, schemaChecks, searchChecks) {
		t.Run(c.name, func(t *testing.T) {
			f := &fixture{now: Start}
			f.Store = open(t, func() time.Time { return f.now })
			c.run(t, f)
		})
	}
}

// A storeCheck is one test of a store.
type storeCheck struct {
	name string
	run  func(t *testing.T, f *fixture)
}

var checks = []storeCheck{
	{"pool", testPool},
	{"pool domain", testPoolDomain},
	{"pools page by page", testPoolPages},
	{"deleted pool leaves nothing", testDeletedPool},
	{"resource servers", testResourceServers},
	{"client", testClient},
	{"client secret", testClientSecret},
	{"clients page by page", testClientPages},
	{"user", testUser},
	{"user secrets", testUserSecrets},
	{"second factors", testMFA},
	{"concurrent use of a TOTP step", testConcurrentSteps},
	{"user is found by every name", testUserNames},
	{"case rule of names", testCase},
	{"names of upstream users keep their case", testExternalCase},
	{"one name space", testNameSpace},
	{"alias only once verified", testAliases},
	{"taken alias moves", testTaking},
	{"address as username", testUsernameAttributes},
	{"second address as username", testSecondAddress},
	{"concurrent updates", testConcurrentUpdates},
	{"concurrent sign-ups", testConcurrentCreates},
	{"failed update writes nothing", testFailedUpdate},
	{"deleted user leaves nothing", testDeletedUser},
	{"pools do not see each other", testScope},
	{"users page by page", testUserPages},
	{"filters", testFilters},
	{"filtered pages", testFilteredPages},
	{"groups", testGroups},
	{"members", testMembers},
	{"groups of a user in order", testGroupsOf},
	{"families", testFamilies},
	{"turns of families", testTurns},
	{"concurrent rotations", testConcurrentFamilies},
	{"expired families", testExpiredFamilies},
	{"cancelled context", testCancelled},
}

// A fixture is a store and its clock.
type fixture struct {
	userpool.Store
	now time.Time
}

var ctx = context.Background()

// pool adds a pool that change may alter.
func (f *fixture) pool(t *testing.T, id userpool.PoolID, change ...func(*userpool.Pool)) *userpool.Pool {
	t.Helper()
	p := &userpool.Pool{ID: id, Name: "pool", Created: f.now, Modified: f.now, CaseSensitive: true}
	for _, c := range change {
		c(p)
	}
	check(t, f.CreatePool(ctx, p))
	return p
}

// user adds a confirmed user whose attributes are pairs of name and value.
func (f *fixture) user(t *testing.T, pool userpool.PoolID, name string, attributes ...string) *userpool.User {
	t.Helper()
	u := f.newUser(pool, name, attributes...)
	check(t, f.CreateUser(ctx, u))
	return u
}

func (f *fixture) newUser(pool userpool.PoolID, name string, attributes ...string) *userpool.User {
	u := &userpool.User{
		Pool: pool, Username: name, Sub: "sub-of-" + name, Status: userpool.Confirmed, Enabled: true,
		Created: f.now, Modified: f.now, Attributes: map[string]string{},
	}
	for i := 0; i < len(attributes); i += 2 {
		u.Attributes[attributes[i]] = attributes[i+1]
	}
	return u
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantErr(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error %v, want %v", err, want)
	}
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: %v, want %v", what, got, want)
	}
}

// pages reads a list to its end in pages of three.
func pages[T any](t *testing.T, read func(after string, limit int) ([]T, string, error), key func(T) string) []string {
	t.Helper()
	var keys []string
	after := ""
	for range 100 {
		items, next, err := read(after, 3)
		check(t, err)
		if len(items) > 3 {
			t.Fatalf("a page of %d, want 3 at most", len(items))
		}
		for _, v := range items {
			keys = append(keys, key(v))
		}
		if next == "" {
			return keys
		}
		after = next
	}
	t.Fatal("the list has no end")
	return nil
}

// odd are names that trip collations, wildcards and encodings.
var odd = []string{"a", "A", "%", "_", "a%", "a_b", "\u00c4", "\u00e4", "a'b", `a"b`, `a\b`, "日本", "😀", "\uffff", "\u00e9", "e\u0301", " x"}

func numbered(i int) string { return fmt.Sprintf("user%03d", i) }
