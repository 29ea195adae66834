package policy

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Request is one thing that somebody wants to do.
type Request struct {
	Principal Principal // only trust and resource policies ask for it
	Action    string    // "service:Operation"
	Resource  string    // ARN or "*"
	// Keys are the condition keys. Their names are compared ignoring case.
	Keys map[string][]string
}

// An evaluation holds what one request looks like to every policy.
type evaluation struct {
	request *Request
	action  string // lower case
	keys    keySet
}

func newEvaluation(r *Request) *evaluation {
	return &evaluation{request: r, action: strings.ToLower(r.Action), keys: keySet{raw: r.Keys}}
}

// part evaluates the policies of one part by themselves: a denial wins, then the
// allowing statement with the most specific principal.
func (e *evaluation) part(part Part, policies []*Policy) Decision {
	d := Decision{Part: part, Index: -1}
	for n, p := range policies {
		for i := range p.statements {
			st := &p.statements[i]
			if d.Allowed && !st.deny && st.principals == nil {
				continue // a second allow changes nothing
			}
			named, ok := e.applies(st)
			if !ok {
				continue
			}
			if st.deny {
				return Decision{Explicit: true, Part: part, Sid: st.sid, Policy: n, Index: i, Named: named}
			}
			if !d.Allowed || moreSpecific(named, d.Named) {
				d = Decision{Allowed: true, Part: part, Sid: st.sid, Policy: n, Index: i, Named: named}
			}
		}
	}
	return d
}

// moreSpecific orders principal entries: an ARN, "*", a whole account. The last
// is the weakest: the caller's own policies must allow as well.
func moreSpecific(a, b string) bool {
	rank := func(s string) int {
		switch {
		case s == "" || IsAccount(s):
			return 0
		case s == "*":
			return 1
		case strings.HasPrefix(s, "arn:aws:sts:"):
			return 3
		}
		return 2
	}
	return rank(a) > rank(b)
}

// applies reports whether the statement fits the request, and which principal
// entry did.
func (e *evaluation) applies(st *statement) (named string, ok bool) {
	if !e.actionFits(st) {
		return "", false
	}
	if named, ok = e.principalFits(st); !ok {
		return "", false
	}
	return named, e.resourceFits(st, e.request.Resource) && e.conditionsHold(st)
}

func (e *evaluation) principalFits(st *statement) (named string, ok bool) {
	switch {
	case st.principals != nil:
		return st.principals.match(e.request.Principal, st.deny)
	case st.notPrincipals != nil:
		return e.notListed(st)
	}
	return "", true
}

func (e *evaluation) conditionsHold(st *statement) bool {
	for i := range st.conditions {
		if !st.conditions[i].holds(&e.keys, st.deny) {
			return false
		}
	}
	return true
}

// notListed is for NotPrincipal, which only denying statements have.
func (e *evaluation) notListed(st *statement) (named string, ok bool) {
	_, listed := st.notPrincipals.match(e.request.Principal, true)
	return "*", !listed
}

func (e *evaluation) actionFits(st *statement) bool {
	if st.actions != nil {
		return anyMatch(st.actions, e.action)
	}
	return !anyMatch(st.notActions, e.action)
}

func anyMatch(globs []glob, text string) bool {
	for i := range globs {
		if matchTokens(globs[i].tokens, text) {
			return true
		}
	}
	return false
}

func (e *evaluation) resourceFits(st *statement, resource string) bool {
	switch {
	case st.resources != nil:
		return e.oneResource(st.resources, resource)
	case st.notResources != nil:
		match, known := e.anyResource(st.notResources, resource)
		return !match && (known || st.deny)
	}
	return true
}

// oneResource reports whether a pattern matches.
func (e *evaluation) oneResource(globs []glob, resource string) bool {
	var buf scratch
	for i := range globs {
		if globs[i].excludes(resource) {
			continue
		}
		if tokens, ok := globs[i].resolve(&e.keys, buf[:0]); ok && matchTokens(tokens, resource) {
			return true
		}
	}
	return false
}

// anyResource is oneResource for patterns that exclude; known is false where a pattern
// names a variable that the request lacks.
func (e *evaluation) anyResource(globs []glob, resource string) (match, known bool) {
	known = true
	var buf scratch
	for i := range globs {
		tokens, ok := globs[i].resolve(&e.keys, buf[:0])
		if ok && matchTokens(tokens, resource) {
			return true, true
		}
		known = known && ok
	}
	return false, known
}

// A keySet looks condition keys up ignoring case. The folded map is only made
// when a policy asks for a key.
type keySet struct {
	raw    map[string][]string
	folded map[string][]string
}

// get returns the values of a key whose name is folded.
func (k *keySet) get(name string) []string {
	if k.folded == nil {
		k.folded = make(map[string][]string, len(k.raw))
		for n, v := range k.raw {
			n = fold(n)
			k.folded[n] = append(k.folded[n], v...)
		}
	}
	return k.folded[name]
}

// fold returns the one spelling of all names of a key that differ by case only.
// It agrees with strings.EqualFold, by which tags are kept apart; for strings.ToLower
// İ is an i, and a tag of that name would stand in for another.
func fold(name string) string {
	for i := range len(name) {
		if name[i] >= utf8.RuneSelf {
			return strings.Map(foldRune, name)
		}
	}
	return strings.ToLower(name)
}

// foldRune returns the least rune that equals r but for case, in lower case where
// that is a letter of ASCII.
func foldRune(r rune) rune {
	least := r
	for o := unicode.SimpleFold(r); o != r; o = unicode.SimpleFold(o) {
		least = min(least, o)
	}
	if least < utf8.RuneSelf {
		return unicode.ToLower(least)
	}
	return least
}
