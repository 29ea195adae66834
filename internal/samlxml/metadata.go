package samlxml

import (
	"crypto/x509"
	"encoding/xml"
	"fmt"
	"net/url"
	"time"

	"github.com/beevik/etree"
	"github.com/crewjam/saml"
)

// IDPMetadata is what others rely on of an identity provider.
type IDPMetadata struct {
	EntityID     string
	Certificates []*x509.Certificate // signing keys, "use" absent included
	SSO          []Endpoint
	SLO          []Endpoint

	WantAuthnRequestsSigned bool
	Scopes                  []Scope       // that its scoped attributes may have (shibmd:Scope)
	ValidUntil              time.Time     // zero where absent
	CacheFor                time.Duration // the shortest cacheDuration; zero where absent
	Entities                int           // how many identity providers the document describes; this is the first
}

// An Endpoint is where a binding is served.
type Endpoint struct {
	Binding, Location string
	ResponseLocation  string // where responses go; empty for Location
}

// Answers is where responses go.
func (e Endpoint) Answers() string {
	if e.ResponseLocation != "" {
		return e.ResponseLocation
	}
	return e.Location
}

// ParseIDPMetadata reads the metadata of one identity provider: an
// EntityDescriptor, or the first one with that role in nested
// EntitiesDescriptors. Its signature, if any, is not judged: whoever supplies
// the file vouches for it. Errors match ErrMetadata, ErrMalformed, ErrTooLarge.
func ParseIDPMetadata(raw []byte) (*IDPMetadata, error) {
	root, err := parseMetadata(raw)
	if err != nil {
		return nil, err
	}
	return readIDP(root)
}

// VerifyIDPMetadata is ParseIDPMetadata for a document whose root must be signed by
// a known key; nothing but what that signature covers is read.
func VerifyIDPMetadata(raw []byte, signer *x509.Certificate) (*IDPMetadata, error) {
	root, err := parseMetadata(raw)
	if err != nil {
		return nil, err
	}
	if root, _, err = Verify(root, []*x509.Certificate{signer}); err != nil {
		return nil, err
	}
	return readIDP(root)
}

func readIDP(root *etree.Element) (*IDPMetadata, error) {
	const name = "IDPSSODescriptor"
	entity, role, err := findRole(root, name)
	if err != nil {
		return nil, err
	}
	m := &IDPMetadata{EntityID: attr(entity, "entityID"), Entities: countRoles(root, name),
		WantAuthnRequestsSigned: isTrue(attr(role, "WantAuthnRequestsSigned"))}
	if m.CacheFor, err = cacheFor(role); err != nil {
		return nil, err
	}
	if m.ValidUntil, err = validUntil(entity, role); err != nil {
		return nil, err
	}
	if m.Certificates, err = certificates(role, "signing"); err != nil {
		return nil, err
	}
	if len(m.Certificates) == 0 {
		return nil, fmt.Errorf("%w: no signing certificate", ErrMetadata)
	}
	if m.SSO, err = endpoints(role, "SingleSignOnService"); err != nil {
		return nil, err
	}
	if m.SLO, err = endpoints(role, "SingleLogoutService"); err != nil {
		return nil, err
	}
	m.Scopes, err = scopes(entity, role)
	return m, err
}

// SPMetadata is what an identity provider relies on of a service provider.
type SPMetadata struct {
	Entity     *saml.EntityDescriptor // one entity with one SPSSODescriptor
	Signing    []*x509.Certificate
	Encryption []EncryptionKey
	Algorithms Algorithms // what it says it can verify

	EntityAttributes map[string][]string // by name
	SLO              []Endpoint
	ValidUntil       time.Time
	CacheFor         time.Duration // the shortest cacheDuration; zero where absent
}

// ParseSPMetadata reads the metadata of one service provider, as
// ParseIDPMetadata does of an identity provider.
func ParseSPMetadata(raw []byte) (*SPMetadata, error) {
	root, err := parseMetadata(raw)
	if err != nil {
		return nil, err
	}
	entity, role, err := findRole(root, "SPSSODescriptor")
	if err != nil {
		return nil, err
	}
	consumers, err := endpoints(role, "AssertionConsumerService")
	if err != nil {
		return nil, err
	}
	m := &SPMetadata{}
	if m.ValidUntil, err = validUntil(entity, role); err != nil {
		return nil, err
	}
	if m.CacheFor, err = cacheFor(role); err != nil {
		return nil, err
	}
	if m.Signing, err = certificates(role, "signing"); err != nil {
		return nil, err
	}
	if m.Encryption, err = encryptionKeys(role); err != nil {
		return nil, err
	}
	m.Algorithms = algorithms(entity, role)
	if m.EntityAttributes, err = entityAttributes(entity); err != nil {
		return nil, err
	}
	if m.SLO, err = endpoints(role, "SingleLogoutService"); err != nil {
		return nil, err
	}
	if m.Entity, err = unmarshalEntity(entity, role); err != nil {
		return nil, err
	}
	return m, locate(m.Entity.SPSSODescriptors[0].AssertionConsumerServices, consumers)
}

// locate fills in where endpoints lead, which crewjam leaves out of bindings that it does
// not know. It knows elements by their local names alone: there must not be others.
func locate(read []saml.IndexedEndpoint, all []Endpoint) error {
	if len(read) != len(all) {
		return fmt.Errorf("%w: a foreign AssertionConsumerService", ErrMetadata)
	}
	for i, e := range all {
		read[i].Location = e.Location
	}
	return nil
}

// unmarshalEntity reads an entity into crewjam's type, with that one role.
func unmarshalEntity(entity, role *etree.Element) (*saml.EntityDescriptor, error) {
	var sp saml.SPSSODescriptor
	if err := xml.Unmarshal([]byte(canonical(role, nil, nil)), &sp); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMetadata, err)
	}
	return &saml.EntityDescriptor{EntityID: attr(entity, "entityID"), SPSSODescriptors: []saml.SPSSODescriptor{sp}}, nil
}

func parseMetadata(raw []byte) (*etree.Element, error) {
	doc, err := Parse(raw, Metadata())
	if err != nil {
		return nil, err
	}
	root := doc.Root()
	if !is(root, nsMetadata, "EntityDescriptor") && !is(root, nsMetadata, "EntitiesDescriptor") {
		return nil, fmt.Errorf("%w: root is %q", ErrMetadata, root.Tag)
	}
	return root, nil
}

// findRole returns the first entity with a role for SAML 2.0, and the role.
func findRole(root *etree.Element, role string) (entity, found *etree.Element, err error) {
	entity, found = searchRole(root, role)
	if found == nil {
		return nil, nil, fmt.Errorf("%w: no %s for SAML 2.0", ErrMetadata, role)
	}
	if id := attr(entity, "entityID"); id == "" || len(id) > 1024 {
		return nil, nil, fmt.Errorf("%w: entityID of %d characters", ErrMetadata, len(id))
	}
	return entity, found, nil
}

func searchRole(el *etree.Element, role string) (entity, found *etree.Element) {
	if is(el, nsMetadata, "EntityDescriptor") {
		for _, r := range children(el, nsMetadata, role) {
			if supports(attr(r, "protocolSupportEnumeration"), nsProtocol) {
				return el, r
			}
		}
		return nil, nil
	}
	for _, c := range el.ChildElements() {
		if is(c, nsMetadata, "EntityDescriptor") || is(c, nsMetadata, "EntitiesDescriptor") {
			if entity, found = searchRole(c, role); found != nil {
				return entity, found
			}
		}
	}
	return nil, nil
}

// countRoles counts the entities below el with a role for SAML 2.0.
func countRoles(el *etree.Element, role string) (n int) {
	if is(el, nsMetadata, "EntityDescriptor") {
		if _, found := searchRole(el, role); found != nil {
			return 1
		}
		return 0
	}
	for _, c := range el.ChildElements() {
		if is(c, nsMetadata, "EntityDescriptor") || is(c, nsMetadata, "EntitiesDescriptor") {
			n += countRoles(c, role)
		}
	}
	return n
}

// endpoints returns the endpoints of a kind. Every Location must be an absolute
// http or https URL: a browser will be sent there (CVE-2023-45683).
func endpoints(role *etree.Element, tag string) ([]Endpoint, error) {
	var all []Endpoint
	for _, el := range children(role, nsMetadata, tag) {
		e := Endpoint{attr(el, "Binding"), attr(el, "Location"), attr(el, "ResponseLocation")}
		for _, location := range []string{e.Location, e.ResponseLocation} {
			if location != "" && !isWeb(location) {
				return nil, fmt.Errorf("%w: location %q of %s", ErrMetadata, location, tag)
			}
		}
		if e.Location == "" {
			return nil, fmt.Errorf("%w: %s without a location", ErrMetadata, tag)
		}
		all = append(all, e)
	}
	return all, nil
}

func isWeb(location string) bool {
	u, err := url.Parse(location)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil
}

// certificates returns the certificates of the keys for a use; a key without
// one serves every use.
func certificates(role *etree.Element, use string) ([]*x509.Certificate, error) {
	var all []*x509.Certificate
	for _, key := range keysFor(role, use) {
		certs, err := certificatesOf(key)
		if err != nil {
			return nil, err
		}
		all = append(all, certs...)
	}
	return all, nil
}

// validUntil returns the earliest validUntil from a role up to the root.
func validUntil(entity, role *etree.Element) (time.Time, error) {
	first, err := instant(role, "validUntil")
	if err != nil {
		return first, err
	}
	for el := entity; el != nil; el = el.Parent() {
		t, err := instant(el, "validUntil")
		if err != nil {
			return first, err
		}
		if !t.IsZero() && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	return first, nil
}

// cacheFor returns the shortest cacheDuration from a role up to the root.
func cacheFor(role *etree.Element) (shortest time.Duration, err error) {
	for el := role; el != nil; el = el.Parent() {
		text := attr(el, "cacheDuration")
		if text == "" {
			continue
		}
		var d saml.Duration
		if err := d.UnmarshalText([]byte(text)); err != nil {
			return 0, fmt.Errorf("%w: cacheDuration %q", ErrMetadata, text)
		}
		if t := time.Duration(d); t > 0 && (shortest == 0 || t < shortest) {
			shortest = t
		}
	}
	return shortest, nil
}

func isTrue(s string) bool { return s == "true" || s == "1" }

func isFalse(s string) bool { return s == "false" || s == "0" }
