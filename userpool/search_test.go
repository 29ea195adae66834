package userpool_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/poolhouse/poolhouse/userpool"
)

func TestSearchUsers(t *testing.T) {
	e := newEstate(t)
	p, _ := e.edited()
	search := func(q userpool.UserSearch, token string) (string, string, error) {
		users, next, complete, err := e.SearchUsers(t.Context(), p.ID, q, token, 2)
		same(t, "complete", complete || err != nil, true)
		var names []string
		for _, u := range users {
			names = append(names, u.Username)
		}
		return strings.Join(names, " "), next, err
	}
	all := userpool.UserSearch{Text: "EXAMPLE.com"}
	found, next, err := search(all, "")
	e.ok(err)
	same(t, "first page", found, "user0 user1")
	found, last, err := search(all, next)
	e.ok(err)
	same(t, "last page", found+last, "user2")
	_, _, err = search(userpool.UserSearch{Text: "example.COM"}, next)
	e.refused(err, userpool.ErrInvalidParameter, "token") // another query's

	// An attribute is found under every name, and not at all once it is removed.
	_, err = e.RenameCustomAttribute(t.Context(), p.ID, "team", "squad", false)
	e.ok(err)
	found, _, err = search(userpool.UserSearch{Text: "green"}, "")
	e.ok(err)
	same(t, "by a renamed attribute", found, "user1")
	_, err = e.RemoveCustomAttribute(t.Context(), p.ID, "squad", false)
	e.ok(err)
	found, _, err = search(userpool.UserSearch{Text: "green"}, "")
	e.ok(err)
	same(t, "by a removed attribute", found, "")

	for _, bad := range []string{"", "ab", "a山", "山", "a\x00b", "ab\xff", strings.Repeat("x", 257)} {
		_, _, err := search(userpool.UserSearch{Text: bad}, "")
		e.refused(err, userpool.ErrInvalidParameter, "The text to search for")
	}
	_, _, _, err = e.SearchUsers(t.Context(), "us-east-1_None00001", all, "", 2)
	e.refused(err, userpool.ErrPoolNotFound, "")
}

// FuzzSearchGrams: whoever matches a search has all of its grams.
func FuzzSearchGrams(f *testing.F) {
	for _, seed := range [][2]string{{"Robert", "ber"}, {"山田太郎", "田太"}, {"İstanbul", "İst"}, {strings.Repeat("é", 300), "ééé"}, {"\xff\xfe\xfdabc", "abc"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, value, text string) {
		u := &userpool.User{Pool: "us-east-1_A", Username: "bob", Enabled: true, Status: userpool.Confirmed, Attributes: map[string]string{"custom:x": value}}
		q := userpool.UserSearch{Text: text, Status: userpool.Confirmed, Enabled: &u.Enabled}
		if !utf8.ValidString(text) || !q.Matches(u) {
			return
		}
		has := userpool.SearchGrams(u)
		for _, g := range q.Grams(u.Pool) {
			if !slices.Contains(has, g) {
				t.Fatalf("%q matches %q without having its grams", value, text)
			}
		}
		if len(has) > 600 {
			t.Fatal(fmt.Sprint(len(has), " grams of one value"))
		}
	})
}
