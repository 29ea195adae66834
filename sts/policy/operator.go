package policy

import (
	"bytes"
	"encoding/base64"
	"errors"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// An operator compiles a policy's value into what compares it with a request's.
type operator struct {
	negate  bool
	compile func(value string, variables bool) (matcher, error)
	date    bool
	// variables is set where a value may hold policy variables.
	variables bool
}

// operators is every condition operator but Null, by its name in lower case.
var operators = map[string]operator{
	"stringequals":              {compile: stringOp(false, false), variables: true},
	"stringnotequals":           {negate: true, compile: stringOp(false, false), variables: true},
	"stringequalsignorecase":    {compile: stringOp(false, true), variables: true},
	"stringnotequalsignorecase": {negate: true, compile: stringOp(false, true), variables: true},
	"stringlike":                {compile: stringOp(true, false), variables: true},
	"stringnotlike":             {negate: true, compile: stringOp(true, false), variables: true},

	"numericequals":            {compile: numericOp(func(c int) bool { return c == 0 })},
	"numericnotequals":         {negate: true, compile: numericOp(func(c int) bool { return c == 0 })},
	"numericlessthan":          {compile: numericOp(func(c int) bool { return c < 0 })},
	"numericlessthanequals":    {compile: numericOp(func(c int) bool { return c <= 0 })},
	"numericgreaterthan":       {compile: numericOp(func(c int) bool { return c > 0 })},
	"numericgreaterthanequals": {compile: numericOp(func(c int) bool { return c >= 0 })},

	"dateequals":            {compile: dateOp(func(c int) bool { return c == 0 }), date: true},
	"datenotequals":         {negate: true, compile: dateOp(func(c int) bool { return c == 0 }), date: true},
	"datelessthan":          {compile: dateOp(func(c int) bool { return c < 0 }), date: true},
	"datelessthanequals":    {compile: dateOp(func(c int) bool { return c <= 0 }), date: true},
	"dategreaterthan":       {compile: dateOp(func(c int) bool { return c > 0 }), date: true},
	"dategreaterthanequals": {compile: dateOp(func(c int) bool { return c >= 0 }), date: true},

	"bool":         {compile: boolOp},
	"binaryequals": {compile: binaryOp},
	"ipaddress":    {compile: addressOp},
	"notipaddress": {negate: true, compile: addressOp},

	// The equal and the like form of the ARN operators behave the same.
	"arnequals":    {compile: arnOp, variables: true},
	"arnlike":      {compile: arnOp, variables: true},
	"arnnotequals": {negate: true, compile: arnOp, variables: true},
	"arnnotlike":   {negate: true, compile: arnOp, variables: true},
}

// valueTypes are the operators whose requests' values have a type.
var valueTypes = map[string]string{"numeric": "numericequals", "boolean": "bool", "ip": "ipaddress", "binary": "binaryequals", "date": "dateequals"}

// IsValue reports whether a text is a value of a type: "numeric", "boolean", "ip",
// "binary" or "date". Of any other it is one always.
func IsValue(kind, text string) bool {
	op, ok := operators[valueTypes[kind]]
	if !ok {
		return true
	}
	_, err := op.compile(text, false)
	return err == nil
}

func stringOp(wildcards, fold bool) func(string, bool) (matcher, error) {
	return func(value string, variables bool) (matcher, error) {
		g, err := compileGlob(value, wildcards, variables)
		if err != nil {
			return nil, err
		}
		return func(v string, keys *keySet) (bool, bool) {
			var buf scratch
			tokens, ok := g.resolve(keys, buf[:0])
			if !ok {
				return false, false
			}
			if fold {
				return strings.EqualFold(join(tokens), v), true
			}
			return matchTokens(tokens, v), true
		}, nil
	}
}

// join is the text of tokens that are literals only.
func join(tokens []token) string {
	if len(tokens) == 1 {
		return tokens[0].text
	}
	var b strings.Builder
	for _, t := range tokens {
		b.WriteString(t.text)
	}
	return b.String()
}

func numericOp(holds func(int) bool) func(string, bool) (matcher, error) {
	return func(value string, _ bool) (matcher, error) {
		want, err := parseNumber(value)
		if err != nil {
			return nil, err
		}
		return func(v string, _ *keySet) (bool, bool) {
			got, err := parseNumber(v)
			return err == nil && holds(compareFloat(got, want)), err == nil
		}, nil
	}
}

var errValue = errors.New("policy: bad value")

// parseNumber reads a decimal number; unlike strconv it knows no hexadecimal,
// underscore, Inf or NaN.
func parseNumber(s string) (float64, error) {
	if s == "" || strings.Trim(s, "0123456789+-.eE") != "" {
		return 0, errValue
	}
	return strconv.ParseFloat(s, 64)
}

func compareFloat(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func dateOp(holds func(int) bool) func(string, bool) (matcher, error) {
	return func(value string, _ bool) (matcher, error) {
		want, err := parseDate(value)
		if err != nil {
			return nil, err
		}
		return func(v string, _ *keySet) (bool, bool) {
			got, err := parseDate(v)
			return err == nil && holds(got.Compare(want)), err == nil
		}, nil
	}
}

// dateForms are the W3C profiles of ISO 8601.
var dateForms = []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", "2006-01-02", "2006-01"}

// parseDate reads an ISO 8601 date or seconds since 1970. Four digits are a year.
func parseDate(s string) (time.Time, error) {
	for _, form := range dateForms {
		if t, err := time.Parse(form, s); err == nil {
			return t, nil
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return time.Time{}, errValue
	}
	if len(s) == 4 {
		return time.Date(int(n), 1, 1, 0, 0, 0, 0, time.UTC), nil
	}
	return time.Unix(n, 0), nil
}

func boolOp(value string, _ bool) (matcher, error) {
	if !strings.EqualFold(value, "true") && !strings.EqualFold(value, "false") {
		return nil, errValue
	}
	return func(v string, _ *keySet) (bool, bool) { return strings.EqualFold(v, value), true }, nil
}

func binaryOp(value string, _ bool) (matcher, error) {
	want, err := base64.StdEncoding.DecodeString(value)
	if err != nil {
		return nil, err
	}
	return func(v string, _ *keySet) (bool, bool) {
		got, err := base64.StdEncoding.DecodeString(v)
		return err == nil && bytes.Equal(got, want), err == nil
	}, nil
}

func addressOp(value string, _ bool) (matcher, error) {
	want, err := parsePrefix(value)
	if err != nil {
		return nil, err
	}
	return func(v string, _ *keySet) (bool, bool) {
		got, err := netip.ParseAddr(v)
		return err == nil && want.Contains(got.Unmap().WithZone("")), err == nil
	}, nil
}

// mappedBits is how much of an IPv4-mapped IPv6 address stands before the IPv4 one.
const mappedBits = 96

// parsePrefix reads a range or an address. One of IPv4 addresses in the IPv6 form
// becomes plain IPv4, as the addresses of requests do.
func parsePrefix(s string) (netip.Prefix, error) {
	if !strings.Contains(s, "/") {
		a, err := netip.ParseAddr(s)
		if err != nil {
			return netip.Prefix{}, err
		}
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	if err == nil && p.Addr().Is4In6() && p.Bits() >= mappedBits {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-mappedBits)
	}
	return p, err
}

// arnParts is the number of colon-separated parts of an ARN.
const arnParts = 6

// arnOp compares part by part, so that a wildcard never reaches over a colon
// except in the last part.
func arnOp(value string, variables bool) (matcher, error) {
	g, err := compileGlob(value, true, variables)
	if err != nil {
		return nil, err
	}
	if parts := splitTokens(g.tokens); len(parts) != arnParts && value != "*" && !g.variables {
		return nil, errValue
	}
	return func(v string, keys *keySet) (bool, bool) {
		var buf scratch
		tokens, ok := g.resolve(keys, buf[:0])
		if !ok {
			return false, false
		}
		return matchARN(splitTokens(tokens), v), true
	}, nil
}

func matchARN(pattern [][]token, v string) bool {
	if len(pattern) == 1 && len(pattern[0]) == 1 && pattern[0][0].kind == anyRun {
		return true
	}
	parts := strings.SplitN(v, ":", arnParts)
	if len(parts) != arnParts || len(pattern) != arnParts {
		return false
	}
	for i, part := range parts {
		if !matchTokens(pattern[i], part) {
			return false
		}
	}
	return true
}

// splitTokens divides a pattern at its first five colons.
func splitTokens(tokens []token) [][]token {
	out := [][]token{nil}
	for _, t := range tokens {
		if t.kind == literal {
			for len(out) < arnParts {
				head, rest, ok := strings.Cut(t.text, ":")
				if !ok {
					break
				}
				out[len(out)-1] = append(out[len(out)-1], token{kind: literal, text: head})
				out = append(out, nil)
				t.text = rest
			}
		}
		out[len(out)-1] = append(out[len(out)-1], t)
	}
	return out
}
