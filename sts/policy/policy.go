// Package policy is the IAM policy language: it parses a policy document,
// compiles it once and evaluates it many times. It knows nothing of roles,
// sessions or storage.
//
// A document is refused as soon as a part of it is not understood, an unknown
// condition operator included: a statement that were skipped could be the one
// that denies.
package policy

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A Kind is what a document is used for; it decides which elements it may have.
type Kind int

// The kinds of policy.
const (
	Identity Kind = iota // of a role or a user: Resource, no Principal
	Trust                // of a role: Principal and sts actions, no Resource
	Session              // passed to an AssumeRole call: as Identity, but shorter
	Resource             // of a resource: Principal and Resource
)

// Sizes of a document in characters.
const (
	MaxSize        = 10240
	MaxSessionSize = 2048
)

// Versions of the policy language. Variables exist only in the newer one.
const (
	version2008 = "2008-10-17"
	version2012 = "2012-10-17"
)

// ErrMalformed is the kind of every error that Parse returns.
var ErrMalformed = errors.New("policy: malformed document")

// A MalformedError says what is wrong with a document, in a text for its author.
type MalformedError struct{ Text string }

func (e *MalformedError) Error() string { return "policy: " + e.Text }

// Unwrap returns ErrMalformed.
func (e *MalformedError) Unwrap() error { return ErrMalformed }

// PublicText returns the text for the author of the document.
func (e *MalformedError) PublicText() string { return e.Text }

func malformed(text string) error { return &MalformedError{text} }

// A Policy is a compiled document. It is immutable and safe for concurrent use.
type Policy struct {
	ID         string
	Version    string
	statements []statement
}

// A statement applies to a request that fits its principals, actions, resources
// and conditions; a nil list stands for an element that the document leaves out.
type statement struct {
	sid           string
	deny          bool
	principals    *principals
	notPrincipals *principals
	actions       []glob
	notActions    []glob
	resources     []glob
	notResources  []glob
	conditions    []condition
}

// Parse compiles a document of the given kind. Its errors are *MalformedError.
func Parse(kind Kind, text string) (*Policy, error) {
	if err := checkText(kind, text); err != nil {
		return nil, err
	}
	doc, err := parseJSON(text)
	if err != nil {
		return nil, malformed("Syntax errors in policy.")
	}
	p := parser{kind: kind}
	return p.document(doc)
}

// checkText refuses what IAM's own character set and size refuse.
func checkText(kind Kind, text string) error {
	limit := MaxSize
	if kind == Session {
		limit = MaxSessionSize
	}
	if n := utf8.RuneCountInString(text); n > limit {
		return malformed("The policy is longer than the limit of " + strconv.Itoa(limit) + " characters.")
	}
	bad := func(r rune) bool {
		return r > 0xff || r < 0x20 && r != '\t' && r != '\n' && r != '\r'
	}
	if strings.IndexFunc(text, bad) >= 0 {
		return malformed("Syntax errors in policy.")
	}
	return nil
}
