package samlxml

import (
	"crypto/x509"
	"encoding/base64"
	"time"

	"github.com/crewjam/saml"
)

// An SPDescription is the metadata of a service provider as we publish it.
type SPDescription struct {
	ID         string // of the document, for its signature
	EntityID   string
	ValidUntil time.Time
	CacheFor   string              // xs:duration, for instance PT6H
	Signing    []*x509.Certificate // the active one first
	Encryption []*x509.Certificate
	ACS        []string // where Responses are posted, the default first
	SLO        string   // one address for Redirect and POST
}

// WriteSPMetadata writes signed metadata in the order of the schema.
func (s Signer) WriteSPMetadata(d *SPDescription) ([]byte, error) {
	var w writer
	w.open("md:EntityDescriptor", "xmlns:md", nsMetadata, "ID", d.ID, "cacheDuration", d.CacheFor,
		"entityID", d.EntityID, "validUntil", Time(d.ValidUntil))
	head := w.String()
	w = writer{}
	w.open("md:SPSSODescriptor", "WantAssertionsSigned", "true", "protocolSupportEnumeration", nsProtocol)
	for _, cert := range d.Signing {
		w.key("signing", cert)
	}
	for _, cert := range d.Encryption {
		w.key("encryption", cert, AES256GCM, AES128GCM, algOAEP)
	}
	for _, binding := range []string{saml.HTTPRedirectBinding, saml.HTTPPostBinding} {
		w.leaf("md:SingleLogoutService", "", "Binding", binding, "Location", d.SLO)
	}
	for i, address := range d.ACS {
		w.leaf("md:AssertionConsumerService", "", "Binding", saml.HTTPPostBinding, "Location", address,
			"index", string(rune('0'+i)), "isDefault", whether(i == 0))
	}
	w.close("md:SPSSODescriptor")
	w.close("md:EntityDescriptor")
	whole, err := s.signed(d.ID, head, w.String())
	return []byte(whole), err
}

// key writes a KeyDescriptor, with the methods that may be used with it.
func (w *writer) key(use string, cert *x509.Certificate, methods ...string) {
	w.open("md:KeyDescriptor", "use", use)
	w.open("ds:KeyInfo", "xmlns:ds", nsSignature)
	w.open("ds:X509Data")
	w.leaf("ds:X509Certificate", base64.StdEncoding.EncodeToString(cert.Raw))
	w.close("ds:X509Data")
	w.close("ds:KeyInfo")
	for _, m := range methods {
		w.leaf("md:EncryptionMethod", "", "Algorithm", m)
	}
	w.close("md:KeyDescriptor")
}
