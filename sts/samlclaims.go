package sts

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// clockSkew is how far an identity provider's clock may be ahead of ours. An
// expiry is taken at its word: assertions live minutes, so a clock that is
// behind by less still works.
const clockSkew = 3 * time.Minute

const (
	samlAttribute = "https://aws.amazon.com/SAML/Attributes/"
	bearerMethod  = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
	nameIDFormats = "urn:oasis:names:tc:SAML:2.0:nameid-format:"
)

// samlClaims is what an assertion says in AWS's terms.
type samlClaims struct {
	recipient, subjectType, nameQualifier string
	roles                                 [][2]string // role ARN, provider ARN
	sessionName, sourceIdentity           string
	tags                                  []Tag
	transitive                            []string
	life                                  time.Duration // upper bound; 0 for none
	keys                                  map[string][]string
}

// samlClaims judges times, recipient and audience and reads the attributes.
func (s *Service) samlClaims(a *Assertion, p *SAMLProvider) (*samlClaims, error) {
	if err := s.checkTimes(a); err != nil {
		return nil, err
	}
	c := &samlClaims{}
	if len(a.Confirmations) == 1 {
		c.recipient = a.Confirmations[0].Recipient
	}
	if !slices.Contains(s.recipients(p), c.recipient) {
		return nil, fail(ErrInvalidToken, "Response does not contain the required audience")
	}
	if len(a.Audiences) == 0 {
		return nil, fail(ErrInvalidToken, "Response does not contain the required audience")
	}
	for _, restriction := range a.Audiences {
		if !containsAny(restriction, s.audiences(p)) {
			return nil, fail(ErrInvalidToken, "Response does not contain the required audience")
		}
	}
	if err := c.readAttributes(a); err != nil {
		return nil, err
	}
	if !a.SessionNotOnOrAfter.IsZero() {
		c.shorten(a.SessionNotOnOrAfter.Sub(s.Now()))
	}
	c.nameQualifier = nameQualifier(a.Issuer, p.Account, p.Name)
	c.subjectType = strings.TrimPrefix(a.SubjectFormat, nameIDFormats)
	c.keys = c.conditionKeys(a, p)
	return c, nil
}

// deadline is when the assertion stops working, the earlier of its two limits.
func (s *Service) deadline(a *Assertion) time.Time {
	end := a.Confirmations[0].NotOnOrAfter
	if !a.NotOnOrAfter.IsZero() && a.NotOnOrAfter.Before(end) {
		end = a.NotOnOrAfter
	}
	return end
}

// checkTimes wants exactly one bearer confirmation with an expiry, an
// authentication statement, and all times to hold.
func (s *Service) checkTimes(a *Assertion) error {
	if len(a.Confirmations) != 1 || a.Confirmations[0].Method != bearerMethod || a.Confirmations[0].NotOnOrAfter.IsZero() {
		return fail(ErrInvalidToken, "The assertion must have one bearer SubjectConfirmation with NotOnOrAfter and Recipient")
	}
	if !a.Authenticated {
		return fail(ErrInvalidToken, "AuthnStatement is required in AuthnResponse")
	}
	now := s.Now()
	ended := func(t time.Time) bool { return !t.IsZero() && !now.Before(t) }
	if ended(s.deadline(a)) || ended(a.SessionNotOnOrAfter) {
		return fail(ErrTokenExpired, assertionExpired)
	}
	ahead := now.Add(clockSkew)
	if ahead.Before(a.NotBefore) || ahead.Before(a.Confirmations[0].NotBefore) {
		return fail(ErrInvalidToken, "The SAML assertion is not valid yet")
	}
	return nil
}

func (c *samlClaims) shorten(life time.Duration) {
	if c.life == 0 || life < c.life {
		c.life = life
	}
}

// readAttributes reads the attributes that AWS defines.
func (c *samlClaims) readAttributes(a *Assertion) error {
	seen := map[string]bool{}
	for _, attr := range a.Attributes {
		name, ours := strings.CutPrefix(attr.Name, samlAttribute)
		if !ours {
			continue
		}
		if seen[name] && name != "Role" && name != "TransitiveTagKeys" {
			return fail(ErrInvalidToken, name+" must have exactly one value in AuthnResponse")
		}
		seen[name] = true
		var err error
		switch key, isTag := strings.CutPrefix(name, "PrincipalTag:"); {
		case isTag:
			err = c.addTag(key, attr.Values)
		case name == "Role":
			c.addRoles(attr.Values)
		case name == "RoleSessionName":
			c.sessionName, err = oneValue(name, attr.Values)
		case name == "SessionDuration":
			err = c.readDuration(attr.Values)
		case name == "SourceIdentity":
			c.sourceIdentity, err = oneValue(name, attr.Values)
		case name == "TransitiveTagKeys":
			c.transitive = append(c.transitive, attr.Values...)
		}
		if err != nil {
			return err
		}
	}
	return c.check()
}

func (c *samlClaims) check() error {
	switch {
	case c.sessionName == "":
		return fail(ErrInvalidToken, "RoleSessionName is required in AuthnResponse")
	case !validSessionName(c.sessionName):
		return fail(ErrInvalidToken, "RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}")
	case c.sourceIdentity != "" && !validSourceIdentity(c.sourceIdentity):
		return fail(ErrInvalidToken, badSourceIdentity)
	}
	return nil
}

// oneValue refuses an attribute with several values: which would count?
func oneValue(name string, values []string) (string, error) {
	if len(values) != 1 {
		return "", fail(ErrInvalidToken, name+" must have exactly one value in AuthnResponse")
	}
	return values[0], nil
}

func (c *samlClaims) addTag(key string, values []string) error {
	v, err := oneValue("PrincipalTag:"+key, values)
	c.tags = append(c.tags, Tag{key, v})
	return err
}

// addRoles reads "role,provider" in either order.
func (c *samlClaims) addRoles(values []string) {
	for _, v := range values {
		first, second, _ := strings.Cut(v, ",")
		first, second = strings.TrimSpace(first), strings.TrimSpace(second)
		if strings.Contains(first, ":saml-provider/") {
			first, second = second, first
		}
		c.roles = append(c.roles, [2]string{first, second})
	}
}

func (c *samlClaims) offers(role, provider string) bool {
	return slices.Contains(c.roles, [2]string{role, provider})
}

// readDuration reads seconds, which only ever shorten a session.
func (c *samlClaims) readDuration(values []string) error {
	v, err := oneValue("SessionDuration", values)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(strings.TrimSpace(v))
	life := time.Duration(n) * time.Second
	if err != nil || life < minSession || life > maxSession {
		return fail(ErrInvalidToken, "SessionDuration in AuthnResponse must be between 900 and 43200")
	}
	c.shorten(life)
	return nil
}

// conditionKeys are the saml: keys of the trust policy.
func (c *samlClaims) conditionKeys(a *Assertion, p *SAMLProvider) map[string][]string {
	keys := map[string][]string{
		"saml:aud":           {c.recipient},
		"saml:doc":           {p.Account + "/" + p.Name},
		"saml:iss":           {a.Issuer},
		"saml:sub":           {a.Subject},
		"saml:sub_type":      {c.subjectType},
		"saml:namequalifier": {c.nameQualifier},
	}
	from := map[string]string{} // key to attribute: of several with one key the first counts
	for _, attr := range a.Attributes {
		key, ok := samlKeys[attr.Name]
		if !ok || len(attr.Values) == 0 || from[key] != "" && from[key] != attr.Name {
			continue
		}
		from[key] = attr.Name
		keys[key] = append(keys[key], attr.Values...) // an attribute that comes twice has all of its values
	}
	return keys
}

// lasting are the keys that the session keeps; AWS drops all others.
func (c *samlClaims) lasting() map[string][]string {
	keep := map[string][]string{}
	for _, k := range []string{"saml:namequalifier", "saml:sub", "saml:sub_type"} {
		keep[k] = c.keys[k]
	}
	return keep
}
