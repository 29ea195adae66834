package samlidp

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/poolhouse/poolhouse/internal/expr"
)

// An Attribute says what an app is told of a user. It has a Value or an Expression.
type Attribute struct {
	Name         string
	NameFormat   string // a URN; empty for what fits the name
	FriendlyName string // for people who read the assertion; may be empty
	Value        string // an attribute of the user, "groups", or a constant in double quotes
	Expression   string // in CEL, over the variables of releaseLanguage
}

// The formats of attribute names (Core 8.2) that stand for themselves.
const (
	formatURI   = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
	formatBasic = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"
)

// format returns the format of the name. Left open it is uri for a URI, as profiles
// of SAML want it, and basic for a plain word.
func (a Attribute) format() string {
	switch {
	case a.NameFormat != "":
		return a.NameFormat
	case strings.HasPrefix(strings.ToLower(a.Name), "urn:") || strings.Contains(a.Name, "://"):
		return formatURI
	}
	return formatBasic
}

// constant returns the text of a constant value.
func (a Attribute) constant() (string, bool) {
	v := a.Value
	if len(v) >= 2 && strings.HasPrefix(v, `"`) && strings.HasSuffix(v, `"`) {
		return v[1 : len(v)-1], true
	}
	return "", false
}

// attributeSource bounds no length: a counted class of Unicode compiles to 10 MB.
var attributeSource = regexp.MustCompile(`^[\p{L}\p{M}\p{S}\p{N}\p{P}]+$`)

// maxSource is the longest name of a user's attribute, in characters.
const maxSource = 256

func (a Attribute) validate(fail func(string) error) error {
	if a.Name == "" || (a.Value == "") == (a.Expression == "") {
		return fail("An attribute needs a name, and a value or an expression.")
	}
	if a.Expression != "" {
		return compiles("attribute "+a.Name, a.Expression, fail)
	}
	_, constant := a.constant()
	if !constant && (utf8.RuneCountInString(a.Value) > maxSource || !attributeSource.MatchString(a.Value)) {
		return fail("The value of an attribute must be an attribute of the user, groups, or a constant in double quotes.")
	}
	return nil
}

// releaseLanguage is what expressions of applications are written in.
var releaseLanguage = expr.New(map[string]expr.Type{
	"user":      expr.TextByName,  // attributes, username and sub
	"groups":    expr.List,        // all of them, whatever the application's filter
	"app":       expr.TextByName,  // name, id and entityId
	"requested": expr.List,        // names of the attributes that the app's metadata asks for
	"entity":    expr.ListsByName, // entity attributes of the app's metadata
})

// compiles reports what is wrong with an expression, if anything, by its name.
func compiles(of, expression string, fail func(string) error) error {
	if _, err := releaseLanguage.Compile(expression); err != nil {
		return fail("The expression of " + of + " cannot be used: " + strings.TrimPrefix(err.Error(), expr.ErrCompile.Error()+": "))
	}
	return nil
}
