package login

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/poolhouse/poolhouse/internal/words"
	"github.com/poolhouse/poolhouse/userpool"
)

// A field is an attribute that a form asks for.
type field struct {
	Name, Label, Type, Autocomplete, Value string

	Required  bool
	Min, Max  string // of numbers
	MinLength int    // 0 for none
	MaxLength int
	Hint      string
	Options   []option // of a list to choose from
}

// An option is a value of a list.
type option struct {
	Value, Label string
	Chosen       bool
}

// askFor returns the attributes that a user of the pool needs and does not have.
func askFor(l *words.Language, p *userpool.Pool, have map[string]string, typed url.Values) []field {
	names := slices.DeleteFunc(needed(p), func(name string) bool { return have[name] != "" })
	return fieldsOf(l, p, names, typed)
}

func fieldsOf(l *words.Language, p *userpool.Pool, names []string, typed url.Values) []field {
	var fields []field
	required := needed(p)
	for _, name := range names {
		f := field{Name: name, Label: label(l, name), Type: inputType(name), Autocomplete: autocomplete(name),
			Value: typed.Get("attribute:" + name), Required: slices.Contains(required, name), MaxLength: 2048}
		if name == "phone_number" {
			f.Hint = l.Text("signup.phone-hint")
		}
		if a := p.Attribute(name); a != nil {
			f.bound(l, a)
		}
		fields = append(fields, f)
	}
	return fields
}

// bound gives a field the type and the bounds of the schema.
func (f *field) bound(l *words.Language, a *userpool.SchemaAttribute) {
	switch a.Type {
	case "Number":
		f.Type, f.Min, f.Max = "number", a.Min, a.Max
	case "Boolean":
		for _, o := range []option{{"", l.Text("signup.no-answer"), false}, {"true", l.Text("signup.yes"), false}, {"false", l.Text("signup.no"), false}} {
			o.Chosen = o.Value == f.Value
			f.Options = append(f.Options, o)
		}
	case "DateTime":
		f.Type = "datetime-local"
	case "String":
		if n, err := strconv.Atoi(a.Max); err == nil {
			f.MaxLength = min(n, f.MaxLength)
		}
		if n, err := strconv.Atoi(a.Min); err == nil {
			f.MinLength = n
		}
	}
}

// needed are the attributes that the pool requires, signs in by, or sends codes to.
func needed(p *userpool.Pool) []string {
	var names []string
	for _, a := range p.Schema {
		if a.Required && a.Name != "sub" {
			names = append(names, a.Name)
		}
	}
	for _, name := range append(slices.Clone(p.UsernameAttributes[:min(1, len(p.UsernameAttributes))]), p.AutoVerified...) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// wished are the attributes that a client may write by its own list, which people may
// give when they sign up. A client without a list asks for nothing more.
func wished(p *userpool.Pool, c *userpool.Client) []string {
	if c == nil {
		return nil
	}
	var names []string
	for _, a := range p.Schema {
		ours := a.Name == "sub" || a.Name == "identities" || a.Name == "updated_at" || strings.HasSuffix(a.Name, "_verified") || strings.HasPrefix(a.Name, "dev:")
		if !ours && slices.Contains(c.WriteAttributes, a.Name) && !slices.Contains(needed(p), a.Name) {
			names = append(names, a.Name)
		}
	}
	return names
}

// answers reads the attributes of a form, and only those that it asked for: the
// browser decides about no other.
func answers(p *userpool.Pool, c *userpool.Client, form url.Values) map[string]string {
	out := map[string]string{}
	for _, name := range append(needed(p), wished(p, c)...) {
		v := strings.TrimSpace(form.Get("attribute:" + name))
		if v == "" {
			continue
		}
		if a := p.Attribute(name); a != nil && a.Type == "DateTime" {
			if t, err := time.Parse("2006-01-02T15:04", v); err == nil { // as browsers send it
				v = t.Format(time.RFC3339)
			}
		}
		out[name] = v
	}
	return out
}

// label is what an attribute is called. A custom one has the name that it was given.
func label(l *words.Language, attribute string) string {
	if key := "attribute." + attribute; l.Has(key) {
		return l.Text(key)
	}
	name := strings.ReplaceAll(strings.TrimPrefix(attribute, "custom:"), "_", " ")
	first, size := utf8.DecodeRuneInString(name)
	return string(unicode.ToUpper(first)) + name[size:]
}

func inputType(attribute string) string {
	switch attribute {
	case "email":
		return "email"
	case "phone_number":
		return "tel"
	case "birthdate":
		return "date"
	case "picture", "website", "profile":
		return "url"
	}
	return "text"
}

// autocompletes are the tokens of attributes that browsers know (WCAG 2.2 criterion
// 1.3.5).
var autocompletes = map[string]string{"email": "email", "phone_number": "tel", "name": "name", "given_name": "given-name",
	"family_name": "family-name", "middle_name": "additional-name", "nickname": "nickname", "birthdate": "bday", "website": "url",
	"locale": "language", "gender": "sex", "address": "street-address", "picture": "photo", "preferred_username": "nickname"}

func autocomplete(attribute string) string {
	if a, ok := autocompletes[attribute]; ok {
		return a
	}
	return "off"
}
