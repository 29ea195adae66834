package userpool

import (
	"slices"
	"strings"
)

// A Name is a string that leads to one user of a pool. All names of a pool
// share one name space, so that no user can be mistaken for another: a username
// never equals somebody else's alias or sub.
type Name struct {
	Kind  string // NameUsername, NameSub, or the attribute of an alias
	Value string // under the pool's case rule
}

// The kinds of name that are not attributes.
const (
	NameUsername = "username"
	NameSub      = "sub"
)

// Fold brings a name to the form in which the pool compares it.
func (p *Pool) Fold(name string) string {
	if p.CaseSensitive {
		return name
	}
	return FoldCase(name)
}

// FoldCase is the case rule of pools that are not case-sensitive.
func FoldCase(name string) string { return strings.ToLower(name) }

// Names returns every name of u in the pool, its username and sub first.
//
// In a pool with AliasAttributes an attribute is a name once it is verified
// (preferred_username: once the user is confirmed). In a pool with
// UsernameAttributes the address is the username from the start, and stays unique; a
// second one is a name once it is verified, as an alias is. Users of upstream providers have no aliases, and their usernames keep
// their case: two subjects of a provider may differ by nothing else.
func (p *Pool) Names(u *User) []Name {
	fold := p.Fold
	if u.Status == ExternalProvider {
		fold = func(s string) string { return s }
	}
	names := []Name{{NameUsername, fold(u.Username)}}
	add := func(kind, value string) {
		same := func(n Name) bool { return n.Value == value }
		if value != "" && !slices.ContainsFunc(names, same) {
			names = append(names, Name{kind, value})
		}
	}
	add(NameSub, fold(u.Sub))
	if u.Status == ExternalProvider {
		return names
	}
	proved := slices.ContainsFunc(p.UsernameAttributes, u.Verified)
	for _, a := range p.UsernameAttributes {
		if !proved || u.Verified(a) {
			add(a, fold(u.Attributes[a]))
		}
	}
	for _, a := range p.AliasAttributes {
		if u.aliasLive(a) {
			add(a, fold(u.Attributes[a]))
		}
	}
	return names
}

// aliasLive reports whether the attribute may stand for the user.
func (u *User) aliasLive(attribute string) bool {
	if attribute == "preferred_username" {
		return u.Status != Unconfirmed
	}
	return u.Verified(attribute)
}

// Verified reports whether the user has proved to own the e-mail address or the
// phone number.
func (u *User) Verified(attribute string) bool {
	return u.Attributes[attribute] != "" && u.Attributes[attribute+"_verified"] == "true"
}

// Unalias takes the alias away from u, for a store that moves it to another
// user: the address becomes unverified. It reports false where that cannot be
// done: an address that is the username of its owner stays with them, and so does
// a preferred username, which nobody else can prove to own.
func (p *Pool) Unalias(u *User, attribute string) bool {
	if attribute == "preferred_username" || !slices.Contains(p.AliasAttributes, attribute) {
		return false
	}
	u.Attributes[attribute+"_verified"] = "false"
	return true
}
