package samlsp

import (
	"errors"
	"fmt"
	"strings"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/userpool"
)

// arrival is what a Response says that met every rule.
func (want *expected) arrival(r *samlxml.Response) (*sp.Arrival, error) {
	claims, err := claimsOf(r.Assertion)
	if err != nil {
		return nil, err
	}
	want.withinScope(claims)
	subject, err := want.subject(r.Assertion, claims)
	if err != nil {
		return nil, err
	}
	session, err := sessionOf(r.Assertion)
	if err != nil {
		return nil, err
	}
	return &sp.Arrival{Subject: subject, Claims: claims, Inbound: inbound(claims), Methods: methodsOf(contextClass(r.Assertion)),
		At: r.Assertion.AuthnStatements[0].AuthnInstant, Ends: sessionEnd(r.Assertion), Session: session}, nil
}

// maxSubject bounds what tells people apart, in bytes.
const maxSubject = 512

// subject is what tells people apart: NameID, or the attribute that was chosen.
func (want *expected) subject(a *saml.Assertion, claims map[string][]string) (string, error) {
	if name := want.settings.SubjectAttribute; name != "" {
		if v := claims[name]; len(v) == 1 && fitsSubject(v[0]) {
			return v[0], nil
		}
		return "", fmt.Errorf("samlsp: %d values of %q, or one that names nobody", len(claims[name]), name)
	}
	n := a.Subject.NameID
	switch {
	case n == nil || !fitsSubject(n.Value):
		return "", errors.New("samlsp: no NameID that names anybody")
	case n.Format == string(saml.TransientNameIDFormat):
		return "", errors.New("samlsp: a transient NameID is another one each time; name a SubjectAttribute")
	}
	return n.Value, nil
}

// fitsSubject refuses a subject that is not plainly one: empty, too long, or with
// white space around it, which readers treat in different ways.
func fitsSubject(s string) bool {
	return s != "" && len(s) <= maxSubject && strings.TrimSpace(s) == s && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' })
}

// claimsOf collects attributes by name. FriendlyName counts for nothing (Core
// 2.7.3.1). An attribute that comes in pieces is put together; two of one name but
// different formats are different attributes, and nobody could tell them apart.
func claimsOf(a *saml.Assertion) (map[string][]string, error) {
	claims, formats := map[string][]string{}, map[string]string{}
	for _, statement := range a.AttributeStatements {
		for _, attr := range statement.Attributes {
			if f, seen := formats[attr.Name]; seen && f != attr.NameFormat {
				return nil, fmt.Errorf("samlsp: attribute %q in two formats", attr.Name)
			}
			formats[attr.Name] = attr.NameFormat
			for _, v := range attr.Values {
				claims[attr.Name] = append(claims[attr.Name], v.Value)
			}
		}
	}
	return claims, nil
}

// inbound is what the pool's function is told: text, or a list where there are several.
func inbound(claims map[string][]string) userpool.InboundSAML {
	all := make(map[string]any, len(claims))
	for name, values := range claims {
		if len(values) == 1 {
			all[name] = values[0]
			continue
		}
		all[name] = values
	}
	return userpool.InboundSAML{Attributes: all}
}

const (
	classes20      = "urn:oasis:names:tc:SAML:2.0:ac:classes:"
	classMFA       = "https://refeds.org/profile/mfa"
	classMicrosoft = "http://schemas.microsoft.com/claims/multipleauthn"
)

// methods says in the words of RFC 8176 how somebody signed in, where that is clear.
var methods = map[string][]string{
	classes20 + "Password":                   {"pwd"},
	classes20 + "PasswordProtectedTransport": {"pwd"},
	classes20 + "TimeSyncToken":              {"otp"},
	classes20 + "Kerberos":                   {"wia"},
	classes20 + "Smartcard":                  {"sc"},
	classes20 + "SmartcardPKI":               {"sc"},
	classes20 + "MobileTwoFactorContract":    {"mfa"},
	classMFA:                                 {"mfa"},
	classMicrosoft:                           {"mfa"},
}

func methodsOf(class string) []string { return methods[class] }
