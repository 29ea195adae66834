package userpool

import (
	"context"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"unicode/utf8"
)

// A UserSearch selects users by a part of what they are known by, in any case: the
// username, addresses, names and custom attributes.
type UserSearch struct {
	Text    string // three characters, or two of Chinese, Japanese or Korean, and more
	Status  Status // empty for any
	Enabled *bool  // nil for any
}

// searchedNames are the standard attributes that users are found by.
var searchedNames = []string{"email", "phone_number", "name", "given_name", "family_name", "middle_name", "nickname", "preferred_username"}

// maxSearched is how much of a value is found, in characters.
const maxSearched = 256

// Searched returns the texts that u is found by, folded.
func (u *User) Searched() []string {
	texts := []string{searchable(u.Username)}
	for _, name := range searchedNames {
		if v := u.Attributes[name]; v != "" {
			texts = append(texts, searchable(v))
		}
	}
	for name, v := range u.Attributes {
		if strings.Contains(name, "custom:") {
			texts = append(texts, searchable(v))
		}
	}
	slices.Sort(texts)
	return slices.Compact(texts)
}

func searchable(value string) string {
	value = FoldCase(value)
	if len(value) <= maxSearched {
		return value
	}
	runes := []rune(value)
	return string(runes[:min(len(runes), maxSearched)])
}

// Matches reports whether u is one of those searched for.
func (q UserSearch) Matches(u *User) bool {
	if q.Status != "" && u.Status != q.Status || q.Enabled != nil && u.Enabled != *q.Enabled {
		return false
	}
	text := FoldCase(q.Text)
	return slices.ContainsFunc(u.Searched(), func(s string) bool { return strings.Contains(s, text) })
}

// SearchGrams returns what an index has of u: numbers that stand for every three
// characters of a text in a row, for two of a script without letters, and for what u
// can be filtered by. A number may stand for several things: who has all of a search's
// is a candidate.
func SearchGrams(u *User) []uint32 {
	g := grams{pool: u.Pool}
	for _, text := range u.Searched() {
		g.text(text)
	}
	g.add("status", string(u.Status))
	g.add("enabled", fmt.Sprint(u.Enabled))
	return g.sorted()
}

// Grams returns the numbers that all users have who match.
func (q UserSearch) Grams(pool PoolID) []uint32 {
	g := grams{pool: pool}
	g.text(FoldCase(q.Text))
	if q.Status != "" {
		g.add("status", string(q.Status))
	}
	if q.Enabled != nil {
		g.add("enabled", fmt.Sprint(*q.Enabled))
	}
	return g.sorted()
}

// grams gathers numbers. Those of one pool are not those of another.
type grams struct {
	pool PoolID
	all  []uint32
}

func (g *grams) add(kind, text string) {
	h := fnv.New32a()
	h.Write([]byte(string(g.pool) + "\x00" + kind + "\x00" + text))
	g.all = append(g.all, h.Sum32())
}

func (g *grams) text(text string) {
	runes := []rune(text)
	for i := range runes {
		if i+2 <= len(runes) && dense(runes[i:i+2]) {
			g.add("text", string(runes[i:i+2]))
		}
		if i+3 <= len(runes) {
			g.add("text", string(runes[i:i+3]))
		}
	}
}

// dense reports whether characters say as much as words do elsewhere: names of two
// are whole names.
func dense(runes []rune) bool {
	return !slices.ContainsFunc(runes, func(r rune) bool { return r < 0x2E80 })
}

func (g *grams) sorted() []uint32 {
	slices.Sort(g.all)
	return slices.Compact(g.all)
}

func (q UserSearch) check() error {
	runes := []rune(q.Text)
	switch {
	case !utf8.ValidString(q.Text) || strings.ContainsRune(q.Text, 0):
		return invalid("The text to search for is not valid text.")
	case len(runes) < 2, len(runes) == 2 && !dense(runes):
		return invalid("The text to search for has less than 3 characters, or 2 of Chinese, Japanese or Korean.")
	case len(runes) > maxSearched:
		return invalid("The text to search for has more than %d characters.", maxSearched)
	}
	return nil
}

// SearchUsers returns users of a pool in the order of their making. A page may be
// short, or empty, and not the last. It is not complete while users who were there
// before the index are missing from that.
func (s *Service) SearchUsers(ctx context.Context, pool PoolID, q UserSearch, token string, limit int) (users []*User, next string, complete bool, err error) {
	if _, err := s.Pool(ctx, pool); err != nil {
		return nil, "", false, err
	}
	if err := q.check(); err != nil {
		return nil, "", false, err
	}
	if complete, err = s.Store.SearchComplete(ctx); err != nil {
		return nil, "", false, err
	}
	enabled := "any"
	if q.Enabled != nil {
		enabled = fmt.Sprint(*q.Enabled)
	}
	query := fmt.Sprintf("SearchUsers/%s/%s/%s/%s", pool, q.Status, enabled, q.Text)
	users, next, err = listPage(s, query, token, limit, func(after string, limit int) ([]*User, string, error) {
		return s.Store.SearchUsers(ctx, pool, q, after, limit)
	})
	return users, next, complete, err
}
