package userpooltest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/userpool"
)

var searchChecks = []storeCheck{
	{"search", testSearch},
	{"search follows changes", testSearchChanges},
	{"search page by page", testSearchPages},
	{"search of what has all grams and not the text", testSearchCandidates},
	{"index of users from before", testIndexUsers},
}

func (f *fixture) found(t *testing.T, pool userpool.PoolID, q userpool.UserSearch) string {
	t.Helper()
	users, next, err := f.SearchUsers(ctx, pool, q, "", 50)
	check(t, err)
	equal(t, "next page", next, "")
	var names []string
	for _, u := range users {
		names = append(names, u.Username)
	}
	return strings.Join(names, " ")
}

func text(s string) userpool.UserSearch { return userpool.UserSearch{Text: s} }

func testSearch(t *testing.T, f *fixture) {
	f.pool(t, poolA)
	f.pool(t, poolB)
	f.user(t, poolA, "bob", "email", "Robert@Example.com", "phone_number", "+15551234567", "family_name", "O'Brien \"x\" AND", "custom:team", "Blue Note")
	f.user(t, poolA, "eve", "email", "eve@example.com", "nickname", "山田太郎", "dev:custom:note", "hidden", "address", "Blue street")
	f.user(t, poolB, "bob", "email", "robert@example.com")
	yes, no := true, false
	for q, want := range map[userpool.UserSearch]string{
		text("BERT@"):                    "bob",
		text("example"):                  "bob eve",
		text("555123"):                   "bob",
		text("o'bri"):                    "bob",
		text(`"x" and`):                  "bob",
		text("blue"):                     "bob", // address is not searched
		text("山田"):                       "eve",
		text("田太郎"):                      "eve",
		text("idde"):                     "eve",
		text("bobby"):                    "",
		text("robert@example.com.evil"):  "",
		{Text: "example", Enabled: &yes}: "bob eve",
		{Text: "example", Enabled: &no}:  "",
		{Text: "example", Status: userpool.Confirmed}:   "bob eve",
		{Text: "example", Status: userpool.Unconfirmed}: "",
	} {
		equal(t, fmt.Sprintf("%+v", q), f.found(t, poolA, q), want)
	}
	equal(t, "in another pool", f.found(t, poolB, text("blue")), "")
}

func testSearchChanges(t *testing.T, f *fixture) {
	f.pool(t, poolA)
	f.pool(t, poolB)
	f.user(t, poolA, "bob", "email", "old@example.com")
	f.user(t, poolA, "eve")
	f.user(t, poolB, "bob")
	_, err := f.UpdateUser(ctx, poolA, "bob", func(u *userpool.User) error {
		u.Attributes["email"], u.Enabled, u.Status = "new@example.com", false, userpool.ResetRequired
		return nil
	})
	check(t, err)
	no := false
	equal(t, "old", f.found(t, poolA, text("old@")), "")
	equal(t, "new", f.found(t, poolA, userpool.UserSearch{Text: "new@", Enabled: &no, Status: userpool.ResetRequired}), "bob")
	_, err = f.UpdateUser(ctx, poolA, "bob", func(u *userpool.User) error {
		u.Attributes["email"] = "refused@example.com"
		return userpool.ErrPrecondition
	})
	wantErr(t, err, userpool.ErrPrecondition)
	equal(t, "refused", f.found(t, poolA, text("refused"))+f.found(t, poolA, text("new@")), "bob")
	check(t, f.DeleteUser(ctx, poolA, "bob"))
	equal(t, "deleted", f.found(t, poolA, text("new@")), "")
	check(t, f.DeletePool(ctx, poolA))
	equal(t, "of a deleted pool", f.found(t, poolA, text("eve")), "")
	equal(t, "of another pool", f.found(t, poolB, text("bob")), "bob")
}

func testSearchPages(t *testing.T, f *fixture) {
	f.pool(t, poolA)
	var want []string
	for i := range 10 {
		f.user(t, poolA, fmt.Sprintf("needle-%d", i))
		f.user(t, poolA, fmt.Sprintf("hay-%d", i))
		want = append(want, fmt.Sprintf("needle-%d", i))
	}
	got := pages(t, func(after string, limit int) ([]*userpool.User, string, error) {
		return f.SearchUsers(ctx, poolA, text("needle"), after, limit)
	}, func(u *userpool.User) string { return u.Username })
	if !slices.Equal(got, want) {
		t.Fatalf("pages %v, want %v", got, want)
	}
}

// testSearchCandidates: who has every gram of a text need not have the text, and many
// of those make a short page, not a long call.
func testSearchCandidates(t *testing.T, f *fixture) {
	f.pool(t, poolA)
	for i := range 1100 {
		f.user(t, poolA, fmt.Sprintf("u%d", i), "name", "abcx bcde")
	}
	f.user(t, poolA, "last", "name", "abcde")
	// abc, bcd, cde: the others have abc, bcd and cde as well.
	users, next, err := f.SearchUsers(ctx, poolA, text("abcde"), "", 3)
	check(t, err)
	equal(t, "short page", len(users), 0)
	if next == "" {
		t.Fatal("the list ends before the user who matches")
	}
	users, next, err = f.SearchUsers(ctx, poolA, text("abcde"), next, 3)
	check(t, err)
	equal(t, "found", len(users), 1)
	equal(t, "after the last page", next, "")
}

func testIndexUsers(t *testing.T, f *fixture) {
	f.pool(t, poolA)
	f.user(t, poolA, "bob")
	complete, err := f.SearchComplete(ctx)
	check(t, err)
	equal(t, "complete", complete, true)
	n, err := f.IndexUsers(ctx, 10)
	check(t, err)
	equal(t, "users of a full index", n, 0)
}
