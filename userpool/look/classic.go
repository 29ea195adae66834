package look

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A rule is a rule of a style sheet, with selectors of ours.
type rule struct {
	selector     string
	declarations []string
}

// selectors are the classes that a style sheet of classic pages may name, and
// what they are on our pages; empty where we show no such thing.
var selectors = map[string]string{
	"banner-customizable":                 ".brand",
	"logo-customizable":                   ".brand img",
	"label-customizable":                  "label",
	"textDescription-customizable":        ".lead",
	"idpDescription-customizable":         ".providers .lead",
	"legalText-customizable":              ".legal,.hint",
	"submitButton-customizable":           "main button[type=submit]:not(.quiet,.provider)",
	"errorMessage-customizable":           ".message.bad",
	"inputField-customizable":             "main input:not([type=hidden])",
	"idpButton-customizable":              ".provider",
	"socialButton-customizable":           ".provider.social",
	"redirect-customizable":               ".after",
	"background-customizable":             "main",
	"passwordCheck-notValid-customizable": "",
	"passwordCheck-valid-customizable":    "",
}

// colorRoles are the colours of classes that a Palette has, so that texts stay
// readable on them.
var colorRoles = map[string]func(*Palette) []*Color{
	"background-customizable background-color":         func(p *Palette) []*Color { return []*Color{&p.Card} },
	"banner-customizable background-color":             func(p *Palette) []*Color { return []*Color{&p.Banner} },
	"submitButton-customizable background-color":       func(p *Palette) []*Color { return []*Color{&p.Accent, &p.Hover} },
	"submitButton-customizable color":                  func(p *Palette) []*Color { return []*Color{&p.OnAccent, &p.OnHover} },
	"submitButton-customizable:hover background-color": func(p *Palette) []*Color { return []*Color{&p.Hover} },
	"submitButton-customizable:hover color":            func(p *Palette) []*Color { return []*Color{&p.OnHover} },
	"inputField-customizable background-color":         func(p *Palette) []*Color { return []*Color{&p.Field} },
	"inputField-customizable color":                    func(p *Palette) []*Color { return []*Color{&p.FieldInk} },
	"inputField-customizable border-color":             func(p *Palette) []*Color { return []*Color{&p.FieldLine} },
	"inputField-customizable:focus border-color":       func(p *Palette) []*Color { return []*Color{&p.Focus} },
	"errorMessage-customizable color":                  func(p *Palette) []*Color { return []*Color{&p.Bad} },
	"errorMessage-customizable background":             func(p *Palette) []*Color { return []*Color{&p.BadGround} },
	"errorMessage-customizable background-color":       func(p *Palette) []*Color { return []*Color{&p.BadGround} },
	"legalText-customizable color":                     func(p *Palette) []*Color { return []*Color{&p.Hint} },
	"label-customizable color":                         func(p *Palette) []*Color { return []*Color{&p.Label} },
	"textDescription-customizable color":               func(p *Palette) []*Color { return []*Color{&p.Soft} },
}

const maxClassic = 100 << 10 // bytes

var (
	comment  = regexp.MustCompile(`(?s)/\*.*?\*/`)
	selector = regexp.MustCompile(`^\.([A-Za-z-]+)(:hover|:focus|:active)?$`)
)

// ParseClassic reads a style sheet of classic pages: rules for the classes that
// Cognito's pages have, with properties and values of a short list. An error is
// a Problem that names what is not in it.
func ParseClassic(css string) (*Theme, error) {
	t := Default()
	if len(css) > maxClassic {
		return nil, problem("CSS must have at most %d bytes.", maxClassic)
	}
	css = comment.ReplaceAllString(css, " ")
	if i := strings.IndexAny(css, `@\<`); i >= 0 {
		return nil, problem("CSS must not contain %q: neither at-rules nor escapes are allowed.", css[i:i+1])
	}
	if strings.Contains(strings.ToLower(css), "url(") {
		return nil, problem("CSS must not contain url(): nothing is loaded from elsewhere.")
	}
	colored := false
	for strings.TrimSpace(css) != "" {
		head, rest, opened := strings.Cut(css, "{")
		body, after, closed := strings.Cut(rest, "}")
		if !opened || !closed || strings.Contains(body, "{") {
			return nil, problem("CSS has unbalanced braces.")
		}
		css = after
		for one := range strings.SplitSeq(head, ",") {
			has, err := t.addRule(strings.TrimSpace(one), body)
			if err != nil {
				return nil, err
			}
			colored = colored || has
		}
	}
	if colored {
		t.Mode = Light // the sheet knows one mode only
	}
	t.finish()
	return t, nil
}

// addRule adds the declarations for one selector. It reports whether there were
// colours among them.
func (t *Theme) addRule(head, body string) (colored bool, err error) {
	m := selector.FindStringSubmatch(head)
	if m == nil {
		return false, problem("CSS selector %q is not allowed: only classes that end in -customizable are.", head)
	}
	target, known := selectors[m[1]]
	if !known {
		return false, problem("CSS class %q is not one of those that can be customized.", m[1])
	}
	r := rule{selector: target + m[2]}
	if m[2] != "" && strings.Contains(target, ",") {
		r.selector = strings.ReplaceAll(target, ",", m[2]+",") + m[2]
	}
	for declaration := range strings.SplitSeq(body, ";") {
		if strings.TrimSpace(declaration) == "" {
			continue
		}
		name, value, _ := strings.Cut(declaration, ":")
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)
		value = strings.TrimSpace(strings.TrimSuffix(strings.ToLower(value), "!important"))
		has, err := t.declare(&r, m[1]+m[2], name, value)
		if err != nil {
			return false, err
		}
		colored = colored || has
	}
	if target != "" && len(r.declarations) > 0 {
		t.rules = append(t.rules, r)
	}
	return colored, nil
}

// declare adds a declaration: a colour that the palette has goes there.
func (t *Theme) declare(r *rule, class, name, value string) (colored bool, err error) {
	check, known := properties[name]
	if !known {
		return false, problem("CSS property %q of .%s is not allowed.", name, class)
	}
	clean, color, ok := check(value)
	if !ok {
		return false, problem("CSS value %q of %s in .%s is not allowed.", value, name, class)
	}
	set := colorRoles[class+" "+name]
	if class == "inputField-customizable" && name == "border" {
		set = colorRoles[class+" border-color"]
	}
	if color != nil && set != nil {
		for _, c := range set(&t.Light) {
			t.Light.give(c, *color)
		}
		if name != "border" {
			return true, nil
		}
		clean = strings.Replace(clean, color.String(), "var(--field-line)", 1)
	}
	r.declarations = append(r.declarations, name+":"+clean)
	return color != nil, nil
}

// properties are those that can be set, with the reader of their values. It
// returns the value in our own words, and its colour if it has one.
var properties = map[string]func(string) (string, *Color, bool){
	"color": colorValue, "background-color": colorValue, "background": colorValue, "border-color": colorValue,
	"width": length, "height": length, "max-width": length, "max-height": length, "min-width": length, "min-height": length,
	"font-size": length, "border-radius": length, "border-width": length,
	"padding": lengths, "padding-top": length, "padding-bottom": length, "padding-left": length, "padding-right": length,
	"margin": lengths, "margin-top": length, "margin-bottom": length, "margin-left": length, "margin-right": length,
	"border": border, "outline": border,
	"font-weight": oneOf("normal", "bold", "100", "200", "300", "400", "500", "600", "700", "800", "900"),
	"font-style":  oneOf("normal", "italic"),
	"text-align":  oneOf("left", "right", "center", "start", "end", "justify"),
	"display":     oneOf("block", "inline-block", "inline", "none"),
	"box-sizing":  oneOf("border-box", "content-box"),
}

func oneOf(words ...string) func(string) (string, *Color, bool) {
	return func(v string) (string, *Color, bool) { return v, nil, slices.Contains(words, v) }
}

// named are the colour words that are understood.
var named = map[string]string{"white": "ffffff", "black": "000000", "red": "ff0000", "green": "008000", "blue": "0000ff", "gray": "808080", "grey": "808080"}

func colorValue(v string) (string, *Color, bool) {
	text, isNamed := named[v]
	if !isNamed {
		if !strings.HasPrefix(v, "#") {
			return "", nil, false
		}
		text = v
	}
	c, ok := ParseColor(text)
	if !ok {
		return "", nil, false
	}
	c = c.over(white)
	return c.String(), &c, true
}

var lengthForm = regexp.MustCompile(`^([0-9]{1,4}(?:\.[0-9]{1,3})?|\.[0-9]{1,3})(px|em|rem|%|pt)?$`)

func length(v string) (string, *Color, bool) {
	if v == "auto" {
		return v, nil, true
	}
	m := lengthForm.FindStringSubmatch(v)
	if m == nil {
		return "", nil, false
	}
	n, err := strconv.ParseFloat(m[1], 64)
	if err != nil || n > 1000 || m[2] == "" && n != 0 || (m[2] == "em" || m[2] == "rem") && n > 20 || m[2] == "%" && n > 100 {
		return "", nil, false
	}
	return strconv.FormatFloat(n, 'f', -1, 64) + m[2], nil, true
}

func lengths(v string) (string, *Color, bool) {
	parts := strings.Fields(v)
	for i, part := range parts {
		clean, _, ok := length(part)
		if !ok {
			return "", nil, false
		}
		parts[i] = clean
	}
	return strings.Join(parts, " "), nil, len(parts) >= 1 && len(parts) <= 4
}

// border reads "1px solid #ccc" in that order; the parts may be left out.
func border(v string) (string, *Color, bool) {
	var out []string
	var found *Color
	for _, part := range strings.Fields(v) {
		if clean, _, ok := length(part); ok && len(out) == 0 {
			out = append(out, clean)
		} else if slices.Contains([]string{"none", "solid", "dashed", "dotted", "double"}, part) {
			out = append(out, part)
		} else if clean, c, ok := colorValue(part); ok && found == nil {
			out, found = append(out, clean), c
		} else {
			return "", nil, false
		}
	}
	return strings.Join(out, " "), found, len(out) >= 1 && len(out) <= 3
}
