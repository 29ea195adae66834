package policy

import (
	"errors"
	"strings"
	"unicode/utf8"
)

type tokenKind uint8

const (
	literal  tokenKind = iota
	anyOne             // ?
	anyRun             // *
	variable           // ${text} with a default, if hasDefault
)

type token struct {
	kind       tokenKind
	text       string // of a literal; name of a variable, folded
	name       string // of a variable, as the policy spells it
	fallback   string
	hasDefault bool
}

// A glob is a compiled pattern.
type glob struct {
	tokens    []token
	variables bool // some token is a variable
}

var errVariable = errors.New("policy: bad variable")

// compileGlob compiles a pattern with the wildcards * and ?. With variables it
// also knows ${key}, ${key, 'default'} and the escapes ${*}, ${?} and ${$}.
func compileGlob(s string, wildcards, variables bool) (glob, error) {
	var g glob
	for s != "" {
		switch {
		case variables && strings.HasPrefix(s, "${"):
			body, rest, ok := strings.Cut(s[2:], "}")
			t, err := variableToken(body)
			if !ok || err != nil {
				return glob{}, errVariable
			}
			g.add(t)
			s = rest
		case wildcards && s[0] == '*':
			g.add(token{kind: anyRun})
			s = s[1:]
		case wildcards && s[0] == '?':
			g.add(token{kind: anyOne})
			s = s[1:]
		default:
			n := literalLength(s, wildcards, variables)
			g.add(token{kind: literal, text: s[:n]})
			s = s[n:]
		}
	}
	return g, nil
}

// literalLength is at least 1: s[0] was found to be no special character.
func literalLength(s string, wildcards, variables bool) int {
	for i := 1; i < len(s); i++ {
		if wildcards && (s[i] == '*' || s[i] == '?') || variables && strings.HasPrefix(s[i:], "${") {
			return i
		}
	}
	return len(s)
}

func variableToken(body string) (token, error) {
	if body == "*" || body == "?" || body == "$" {
		return token{kind: literal, text: body}, nil
	}
	name, fallback, hasDefault := strings.Cut(body, ",")
	name = strings.TrimSpace(name)
	if name == "" || strings.ContainsAny(name, "${'") {
		return token{}, errVariable
	}
	t := token{kind: variable, text: fold(name), name: name, hasDefault: hasDefault}
	if !hasDefault {
		return t, nil
	}
	fallback = strings.TrimSpace(fallback)
	if len(fallback) < 2 || fallback[0] != '\'' || fallback[len(fallback)-1] != '\'' {
		return token{}, errVariable
	}
	t.fallback = fallback[1 : len(fallback)-1]
	return t, nil
}

// add appends t; it joins literals and drops a second * in a row.
func (g *glob) add(t token) {
	if n := len(g.tokens); n > 0 {
		last := &g.tokens[n-1]
		if t.kind == anyRun && last.kind == anyRun {
			return
		}
		if t.kind == literal && last.kind == literal {
			last.text += t.text
			return
		}
	}
	g.variables = g.variables || t.kind == variable
	g.tokens = append(g.tokens, t)
}

// lower folds the literals, for patterns that ignore case.
func (g glob) lower() glob {
	for i := range g.tokens {
		g.tokens[i].text = strings.ToLower(g.tokens[i].text)
	}
	return g
}

// A scratch is room for the tokens of a pattern whose variables are resolved.
type scratch [8]token

// resolve replaces variables by their values, in buf where there is room. ok is
// false where the request has no single value for one of them and the policy gives
// no default. A value is a literal: a wildcard inside it matches only itself.
func (g *glob) resolve(keys *keySet, buf []token) (tokens []token, ok bool) {
	if !g.variables {
		return g.tokens, true
	}
	for _, t := range g.tokens {
		if t.kind == variable {
			values := keys.get(t.text)
			switch {
			case len(values) == 1:
				t = token{kind: literal, text: values[0]}
			case len(values) == 0 && t.hasDefault:
				t = token{kind: literal, text: t.fallback}
			default:
				return nil, false
			}
		}
		buf = append(buf, t)
	}
	return buf, true
}

// excludes reports that text does not begin as the pattern does, so that it cannot
// match whatever the variables are.
func (g *glob) excludes(text string) bool {
	return len(g.tokens) > 0 && g.tokens[0].kind == literal && !strings.HasPrefix(text, g.tokens[0].text)
}

// matchTokens reports whether text fits. Only the last * seen is ever retried,
// so the work is bounded by len(tokens)·len(text) whatever the pattern.
func matchTokens(tokens []token, text string) bool {
	t, i := 0, 0
	star, mark := -1, 0
	for {
		if t < len(tokens) && tokens[t].kind == anyRun {
			if t == len(tokens)-1 {
				return true
			}
			star, mark = t, i
			t++
			continue
		}
		if t == len(tokens) && i == len(text) {
			return true
		}
		if t < len(tokens) {
			if n := matchOne(tokens[t], text[i:]); n >= 0 {
				t, i = t+1, i+n
				continue
			}
		}
		if star < 0 || mark >= len(text) {
			return false
		}
		mark = nextMark(tokens[star+1], text, mark)
		if mark < 0 {
			return false
		}
		t, i = star+1, mark
	}
}

// matchOne returns how many bytes of text the token takes, or -1.
func matchOne(t token, text string) int {
	if t.kind == literal {
		if strings.HasPrefix(text, t.text) {
			return len(t.text)
		}
		return -1
	}
	if text == "" {
		return -1
	}
	_, n := utf8.DecodeRuneInString(text)
	return n
}

// nextMark returns where after mark the token that follows a * can next begin.
func nextMark(t token, text string, mark int) int {
	_, n := utf8.DecodeRuneInString(text[mark:])
	mark += n
	if t.kind != literal {
		return mark
	}
	i := strings.Index(text[mark:], t.text)
	if i < 0 {
		return -1
	}
	return mark + i
}

// named returns the variables of a pattern.
func (g *glob) named() (out []token) {
	for _, t := range g.tokens {
		if t.kind == variable {
			out = append(out, t)
		}
	}
	return out
}
