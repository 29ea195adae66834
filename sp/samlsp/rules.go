package samlsp

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/userpool"
)

// An expected is what a Response is held against.
type expected struct {
	now       time.Time
	skew      time.Duration
	issuer    string          // the provider's name
	audience  string          // ours
	acs       []string        // where it may be posted
	request   *memo           // nil where nobody asked
	encrypted bool            // the assertion has to be
	scopes    []samlxml.Scope // that the provider speaks for
	settings  *userpool.SAMLSettings
}

// rules are what a Response has to meet after its signature was verified (Profiles
// 4.1.4.3), beside what samlxml.Policy judges already: one assertion, with a Subject,
// Conditions that are all understood and hold now, and an AuthnStatement.
var rules = []func(*expected, *samlxml.Response) error{
	ruleIssuer, ruleDestination, ruleInResponseTo, ruleEncrypted, ruleAge, ruleAudience, ruleConfirmation,
	ruleSession, ruleContext, ruleFresh, ruleName,
}

var errUnasked = errors.New("samlsp: nobody asked for this sign-in, and the provider may not begin one")

// ruleIssuer: who signed is who speaks. The assertion's issuer is the same, or
// samlxml had refused it.
func ruleIssuer(want *expected, r *samlxml.Response) error {
	if r.Issuer != want.issuer {
		return fmt.Errorf("samlsp: issued by %q, not by %q", r.Issuer, want.issuer)
	}
	return nil
}

// ruleDestination: a Response that was signed says where it is to go (Bindings 3.5.5.2).
func ruleDestination(want *expected, r *samlxml.Response) error {
	if r.Destination == "" && !r.ResponseSigned {
		return nil
	}
	if !slices.Contains(want.acs, r.Destination) {
		return fmt.Errorf("samlsp: destined for %q", r.Destination)
	}
	return nil
}

// ruleInResponseTo: the answer is to the request of this browser, or to none.
func ruleInResponseTo(want *expected, r *samlxml.Response) error {
	if r.InResponseTo != want.requestID() {
		return fmt.Errorf("samlsp: in response to %q, not to %q", r.InResponseTo, want.requestID())
	}
	return nil
}

func (want *expected) requestID() string {
	if want.request == nil {
		return ""
	}
	return want.request.ID
}

// ruleEncrypted: where the administrator wants secrecy, a clear assertion is a mistake
// that somebody is to hear of.
func ruleEncrypted(want *expected, r *samlxml.Response) error {
	if want.encrypted && !r.Encrypted {
		return errors.New("samlsp: the assertion is not encrypted")
	}
	return nil
}

// maxAge is how old an assertion can be, whatever it says itself: used ones have to
// be remembered for as long.
const maxAge = time.Hour

// ruleAge: an assertion is made for the sign-in at hand.
func ruleAge(want *expected, r *samlxml.Response) error {
	if age := want.now.Sub(r.Assertion.IssueInstant); age > maxAge+want.skew {
		return fmt.Errorf("samlsp: issued %s ago", age)
	}
	return nil
}

// ruleAudience: every restriction names us, and there is one (Core 2.5.1.4).
func ruleAudience(want *expected, r *samlxml.Response) error {
	if len(r.Audiences) == 0 {
		return errors.New("samlsp: no audience")
	}
	for _, list := range r.Audiences {
		if !slices.Contains(list, want.audience) {
			return fmt.Errorf("samlsp: meant for %q", list)
		}
	}
	return nil
}

// ruleConfirmation: one bearer confirmation holds in full (Profiles 4.1.4.3). Parts of
// several do not add up to one.
func ruleConfirmation(want *expected, r *samlxml.Response) error {
	err := errors.New("samlsp: no bearer confirmation")
	for _, c := range r.Assertion.Subject.SubjectConfirmations {
		if c.Method != samlxml.Bearer {
			continue
		}
		if err = want.bearer(c.SubjectConfirmationData); err == nil {
			return nil
		}
	}
	return err
}

func (want *expected) bearer(d *saml.SubjectConfirmationData) error {
	switch {
	case !slices.Contains(want.acs, d.Recipient):
		return fmt.Errorf("samlsp: confirmed for %q", d.Recipient)
	case d.NotOnOrAfter.IsZero() || !want.now.Before(d.NotOnOrAfter.Add(want.skew)):
		return errors.New("samlsp: the confirmation has no end, or is over")
	case !d.NotBefore.IsZero():
		return errors.New("samlsp: a bearer confirmation must not begin later")
	case d.InResponseTo != want.requestID():
		return fmt.Errorf("samlsp: confirmed for request %q, not %q", d.InResponseTo, want.requestID())
	}
	return nil
}

// ruleSession: the session at the provider is not over.
func ruleSession(want *expected, r *samlxml.Response) error {
	if end := sessionEnd(r.Assertion); !end.IsZero() && !want.now.Before(end) {
		return fmt.Errorf("samlsp: the session ended at %s", end)
	}
	return nil
}

// sessionEnd is the earliest SessionNotOnOrAfter, zero where there is none.
func sessionEnd(a *saml.Assertion) (end time.Time) {
	for _, s := range a.AuthnStatements {
		if t := s.SessionNotOnOrAfter; t != nil && (end.IsZero() || t.Before(end)) {
			end = *t
		}
	}
	return end
}

// ruleContext: the user signed in in one of the ways that were asked for (Core
// 3.3.2.2.1), also where nobody asked.
func ruleContext(want *expected, r *samlxml.Response) error {
	if len(want.settings.Contexts) == 0 {
		return nil
	}
	class := contextClass(r.Assertion)
	if !slices.Contains(want.settings.Contexts, class) {
		return fmt.Errorf("samlsp: signed in by %q", class)
	}
	return nil
}

func contextClass(a *saml.Assertion) string {
	if ref := a.AuthnStatements[0].AuthnContext.AuthnContextClassRef; ref != nil {
		return ref.Value
	}
	return ""
}

// ruleFresh: a sign-in that had to be new is not older than the request for it.
func ruleFresh(want *expected, r *samlxml.Response) error {
	if want.request == nil || !want.request.Fresh {
		return nil
	}
	if at := r.Assertion.AuthnStatements[0].AuthnInstant; at.Before(want.request.At.Add(-want.skew)) {
		return fmt.Errorf("samlsp: signed in at %s already", at)
	}
	return nil
}

// ruleName: a persistent name is the provider's own and made for us. One from
// another namespace may be the name of somebody else (Core 8.3.7).
func ruleName(want *expected, r *samlxml.Response) error {
	n := r.Assertion.Subject.NameID
	if n == nil || n.Format != string(saml.PersistentNameIDFormat) || want.settings.SubjectAttribute != "" {
		return nil
	}
	if n.NameQualifier != "" && n.NameQualifier != want.issuer || n.SPNameQualifier != "" && n.SPNameQualifier != want.audience {
		return fmt.Errorf("samlsp: a name of %q for %q", n.NameQualifier, n.SPNameQualifier)
	}
	return nil
}
