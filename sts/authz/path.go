package authz

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// plainPath returns the decoded path of a request target and reports whether
// everybody reads it in the same way. It is refused where a server could see another
// one than we do: empty and dot segments, encoded slashes, backslashes and dots,
// what is encoded twice, path parameters, control characters, broken escapes.
func plainPath(escaped string) (string, bool) {
	path, err := url.PathUnescape(escaped)
	if err != nil || !strings.HasPrefix(escaped, "/") || !utf8.ValidString(path) {
		return "", false
	}
	folded := strings.ToLower(escaped)
	for _, odd := range []string{"//", "%2f", "%5c", "%2e", "%25", `\`, ";", "#", "?", "%3b", "%3f", "%23"} {
		if strings.Contains(folded, odd) {
			return "", false
		}
	}
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			return "", false
		}
	}
	return path, !strings.ContainsFunc(path, unicode.IsControl)
}

// A pattern is a path with variables, each a whole segment; the last one may
// stand for all that is left.
type pattern struct {
	segments []segment
	rest     string // name of the variable for what is left; empty for none
}

type segment struct{ text, variable string }

// match returns the values of the variables. No value is empty.
func (p *pattern) match(path string) (map[string]string, bool) {
	values := map[string]string{}
	left := strings.TrimPrefix(path, "/")
	for i, s := range p.segments {
		part, after, more := strings.Cut(left, "/")
		last := i == len(p.segments)-1 && p.rest == ""
		if more == last {
			return nil, false
		}
		switch {
		case s.variable == "" && part != s.text, s.variable != "" && part == "":
			return nil, false
		case s.variable != "":
			values[s.variable] = part
		}
		left = after
	}
	if p.rest != "" {
		if left == "" {
			return nil, false
		}
		values[p.rest] = left
	}
	return values, true
}

// parsePattern reads "/a/{b}/{c...}".
func parsePattern(text string) (*pattern, string) {
	if !strings.HasPrefix(text, "/") {
		return nil, "must begin with a slash"
	}
	p, parts := new(pattern), strings.Split(text[1:], "/")
	for i, part := range parts {
		name, variable := strings.CutPrefix(part, "{")
		if !variable {
			if strings.ContainsAny(part, "{}*%") || part == "" && i < len(parts)-1 || part == "." || part == ".." {
				return nil, "has a segment that no path can have: " + part
			}
			p.segments = append(p.segments, segment{text: part})
			continue
		}
		name, closed := strings.CutSuffix(name, "}")
		name, rest := strings.CutSuffix(name, "...")
		if !closed || !isName(name) || p.has(name) || rest && i < len(parts)-1 {
			return nil, "has a variable that cannot stand there: " + part
		}
		if rest {
			p.rest = name
			break
		}
		p.segments = append(p.segments, segment{variable: name})
	}
	return p, ""
}

func (p *pattern) has(name string) bool {
	for _, s := range p.segments {
		if s.variable == name {
			return true
		}
	}
	return p.rest == name
}

func isName(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
}
