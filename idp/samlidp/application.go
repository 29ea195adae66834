package samlidp

import (
	"crypto/rand"
	"encoding/hex"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/userpool"
)

// An ApplicationID names a SAML app: 26 characters of [a-z0-9].
type ApplicationID string

// An Application is a SAML service provider that users of a pool sign in to.
type Application struct {
	ID       ApplicationID
	Pool     userpool.PoolID
	Name     string
	EntityID string   // from the metadata; unique in the pool
	ACS      []string // where assertions may be sent, the default first; from the metadata

	MetadataXML string // as supplied or fetched
	MetadataURL string // where it came from, may be empty

	// NameIDFormat is persistent, transient, emailAddress, unspecified, or the
	// URN of another format, which then needs a NameIDAttribute.
	NameIDFormat    string
	NameIDAttribute string // of the user; empty for what fits the format
	Attributes      []Attribute

	SignResponse, SignAssertion bool // at least one
	EncryptAssertion            bool

	Settings Settings
	Fresh    Freshness

	Created, Modified time.Time
}

// The short names of NameID formats, as applications are configured with them.
const (
	Persistent   = "persistent"
	Transient    = "transient"
	EmailAddress = "emailAddress"
	Unspecified  = "unspecified"
	NoName       = "none" // the app is told attributes alone
)

// formatURNs are the formats of Core 8.3. Those that no rule makes a name for need
// an attribute or an expression that does.
var formatURNs = map[string]string{
	Persistent:                   string(saml.PersistentNameIDFormat),
	Transient:                    string(saml.TransientNameIDFormat),
	EmailAddress:                 string(saml.EmailAddressNameIDFormat),
	Unspecified:                  string(saml.UnspecifiedNameIDFormat),
	NoName:                       NoName,
	"X509SubjectName":            "urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName",
	"WindowsDomainQualifiedName": "urn:oasis:names:tc:SAML:1.1:nameid-format:WindowsDomainQualifiedName",
	"kerberos":                   "urn:oasis:names:tc:SAML:2.0:nameid-format:kerberos",
	"entity":                     "urn:oasis:names:tc:SAML:2.0:nameid-format:entity",
}

// madeByRule are the formats that need neither an attribute nor an expression.
var madeByRule = []string{Persistent, Transient, EmailAddress, Unspecified, NoName}

// formatURN returns the URN of a configured format.
func formatURN(format string) string {
	if urn, ok := formatURNs[format]; ok {
		return urn
	}
	return format
}

// shortFormat turns a URN back into the short name it has, if it has one.
func shortFormat(format string) string {
	for short, urn := range formatURNs {
		if urn == format {
			return short
		}
	}
	return format
}

// NewApplicationID returns a fresh random ID.
func NewApplicationID() ApplicationID {
	raw := make([]byte, 13)
	rand.Read(raw)
	return ApplicationID(hex.EncodeToString(raw))
}

// applyMetadata fills in what the metadata decides. It must be valid at the time
// of the change; later on, the administrator's word counts.
func (a *Application) applyMetadata(d *document) error {
	xml, err := a.selectMetadata(d)
	if err != nil {
		return err
	}
	sp, err := samlxml.ParseSPMetadata([]byte(xml))
	if err != nil {
		return userpool.Fail(userpool.ErrInvalidParameter, "The metadata is not that of a SAML 2.0 service provider.")
	}
	if err := current(sp, a.Modified, a.Settings.MetadataValidDays); err != nil {
		return err
	}
	acs := postEndpoints(sp)
	if len(acs) == 0 {
		return userpool.Fail(userpool.ErrInvalidParameter, "The metadata names no AssertionConsumerService with the HTTP-POST binding.")
	}
	a.MetadataXML, a.EntityID, a.ACS = xml, sp.Entity.EntityID, nil
	first := defaultEndpoint(acs)
	a.ACS = append(a.ACS, first.Location)
	for _, e := range acs {
		if !slices.Contains(a.ACS, e.Location) {
			a.ACS = append(a.ACS, e.Location)
		}
	}
	return nil
}

// selectMetadata returns the entity that is meant of a document, which has to be
// signed where the settings name a signer.
func (a *Application) selectMetadata(d *document) (string, error) {
	signer, err := a.Settings.signer()
	if err != nil {
		return "", errSigner
	}
	if d.chosen || signer == nil && a.Settings.MetadataEntityID == "" {
		return d.text, nil
	}
	one, err := samlxml.SelectSP([]byte(d.text), a.Settings.MetadataEntityID, signer)
	if err != nil {
		return "", notChosen(err)
	}
	return string(one), nil
}

// current refuses metadata that has run out and, where a number of days is given, what
// does not say when it will, or only later than that (SAML2Int SDP-MD03).
func current(sp *samlxml.SPMetadata, now time.Time, days int) error {
	end := sp.ValidUntil
	switch {
	case !end.IsZero() && !now.Before(end):
		return userpool.Fail(userpool.ErrInvalidParameter, "The metadata is no longer valid.")
	case days > 0 && (end.IsZero() || end.After(now.AddDate(0, 0, days))):
		return userpool.Fail(userpool.ErrInvalidParameter, "The metadata has no validUntil, or one later than MetadataValidDays allows.")
	}
	return nil
}

// validate checks the whole of an application, after its metadata was applied.
func (a *Application) validate() error {
	fail := func(text string) error { return userpool.Fail(userpool.ErrInvalidParameter, text) }
	switch {
	case a.Name == "" || len(a.Name) > 128 || !utf8.ValidString(a.Name):
		return fail("Name must have 1 to 128 characters.")
	case !a.SignResponse && !a.SignAssertion:
		return fail("At least one of SignResponse and SignAssertion must be true.")
	case !strings.Contains(a.NameIDFormat, ":") && formatURNs[a.NameIDFormat] == "":
		return fail("NameIdFormat must be persistent, transient, emailAddress, unspecified, X509SubjectName, WindowsDomainQualifiedName, kerberos, entity, none or a URN.")
	case !slices.Contains(madeByRule, a.NameIDFormat) && a.NameIDAttribute == "" && a.Settings.NameIDExpression == "":
		return fail("NameIdFormat needs a NameIdAttribute or a NameIdExpression.")
	case a.NameIDAttribute != "" && a.Settings.NameIDExpression != "":
		return fail("NameIdAttribute and NameIdExpression cannot be given together.")
	case len(a.Attributes) > 100:
		return fail("An application can have 100 attributes at most.")
	}
	return a.validateMore(fail)
}

func (a *Application) validateMore(fail func(string) error) error {
	seen := map[Attribute]bool{}
	for _, at := range a.Attributes {
		if err := at.validate(fail); err != nil {
			return err
		}
		if seen[at] {
			return fail("An attribute is listed twice.")
		}
		seen[at] = true
	}
	sp, err := samlxml.ParseSPMetadata([]byte(a.MetadataXML))
	if err != nil {
		return err
	}
	if a.Settings.RequireSignedRequests && len(sp.Signing) == 0 {
		return fail("RequireSignedRequests needs a signing key in the metadata.")
	}
	if a.EncryptAssertion && encryptionFor(a, sp) == nil {
		return fail("EncryptAssertion needs an RSA encryption key of 2048 bits or more in the metadata, for AES-GCM or with an EncryptionAlgorithm set.")
	}
	return a.Settings.validate(fail)
}
