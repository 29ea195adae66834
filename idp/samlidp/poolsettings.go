package samlidp

import (
	"context"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/userpool"
)

// PoolSettings are what a pool's metadata tells of its identity provider beyond keys
// and addresses. The zero value is that of a pool that nobody set up.
type PoolSettings struct {
	Pool         userpool.PoolID
	Scopes       []string // domains behind the @ of scoped attributes; the first is that of subject identifiers
	Display      samlxml.Display
	Organization samlxml.Organization
	Contacts     []samlxml.Contact
	ErrorURL     string // where an app sends people that it cannot let in

	// EnhancedClients lets programs other than browsers sign people in, by a password
	// that they send with the app's request (see Handler.ecp).
	EnhancedClients bool

	Modified time.Time
}

// scopeSyntax is that of a domain name, as scopes are (SAML V2.0 Subject Identifier
// Attributes, 3.3.1): 127 characters at most.
var scopeSyntax = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]{0,125}[a-z0-9])?$`)

var contactKinds = []string{"technical", "support", "administrative", "billing", "other"}

func (p *PoolSettings) validate() error {
	fail := func(text string) error { return userpool.Fail(userpool.ErrInvalidParameter, text) }
	for _, scope := range p.Scopes {
		if !scopeSyntax.MatchString(scope) {
			return fail("A scope must be a domain name in lower case.")
		}
	}
	for _, address := range []string{p.ErrorURL, p.Display.Logo, p.Display.Information, p.Display.Privacy, p.Organization.URL} {
		if u, err := url.Parse(address); err != nil || address != "" && (u.Host == "" || u.Scheme != "https" && u.Scheme != "http") {
			return fail("An address must be an absolute http or https URL.")
		}
	}
	d, o := p.Display, p.Organization
	switch {
	case d.Name == "" && d != samlxml.Display{}:
		return fail("Display needs a Name.")
	case d.Logo != "" && (d.LogoWidth <= 0 || d.LogoHeight <= 0):
		return fail("A logo needs its width and height in pixels.")
	case (o.Name == "" || o.DisplayName == "" || o.URL == "") && o != samlxml.Organization{}:
		return fail("Organization needs Name, DisplayName and Url.")
	}
	return p.validateContacts(fail)
}

func (p *PoolSettings) validateContacts(fail func(string) error) error {
	for _, c := range p.Contacts {
		if !slices.Contains(contactKinds, c.Kind) {
			return fail("The type of a contact must be technical, support, administrative, billing or other.")
		}
		address := strings.TrimPrefix(c.Email, "mailto:")
		if a, err := mail.ParseAddress(address); err != nil || a.Address != address {
			return fail("A contact needs an e-mail address.")
		}
	}
	return nil
}

// SetPool gives a pool settings in place of all that it has.
func (s *Service) SetPool(ctx context.Context, p *PoolSettings) error {
	for i, c := range p.Contacts { // the schema wants a URI
		p.Contacts[i].Email = "mailto:" + strings.TrimPrefix(c.Email, "mailto:")
	}
	if err := p.validate(); err != nil {
		return err
	}
	p.Modified = s.Now().UTC().Truncate(time.Microsecond)
	return s.Store.PutPoolSettings(ctx, p)
}
