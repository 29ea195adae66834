package samlxml

import (
	"crypto/x509"
	"encoding/base64"
	"time"

	"github.com/crewjam/saml"
)

// An IDPDescription is the metadata of an identity provider as we publish it.
type IDPDescription struct {
	EntityID      string
	ValidUntil    time.Time
	CacheFor      string              // xs:duration, for instance PT6H
	Certificates  []*x509.Certificate // signing, the active one first
	NameIDFormats []string
	SSO           string // one address for Redirect and POST
}

// WriteIDPMetadata writes metadata in the order of the schema.
func WriteIDPMetadata(d *IDPDescription) []byte {
	var w writer
	w.raw(`<?xml version="1.0" encoding="UTF-8"?>` + "\n")
	w.open("md:EntityDescriptor", "xmlns:md", nsMetadata, "cacheDuration", d.CacheFor,
		"entityID", d.EntityID, "validUntil", Time(d.ValidUntil))
	w.open("md:IDPSSODescriptor", "WantAuthnRequestsSigned", "false", "protocolSupportEnumeration", nsProtocol)
	for _, cert := range d.Certificates {
		w.open("md:KeyDescriptor", "use", "signing")
		w.open("ds:KeyInfo", "xmlns:ds", nsSignature)
		w.open("ds:X509Data")
		w.leaf("ds:X509Certificate", base64.StdEncoding.EncodeToString(cert.Raw))
		w.close("ds:X509Data")
		w.close("ds:KeyInfo")
		w.close("md:KeyDescriptor")
	}
	for _, format := range d.NameIDFormats {
		w.leaf("md:NameIDFormat", format)
	}
	for _, binding := range []string{saml.HTTPRedirectBinding, saml.HTTPPostBinding} {
		w.leaf("md:SingleSignOnService", "", "Binding", binding, "Location", d.SSO)
	}
	w.close("md:IDPSSODescriptor")
	w.close("md:EntityDescriptor")
	return []byte(w.String())
}
