package sts

import (
	"context"
	"crypto/rsa"
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
	ErrSignInRefused      = errors.New("sts: the identity provider did not sign anybody in")
)

// A SAMLVerifier reads SAML documents for this package.
type SAMLVerifier interface {
	// Metadata returns entity ID and signing certificates of an identity provider.
	Metadata(raw []byte) (*SAMLMetadata, error)
	// Assertion returns the content of the one assertion in a Response that one of
	// the certificates signed, in clear or encrypted to one of the keys. Whom it is
	// for is not judged. It returns ErrAssertionSignature, ErrAssertionMalformed,
	// ErrTokenExpired, or ErrSignInRefused for a signed Response that says so.
	Assertion(raw []byte, certs []*x509.Certificate, keys []*rsa.PrivateKey, now time.Time) (*Assertion, error)
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
	Encrypted               bool
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
		sourceIdentity: claims.sourceIdentity, provider: provider.ARN(), keep: claims.lasting(), subject: claims.nameQualifier + subjectMark + assertion.Subject, shorten: claims.life, spec: in.SessionSpec}
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
	if !p.ValidUntil.IsZero() && !s.Now().Before(p.ValidUntil) {
		s.Log.WarnContext(ctx, "the metadata of a SAML provider is out of date", "provider", p.Name, "until", p.ValidUntil)
		return nil, fail(ErrInvalidToken, "Response signature invalid")
	}
	a, err := s.openAssertion(ctx, p, raw)
	switch {
	case errors.Is(err, ErrSignInRefused):
		return nil, &Fault{Kind: ErrIDPRejected, Text: idpRejected, Cause: err}
	case errors.Is(err, ErrAssertionSignature):
		return nil, &Fault{Kind: ErrInvalidToken, Text: "Response signature invalid", Cause: err}
	case errors.Is(err, ErrAssertionMalformed):
		return nil, &Fault{Kind: ErrInvalidToken, Text: "Could not parse the SAML response", Cause: err}
	case errors.Is(err, ErrTokenExpired):
		return nil, &Fault{Kind: ErrTokenExpired, Text: assertionExpired, Cause: err}
	case err != nil:
		return nil, err
	}
	if p.Encryption == EncryptionRequired && !a.Encrypted {
		return nil, fail(ErrInvalidToken, "The SAML assertion must be encrypted")
	}
	if a.Issuer != p.EntityID {
		s.Log.InfoContext(ctx, "assertion of another issuer", "issuer", a.Issuer, "provider", p.Name)
		return nil, fail(ErrInvalidToken, "Issuer not present in specified provider")
	}
	return a, nil
}

// openAssertion asks the verifier, with all that is known of the provider.
func (s *Service) openAssertion(ctx context.Context, p *SAMLProvider, raw []byte) (*Assertion, error) {
	certs := make([]*x509.Certificate, 0, len(p.Certificates))
	for _, der := range p.Certificates {
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		certs = append(certs, cert)
	}
	keys, err := s.SAMLPrivateKeys(ctx, p)
	if err != nil {
		return nil, err
	}
	return s.SAML.Assertion(raw, certs, keys, s.Now())
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

// recipients are the addresses that an assertion for AWS may name: one for all
// providers, and one of the provider's own, which AWS uses for encrypted ones.
func (s *Service) recipients(p *SAMLProvider) (out []string) {
	for _, base := range []string{"https://signin.aws.amazon.com", "https://" + s.Region + ".signin.aws.amazon.com", s.PublicURL} {
		out = append(out, base+"/saml")
		if p.ID != "" {
			out = append(out, base+"/saml/acs/"+p.ID)
		}
	}
	return out
}

// audiences are the names of us that an assertion may be restricted to.
func (s *Service) audiences(p *SAMLProvider) []string {
	return append(s.recipients(p), "urn:amazon:webservices")
}

// containsAny reports whether a and b share an element.
func containsAny(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}
