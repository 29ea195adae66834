package sp

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/poolhouse/poolhouse/userpool"
)

// Bounds of what is taken over of one arrival.
const (
	maxSubject = 2048 // bytes
	maxClaims  = 500  // names
	maxValues  = 1000 // of one name
)

// Claims are what a provider says of somebody, by name.
type Claims map[string][]string

// readable leaves out what no store can keep, and what is too much of it.
func (c Claims) readable() Claims {
	out := Claims{}
	for name, values := range c {
		if len(out) == maxClaims || !isText(name) {
			continue
		}
		var kept []string
		for _, v := range values {
			if isText(v) && len(kept) < maxValues {
				kept = append(kept, v)
			}
		}
		out[name] = kept
	}
	return out
}

func isText(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

// ClaimsOf reads claims as JSON has them: a value of each name, or a list.
func ClaimsOf(written map[string]json.RawMessage) Claims {
	out := Claims{}
	for name, raw := range written {
		var list []json.RawMessage
		if json.Unmarshal(raw, &list) != nil {
			list = []json.RawMessage{raw}
		}
		for _, v := range list {
			if text, ok := textOf(v); ok {
				out[name] = append(out[name], text)
			}
		}
	}
	return out
}

// textOf is a JSON value as an attribute has it.
func textOf(raw json.RawMessage) (string, bool) {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s, string(raw) != "null"
	}
	return string(raw), string(raw) != "null"
}

// single is a claim of one value; empty where there is none, or are several.
func (c Claims) single(name string) string {
	if len(c[name]) != 1 {
		return ""
	}
	return c[name][0]
}

// attribute is a claim as the value of an attribute. Several values become a list in
// brackets, each as in a form, as Cognito writes them.
func (c Claims) attribute(name string) string {
	values := c[name]
	if len(values) < 2 {
		return c.single(name)
	}
	list := make([]string, len(values))
	for i, v := range values {
		list[i] = strings.NewReplacer("%2A", "*", "~", "%7E").Replace(url.QueryEscape(v)) // as Java does it
	}
	return "[" + strings.Join(list, ", ") + "]"
}

// A mapping is what a provider's rules make of an arrival.
type mapping struct {
	name       string            // of a newcomer; empty for the subject
	attributes map[string]string // by the pool's names
	problems   []Problem
}

// Doubtful reports whether a provider of OpenID Connect says that it has not proved the
// e-mail address.
func (c Claims) Doubtful() bool {
	said := c["email_verified"]
	return len(said) > 0 && !(len(said) == 1 && strings.EqualFold(said[0], "true"))
}

// mapped applies the provider's mapping, and the expressions that take its place.
func mapped(ctx context.Context, pool *userpool.Pool, p *userpool.Provider, a *Arrival, c Claims) mapping {
	made, problems := computed(ctx, p, a.Subject, c)
	m := mapping{name: c.single(p.Mapping[usernameMapping]), attributes: map[string]string{}, problems: problems}
	if p.Settings.Expressions[usernameMapping] != "" {
		m.name = made.single(usernameMapping)
	}
	for name, claim := range p.Mapping {
		if p.Settings.Expressions[name] == "" {
			m.take(pool, name, c, claim)
		}
	}
	for name := range made {
		m.take(pool, name, made, name)
	}
	for _, address := range []string{"email", "phone_number"} {
		value := m.attributes[address]
		verify(m.attributes, address, address == "email" && !a.Doubtful && SpeaksFor(p, value) && c.says(value))
	}
	return m
}

// take has an attribute be a claim.
func (m *mapping) take(pool *userpool.Pool, name string, c Claims, claim string) {
	if name == usernameMapping || pool.Attribute(name) == nil {
		return
	}
	v := c.attribute(claim)
	if name == "email" || name == "phone_number" {
		v = c.single(claim) // nobody knows which of several is the one
	}
	if v != "" {
		m.attributes[name] = v
	}
}

// usernameMapping is the mapping that names a user, rather than an attribute.
const usernameMapping = userpool.UsernameExpression

// verify settles whether an address is the user's: where the provider says it in plain
// words, or speaks for the address's domain and says nothing else. Where nothing at
// all is said, nothing is written.
func verify(out map[string]string, address string, speaks bool) {
	flag := address + "_verified"
	said, given := out[flag]
	switch {
	case out[address] == "":
		delete(out, flag)
	case given:
		out[flag] = "false"
		if strings.EqualFold(said, "true") {
			out[flag] = "true"
		}
	case speaks:
		out[flag] = "true"
	}
}

// SpeaksFor reports whether an e-mail address is in a domain that the provider is the
// authority of.
func SpeaksFor(p *userpool.Provider, address string) bool {
	at := strings.LastIndexByte(address, '@')
	if at < 1 {
		return false
	}
	for _, d := range p.Settings.Domains {
		if strings.EqualFold(d, address[at+1:]) {
			return true
		}
	}
	return false
}

// groups are the pool's groups that the provider's mean, each once.
func groups(p *userpool.Provider, c Claims) []string {
	var out []string
	seen := map[string]bool{}
	for _, upstream := range c[p.Settings.GroupsClaim] {
		group, ok := p.Settings.Groups[upstream]
		if ok && !seen[group] {
			seen[group] = true
			out = append(out, group)
		}
	}
	return out
}
