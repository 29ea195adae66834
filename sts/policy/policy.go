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
	Managed              // with an ARN of its own: as Identity, of the newer version
)

// Sizes of a document.
const (
	MaxSize        = 10240  // characters as Size counts them
	MaxSessionSize = 2048   // characters
	maxText        = 131072 // characters
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

// A Policy is a compiled document. It is immutable and safe for concurrent use.
type Policy struct {
	ID         string
	Version    string
	statements []statement
	text       string // as it was parsed; for explanations
}

// A statement applies to a request that fits its principals, actions, resources
// and conditions; a nil list stands for an element that the document leaves out.
type statement struct {
	sid           string
	start, end    int // offsets in the text, behind its first and its last brace
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
	p := parser{kind: kind}
	p.checkText(text)
	if p.fault == "" {
		doc, err := parseJSON(text)
		if err != nil {
			p.refuse(reading, p.badJSON())
		} else if out := p.document(doc); p.fault == "" {
			out.text = text
			return out, nil
		}
	}
	return nil, &MalformedError{p.fault}
}

// checkText refuses what IAM's own character set and size refuse.
func (p *parser) checkText(text string) {
	n, limit := Size(text), MaxSize
	if p.kind == Session {
		n, limit = utf8.RuneCountInString(text), MaxSessionSize
	}
	if n > limit || len(text) > maxText {
		p.refuse(reading, "The policy is longer than the limit of "+strconv.Itoa(limit)+" characters.")
		return
	}
	bad := func(r rune) bool {
		return r > 0xff || r < 0x20 && r != '\t' && r != '\n' && r != '\r'
	}
	if strings.IndexFunc(text, bad) >= 0 {
		p.syntax()
	}
}

// Size returns how many characters of a document count towards IAM's quotas: white
// space does not.
func Size(text string) (n int) {
	for _, r := range text {
		if r != ' ' && r != '\t' && r != '\n' && r != '\r' {
			n++
		}
	}
	return n
}
