package sts

import (
	"context"
	"crypto/sha1"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"time"
)

// Errors of a SAMLVerifier.
var (
	ErrAssertionSignature = errors.New("sts: assertion signature invalid")
	ErrAssertionMalformed = errors.New("sts: assertion malformed")
)

// A SAMLVerifier reads SAML documents for this package.
type SAMLVerifier interface {
	// Metadata returns entity ID and signing certificates of an identity provider.
	Metadata(raw []byte) (*SAMLMetadata, error)
	// Assertion returns the content of the one assertion in a Response that one of
	// the certificates signed. Whom it is for is not judged.
	// It returns ErrAssertionSignature, ErrAssertionMalformed or ErrTokenExpired.
	Assertion(raw []byte, certs []*x509.Certificate, now time.Time) (*Assertion, error)
}

// SAMLMetadata is what counts of a provider's metadata.
type SAMLMetadata struct {
	EntityID     string
	Certificates []*x509.Certificate
	ValidUntil   time.Time // zero where it does not say
}

// An Assertion is a verified assertion. Absent times are zero.
type Assertion struct {
	ID, Issuer              string
	Subject, SubjectFormat  string // NameID; empty where there is none
	Confirmations           []Confirmation
	Audiences               [][]string // by restriction
	NotBefore, NotOnOrAfter time.Time
	Authenticated           bool // it has an AuthnStatement
	SessionNotOnOrAfter     time.Time
	Attributes              []Attribute
}

// A Confirmation is one SubjectConfirmation.
type Confirmation struct {
	Method, Recipient       string
	NotBefore, NotOnOrAfter time.Time
}

// An Attribute is one attribute with its values.
type Attribute struct {
	Name   string
	Values []string
}

// A SAMLRequest asks for a role on the strength of an assertion.
type SAMLRequest struct {
	SessionSpec
	RoleARN     string
	ProviderARN string
	Response    string // base64 of a SAML Response
}

// A SAMLResult is the session and what the assertion said.
type SAMLResult struct {
	AssumedRole
	Subject, SubjectType, Issuer, Audience, NameQualifier string
}

const (
	samlRefusal      = "Not authorized to perform sts:AssumeRoleWithSAML"
	assertionExpired = "The SAML assertion is expired"
)

// AssumeRoleWithSAML exchanges an assertion for a session. An assertion works once.
func (s *Service) AssumeRoleWithSAML(ctx context.Context, in SAMLRequest) (*SAMLResult, error) {
	role, err := s.federatedRole(ctx, in.RoleARN)
	if err != nil {
		return nil, err
	}
	provider, err := s.samlProvider(ctx, in.ProviderARN)
	if err != nil {
		return nil, err
	}
	assertion, err := s.readAssertion(ctx, provider, in.Response)
	if err != nil {
		return nil, err
	}
	claims, err := s.samlClaims(assertion, provider)
	if err != nil {
		return nil, err
	}
	a := &assumption{role: role, session: claims.sessionName, tags: claims.tags, transitive: claims.transitive,
		sourceIdentity: claims.sourceIdentity, provider: provider.ARN(), keep: claims.lasting(), shorten: claims.life, spec: in.SessionSpec}
	if !claims.offers(role.ARN(), provider.ARN()) || assertion.Subject == "" {
		return nil, fail(ErrAccessDenied, samlRefusal)
	}
	if err := s.admit(&federation{"sts:AssumeRoleWithSAML", provider.ARN(), claims.keys, samlRefusal}, a); err != nil {
		return nil, err
	}
	if err := s.useOnce(ctx, assertion); err != nil {
		return nil, err
	}
	out, err := s.begin(ctx, a, false, claims.tags, claims.transitive)
	if err != nil {
		return nil, samlDuration(err)
	}
	out.Beginning.AssertionID = assertion.ID
	return &SAMLResult{*out, assertion.Subject, claims.subjectType, assertion.Issuer, claims.recipient, claims.nameQualifier}, nil
}

// samlDuration gives the operation's own wording to a duration that is too long.
func samlDuration(err error) error {
	var f *Fault
	if errors.As(err, &f) && strings.Contains(f.Text, "the MaxSessionDuration") {
		return fail(ErrValidation, "Requested DurationSeconds exceeds MaxSessionDuration set for this role.")
	}
	return err
}

func (s *Service) samlProvider(ctx context.Context, arn string) (*SAMLProvider, error) {
	unknown := fail(ErrInvalidToken, "Specified provider doesn't exist")
	account, resource, ok := cutARN(arn, "iam")
	name, isProvider := strings.CutPrefix(resource, "saml-provider/")
	if !ok || !isProvider || account != s.Account {
		return nil, unknown
	}
	p, err := s.Store.SAMLProviders().Get(ctx, account, name)
	if errors.Is(err, ErrNotFound) || err == nil && p.Name != name {
		return nil, unknown
	}
	return p, err
}

// readAssertion decodes, verifies and judges issuer and times.
func (s *Service) readAssertion(ctx context.Context, p *SAMLProvider, response string) (*Assertion, error) {
	raw, err := base64.StdEncoding.DecodeString(strings.Map(dropSpace, response))
	if err != nil {
		return nil, &Fault{Kind: ErrInvalidToken, Text: "Could not parse the SAML response", Cause: err}
	}
	certs := make([]*x509.Certificate, 0, len(p.Certificates))
	for _, der := range p.Certificates {
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		certs = append(certs, cert)
	}
	a, err := s.SAML.Assertion(raw, certs, s.Now())
	switch {
	case errors.Is(err, ErrAssertionSignature):
		return nil, &Fault{Kind: ErrInvalidToken, Text: "Response signature invalid", Cause: err}
	case errors.Is(err, ErrAssertionMalformed):
		return nil, &Fault{Kind: ErrInvalidToken, Text: "Could not parse the SAML response", Cause: err}
	case errors.Is(err, ErrTokenExpired):
		return nil, &Fault{Kind: ErrTokenExpired, Text: assertionExpired, Cause: err}
	case err != nil:
		return nil, err
	}
	if a.Issuer != p.EntityID {
		s.Log.InfoContext(ctx, "assertion of another issuer", "issuer", a.Issuer, "provider", p.Name)
		return nil, fail(ErrInvalidToken, "Issuer not present in specified provider")
	}
	return a, nil
}

func dropSpace(r rune) rune {
	if r == ' ' || r == '\n' || r == '\r' || r == '\t' {
		return -1
	}
	return r
}

// useOnce claims the assertion's ID until the assertion is dead anyway.
func (s *Service) useOnce(ctx context.Context, a *Assertion) error {
	key := s.Account + "\n" + a.Issuer + "\n" + a.ID
	first, err := s.Ephemeral.Claim(ctx, "sts-saml-assertion", key, s.deadline(a))
	if err != nil {
		return err
	}
	if !first {
		return fail(ErrInvalidToken, "The SAML assertion was used before")
	}
	return nil
}

// nameQualifier is AWS's hash of who vouches for a subject.
func nameQualifier(issuer, account, provider string) string {
	sum := sha1.Sum([]byte(issuer + account + "/" + provider))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// recipients are the addresses that an assertion for AWS may name.
func (s *Service) recipients() []string {
	return []string{"https://signin.aws.amazon.com/saml", "https://" + s.Region + ".signin.aws.amazon.com/saml", s.PublicURL + "/saml"}
}

// audiences are the names of us that an assertion may be restricted to.
func (s *Service) audiences() []string { return append(s.recipients(), "urn:amazon:webservices") }

// containsAny reports whether a and b share an element.
func containsAny(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}
