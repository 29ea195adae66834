package awsapi

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/poolhouse/poolhouse/internal/awsapi/models"
)

// maxViolations bounds how many errors one answer lists, and maxShown how much
// of a value it repeats, in characters.
const (
	maxViolations = 20
	maxShown      = 1000
)

// validate checks in against the constraints of the model and returns the text
// that the live services answer, or "" if all hold. Errors come in the order of
// the model's members; member is where the first of them stands, at the top.
func validate(n *node, in reflect.Value) (text, member string) { return new(checker).text(n, in) }

// violated is validate's text without what must not be written down.
func violated(n *node, in reflect.Value) string {
	text, _ := (&checker{quiet: true}).text(n, in)
	return text
}

func (c *checker) text(n *node, in reflect.Value) (text, member string) {
	c.check(n, in, "", false)
	member, _, _ = strings.Cut(c.first, ".")
	switch len(c.found) {
	case 0:
		return "", ""
	case 1:
		return "1 validation error detected: " + c.found[0], member
	}
	return strconv.Itoa(len(c.found)) + " validation errors detected: " + strings.Join(c.found, "; "), member
}

// A checker collects the violations of one input.
type checker struct {
	found []string
	first string // path of the first
	quiet bool   // no value of a secret member is repeated
}

// note adds a violation at path.
func (c *checker) note(path, text string) {
	if len(c.found) == 0 {
		c.first = path
	}
	c.found = append(c.found, text)
}

// add records a violation. A value of a sensitive shape is not repeated.
func (c *checker) add(path string, v reflect.Value, hidden bool, constraint string) {
	if len(c.found) == maxViolations {
		return
	}
	text := "Value "
	if !hidden {
		text += "'" + shown(v) + "' "
	}
	c.note(path, text+"at '"+path+"' failed to satisfy constraint: "+constraint)
}

func (c *checker) check(n *node, v reflect.Value, path string, hidden bool) {
	hidden = hidden || n.shape.Sensitive
	switch n.shape.Kind {
	case models.Structure:
		c.structure(n, v, path, hidden)
	case models.List:
		c.list(n, v, path, hidden)
	case models.Map:
		c.mapping(n, v, path, hidden)
	default:
		for _, text := range n.violations(v) {
			c.add(path, v, hidden, text)
		}
	}
}

func (c *checker) structure(n *node, v reflect.Value, path string, hidden bool) {
	if path != "" {
		path += "."
	}
	for i := range n.fields {
		f := &n.fields[i]
		fv, ok := f.value(v)
		switch {
		case ok:
			c.check(f.node, fv, path+f.path, hidden || c.quiet && f.secret)
		case f.Required && len(c.found) < maxViolations:
			c.note(path+f.path, "Value null at '"+path+f.path+"' failed to satisfy constraint: Member must not be null")
		}
	}
}

// list checks the size, then the elements: structures one by one, scalars
// together, as the live services report them.
func (c *checker) list(n *node, v reflect.Value, path string, hidden bool) {
	for _, text := range n.length(int64(v.Len())) {
		c.add(path, v, hidden, text)
	}
	if n.elem.scalar() {
		c.elements(n.elem, v, path, hidden)
		return
	}
	for i := range v.Len() {
		if len(c.found) == maxViolations {
			return
		}
		c.check(n.elem, v.Index(i), path+"."+strconv.Itoa(i+1)+".member", hidden)
	}
}

func (c *checker) elements(elem *node, v reflect.Value, path string, hidden bool) {
	for i := range v.Len() {
		if len(elem.violations(v.Index(i))) > 0 {
			c.add(path, v, hidden || elem.shape.Sensitive, "Member must satisfy constraint: ["+strings.Join(elem.constraints(), ", ")+"]")
			return
		}
	}
}

// mapping checks the size, the keys and the values.
func (c *checker) mapping(n *node, v reflect.Value, path string, hidden bool) {
	hidden = hidden || n.key.shape.Sensitive || n.elem.shape.Sensitive
	for _, text := range n.length(int64(v.Len())) {
		c.add(path, v, hidden, text)
	}
	keys, values := sortedMapKeys(v), false
	for _, k := range keys {
		if len(n.key.violations(k)) > 0 {
			c.add(path, v, hidden, "Map keys must satisfy constraint: ["+strings.Join(n.key.constraints(), ", ")+"]")
			break
		}
	}
	for _, k := range keys {
		e := v.MapIndex(k)
		switch {
		case !n.elem.scalar():
			c.check(n.elem, e, path+"."+clipText(k.String())+".member", hidden)
		case !values && len(n.elem.violations(e)) > 0:
			values = true
			c.add(path, v, hidden, "Map value must satisfy constraint: ["+strings.Join(n.elem.constraints(), ", ")+"]")
		}
	}
}

func (n *node) scalar() bool {
	switch n.shape.Kind {
	case models.Structure, models.List, models.Map:
		return false
	}
	return true
}

// violations returns the constraints of a scalar that v breaks.
func (n *node) violations(v reflect.Value) []string {
	switch n.shape.Kind {
	case models.String:
		return n.text(v.String())
	case models.Integer, models.Long:
		return n.number(v.Int())
	case models.Blob:
		return n.length(int64(v.Len()))
	}
	return nil
}

func (n *node) text(s string) []string {
	if len(n.shape.Enum) > 0 {
		if !slices.Contains(n.shape.Enum, s) {
			return []string{n.enumText()}
		}
		return nil
	}
	var found []string
	if n.shape.HasMin || n.shape.HasMax {
		found = n.length(int64(utf8.RuneCountInString(s)))
	}
	// A value that is too long is refused anyway: spare the matching.
	if n.pattern != nil && !n.longer(s) && !n.pattern().MatchString(s) {
		found = append(found, n.patternText())
	}
	return found
}

func (n *node) longer(s string) bool {
	return n.shape.HasMax && int64(len(s)) > n.shape.Max && int64(utf8.RuneCountInString(s)) > n.shape.Max
}

func (n *node) length(size int64) []string {
	switch {
	case n.shape.HasMin && size < n.shape.Min:
		return []string{n.bound("length greater", n.shape.Min)}
	case n.shape.HasMax && size > n.shape.Max:
		return []string{n.bound("length less", n.shape.Max)}
	}
	return nil
}

func (n *node) number(i int64) []string {
	switch {
	case n.shape.HasMin && i < n.shape.Min:
		return []string{n.bound("value greater", n.shape.Min)}
	case n.shape.HasMax && i > n.shape.Max:
		return []string{n.bound("value less", n.shape.Max)}
	}
	return nil
}

func (n *node) bound(what string, limit int64) string {
	return fmt.Sprintf("Member must have %s than or equal to %d", what, limit)
}

func (n *node) patternText() string {
	return "Member must satisfy regular expression pattern: " + n.shape.Pattern
}

func (n *node) enumText() string {
	return "Member must satisfy enum value set: [" + strings.Join(n.shape.Enum, ", ") + "]"
}

// constraints lists everything that a scalar must satisfy: what the live
// services show when an element of a list or map fails.
func (n *node) constraints() []string {
	var out []string
	if len(n.shape.Enum) > 0 {
		return append(out, n.enumText())
	}
	what := "length"
	if n.shape.Kind == models.Integer || n.shape.Kind == models.Long {
		what = "value"
	}
	if n.shape.HasMax {
		out = append(out, n.bound(what+" less", n.shape.Max))
	}
	if n.shape.HasMin {
		out = append(out, n.bound(what+" greater", n.shape.Min))
	}
	if n.pattern != nil {
		out = append(out, n.patternText())
	}
	return out
}

// shown renders a value for an error text.
func shown(v reflect.Value) string {
	switch v.Kind() {
	case reflect.String:
		return clipText(v.String())
	case reflect.Int32, reflect.Int64:
		return strconv.FormatInt(v.Int(), 10)
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return "java.nio.HeapByteBuffer"
		}
		if v.Type().Elem().Kind() != reflect.String {
			return "[" + strconv.Itoa(v.Len()) + " members]"
		}
		return clipText("[" + strings.Join(v.Convert(reflect.TypeFor[[]string]()).Interface().([]string), ", ") + "]")
	case reflect.Map:
		return "{" + strconv.Itoa(v.Len()) + " entries}"
	}
	return ""
}

// clipText cuts s after maxShown characters.
func clipText(s string) string { return clipRunes(s, maxShown) }

func clipRunes(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	n := 0
	for i := range s {
		if n == limit {
			return s[:i] + "…"
		}
		n++
	}
	return s
}
