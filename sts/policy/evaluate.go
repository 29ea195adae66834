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

// A Layer is a set of policies of which one must allow: identity policies,
// a permissions boundary, session policies.
type Layer struct {
	Name     string // for instance "identity-based policy", as AccessDenied texts name it
	Policies []*Policy
}

// A Decision is the answer to a request and the reason for it.
type Decision struct {
	Allowed bool
	// Explicit is true where a statement denied, false where nothing allowed.
	Explicit bool
	// Layer is the one that denied, or that did not allow, or the last to allow.
	Layer string
	// Sid and Index name the deciding statement of that layer; Index counts from
	// 0 in its policy and is -1 where no statement decided.
	Sid   string
	Index int
	// Named is the principal entry that an allowing statement of a trust policy
	// matched: the most specific one over all of them.
	Named string
}

// Evaluate decides a request. Every layer must allow it and no statement of any
// layer may deny it. Without layers it is refused.
func Evaluate(r *Request, layers ...Layer) Decision {
	e := evaluation{request: r, action: strings.ToLower(r.Action), keys: keySet{raw: r.Keys}}
	decision := Decision{Index: -1}
	refused := len(layers) == 0
	for _, l := range layers {
		d := e.layer(l)
		if d.Explicit {
			return d
		}
		if !d.Allowed && !refused {
			refused, decision = true, d
		}
		if !refused {
			decision = d
		}
	}
	return decision
}

type evaluation struct {
	request *Request
	action  string // lower case
	keys    keySet
}

func (e *evaluation) layer(l Layer) Decision {
	d := Decision{Layer: l.Name, Index: -1}
	for _, p := range l.Policies {
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
				return Decision{Explicit: true, Layer: l.Name, Sid: st.sid, Index: i, Named: named}
			}
			if !d.Allowed || moreSpecific(named, d.Named) {
				d = Decision{Allowed: true, Layer: l.Name, Sid: st.sid, Index: i, Named: named}
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
	if st.principals != nil {
		if named, ok = st.principals.match(e.request.Principal, st.deny); !ok {
			return "", false
		}
	}
	if st.notPrincipals != nil {
		if named, ok = e.notListed(st); !ok {
			return "", false
		}
	}
	if !e.resourceFits(st) {
		return "", false
	}
	for i := range st.conditions {
		if !st.conditions[i].holds(&e.keys, st.deny) {
			return "", false
		}
	}
	return named, true
}

// notListed is for NotPrincipal. As with "*", an allowing one reaches AWS
// principals only.
func (e *evaluation) notListed(st *statement) (named string, ok bool) {
	if !st.deny && e.request.Principal.Type != "AWS" {
		return "", false
	}
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
	for _, g := range globs {
		if matchTokens(g.tokens, text) {
			return true
		}
	}
	return false
}

func (e *evaluation) resourceFits(st *statement) bool {
	switch {
	case st.resources != nil:
		match, _ := e.anyResource(st.resources)
		return match
	case st.notResources != nil:
		match, known := e.anyResource(st.notResources)
		return !match && (known || st.deny)
	}
	return true
}

// anyResource reports whether a pattern matches; known is false where a pattern
// names a variable that the request lacks.
func (e *evaluation) anyResource(globs []glob) (match, known bool) {
	known = true
	for _, g := range globs {
		tokens, ok := g.resolve(&e.keys)
		if ok && matchTokens(tokens, e.request.Resource) {
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
