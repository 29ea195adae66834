package samlxml

import (
	"crypto/x509"
	"encoding/base64"
	"fmt"

	"github.com/beevik/etree"
)

const nsAlgorithms = "urn:oasis:names:tc:SAML:metadata:algsupport"

// An EncryptionKey is a key that a peer decrypts with, and how it wants it used.
type EncryptionKey struct {
	Certificate *x509.Certificate
	Methods     []EncryptionMethod // in the peer's order; none where it does not say
}

// An EncryptionMethod is a block cipher or a key transport that a peer lists.
type EncryptionMethod struct {
	Algorithm   string
	Digest, MGF string // of OAEP; empty where not said
}

// Algorithms are the signature and digest methods that a peer says it supports, the
// ones it likes best first (SAML V2.0 Metadata Profile for Algorithm Support).
type Algorithms struct{ Signature, Digest []string }

// keysFor returns the KeyDescriptors for a use; one without serves every use.
func keysFor(role *etree.Element, use string) []*etree.Element {
	var found []*etree.Element
	for _, key := range children(role, nsMetadata, "KeyDescriptor") {
		if u := attr(key, "use"); u == "" || u == use {
			found = append(found, key)
		}
	}
	return found
}

// certificatesOf returns the certificates of one key. One that cannot be read is
// passed over, so that an odd relic does not shut out a peer with a good key beside it.
func certificatesOf(key *etree.Element) ([]*x509.Certificate, error) {
	var all []*x509.Certificate
	err := walk(key, func(el *etree.Element) error {
		if !is(el, nsSignature, "X509Certificate") {
			return nil
		}
		encoded, err := text(el)
		if err != nil {
			return err
		}
		der, err := base64.StdEncoding.DecodeString(noSpace(encoded))
		if err != nil {
			return fmt.Errorf("%w: certificate is not base64", ErrMetadata)
		}
		if cert, err := parseCertificate(der); err == nil {
			all = append(all, cert)
		}
		return nil
	})
	return all, err
}

// encryptionKeys returns the keys of a role that may be encrypted to.
func encryptionKeys(role *etree.Element) ([]EncryptionKey, error) {
	var all []EncryptionKey
	for _, key := range keysFor(role, "encryption") {
		certs, err := certificatesOf(key)
		if err != nil {
			return nil, err
		}
		listed := encryptionMethods(key)
		for _, cert := range certs {
			all = append(all, EncryptionKey{cert, listed})
		}
	}
	return all, nil
}

func encryptionMethods(key *etree.Element) []EncryptionMethod {
	var all []EncryptionMethod
	for _, m := range children(key, nsMetadata, "EncryptionMethod") {
		one := EncryptionMethod{Algorithm: attr(m, "Algorithm")}
		for _, d := range children(m, nsSignature, "DigestMethod") {
			one.Digest = attr(d, "Algorithm")
		}
		for _, g := range children(m, nsEncrypt11, "MGF") {
			one.MGF = attr(g, "Algorithm")
		}
		all = append(all, one)
	}
	return all
}

// algorithms reads the algorithm support of a role, or else of its entity: the
// role's word replaces the entity's.
func algorithms(entity, role *etree.Element) Algorithms {
	return Algorithms{
		Signature: supported(entity, role, "SigningMethod"),
		Digest:    supported(entity, role, "DigestMethod"),
	}
}

func supported(entity, role *etree.Element, tag string) []string {
	for _, el := range []*etree.Element{role, entity} {
		var found []string
		for _, ext := range children(el, nsMetadata, "Extensions") {
			for _, m := range children(ext, nsAlgorithms, tag) {
				found = append(found, attr(m, "Algorithm"))
			}
		}
		if len(found) > 0 {
			return found
		}
	}
	return nil
}
