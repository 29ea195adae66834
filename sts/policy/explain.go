package policy

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// An Explanation is a decision with all that led to it.
type Explanation struct {
	Decision
	Outcomes map[Part]Outcome // of each part that has a say, by itself
	Matches  []Match          // the statements that apply, in the order of parts
	// Missing are the condition keys and variables that statements about the action
	// and the resource name and the request lacks, as the policies spell them.
	Missing []string
}

// A Match is a statement that applies to a request.
type Match struct {
	Part       Part
	Policy     int // counts from 0 in the part
	Index      int // counts from 0 in the policy
	Sid        string
	Deny       bool
	Start, End Position
}

// A Position is a place in the text of a policy. Both count from 1, in characters.
type Position struct{ Line, Column int }

// Explain is Decide with the reasons. It looks at every statement, so it costs more.
func Explain(r *Request, s *Stack) Explanation {
	e := newEvaluation(r)
	out := Explanation{Decision: e.decide(s), Outcomes: map[Part]Outcome{}}
	var missing nameSet
	for _, l := range s.parts() {
		if d := e.part(l.Part, l.Policies); d.Explicit {
			out.Outcomes[l.Part] = Deny
		} else if d.Allowed {
			out.Outcomes[l.Part] = Allow
		} else {
			out.Outcomes[l.Part] = NoMatch
		}
		for n, p := range l.Policies {
			out.Matches = append(out.Matches, e.matches(l.Part, n, p)...)
			for i := range p.statements {
				e.addMissing(&missing, &p.statements[i])
			}
		}
	}
	out.Missing = missing.sorted()
	return out
}

// parts lists the parts that have a say.
func (s *Stack) parts() (out []Limit) {
	if !s.Unlimited {
		out = append(out, Limit{IdentityPart, s.Identity})
	}
	out = append(out, s.Limits...)
	if s.Guarded || s.Foreign || len(s.Resource) > 0 {
		out = append(out, Limit{ResourcePart, s.Resource})
	}
	return out
}

func (e *evaluation) matches(part Part, n int, p *Policy) (out []Match) {
	at := cursor{text: p.text, at: Position{Line: 1, Column: 1}}
	for i := range p.statements {
		st := &p.statements[i]
		if _, ok := e.applies(st); !ok {
			continue
		}
		m := Match{Part: part, Policy: n, Index: i, Sid: st.sid, Deny: st.deny}
		m.Start = at.move(st.start)
		m.End = at.move(st.end)
		out = append(out, m)
	}
	return out
}

// A cursor finds places of a text, each behind the one before it, in one pass: hundreds
// of statements may stand on one line.
type cursor struct {
	text   string
	offset int // of at, in bytes
	at     Position
}

// move returns the place of an offset.
func (c *cursor) move(offset int) Position {
	passed := c.text[c.offset:offset]
	if end := strings.LastIndexByte(passed, '\n'); end >= 0 {
		c.at.Line += strings.Count(passed, "\n")
		c.at.Column, passed = 1, passed[end+1:]
	}
	c.at.Column += utf8.RuneCountInString(passed)
	c.offset = offset
	return c.at
}

// Size returns how much text the policies have, in bytes.
func (s *Stack) Size() (bytes int) {
	for _, l := range s.parts() {
		for _, p := range l.Policies {
			bytes += len(p.text)
		}
	}
	return bytes
}

// Statement returns the text of a statement.
func (p *Policy) Statement(index int) string {
	st := &p.statements[index]
	return p.text[st.start-1 : st.end]
}

// Statement returns the text of the statement that denied, "" where none did.
func (s *Stack) Statement(d Decision) string {
	if !d.Explicit {
		return ""
	}
	for _, l := range s.parts() {
		if l.Part == d.Part {
			return l.Policies[d.Policy].Statement(d.Index)
		}
	}
	return ""
}

// addMissing adds what a statement about the action and the resource asks for.
func (e *evaluation) addMissing(missing *nameSet, st *statement) {
	if _, ok := e.principalFits(st); !ok || !e.actionFits(st) {
		return
	}
	if !e.resourceFits(st, e.request.Resource) && !e.unresolved(st) {
		return
	}
	st.eachName(func(name string, hasDefault bool) {
		if !hasDefault && len(e.keys.get(fold(name))) == 0 {
			missing.add(name)
		}
	})
}

// unresolved reports whether a variable that the request lacks leaves open if the
// statement is about the resource.
func (e *evaluation) unresolved(st *statement) bool {
	_, known := e.anyResource(slices.Concat(st.resources, st.notResources), e.request.Resource)
	return !known
}

// Keys returns the condition keys and variables that policies name, as they spell
// them, in order.
func Keys(policies ...*Policy) []string {
	var names nameSet
	for _, p := range policies {
		for i := range p.statements {
			p.statements[i].eachName(func(name string, _ bool) { names.add(name) })
		}
	}
	return names.sorted()
}

// eachName calls f with every condition key and variable of a statement.
func (st *statement) eachName(f func(name string, hasDefault bool)) {
	for _, c := range st.conditions {
		f(c.name, false)
		for _, t := range c.variables {
			f(t.name, t.hasDefault)
		}
	}
	for _, g := range slices.Concat(st.resources, st.notResources) {
		for _, t := range g.named() {
			f(t.name, t.hasDefault)
		}
	}
}

// A nameSet collects names that differ by more than case.
type nameSet map[string]string

func (s *nameSet) add(name string) {
	if *s == nil {
		*s = nameSet{}
	}
	if key := fold(name); (*s)[key] == "" {
		(*s)[key] = name
	}
}

func (s nameSet) sorted() []string {
	out := make([]string, 0, len(s))
	for _, name := range s {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}
