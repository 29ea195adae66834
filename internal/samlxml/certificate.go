package samlxml

import (
	"crypto/x509"
	"encoding/asn1"
	"fmt"
)

// parseCertificate reads a certificate of metadata. There a certificate is only a
// wrapping of its key (Kantara IIP-MD12), so one that crypto/x509 finds fault with,
// for instance for a negative serial number, still gives its key, and nothing else.
func parseCertificate(der []byte) (*x509.Certificate, error) {
	cert, err := x509.ParseCertificate(der)
	if err == nil {
		return cert, nil
	}
	key, lax := keyOf(der)
	if lax != nil {
		return nil, fmt.Errorf("%w: %w", ErrMetadata, err)
	}
	public, lax := x509.ParsePKIXPublicKey(key)
	if lax != nil {
		return nil, fmt.Errorf("%w: %w", ErrMetadata, err)
	}
	return &x509.Certificate{Raw: der, PublicKey: public}, nil
}

// keyOf finds the SubjectPublicKeyInfo of a certificate (RFC 5280, 4.1).
func keyOf(der []byte) ([]byte, error) {
	var outer struct {
		TBS       asn1.RawValue
		Algorithm asn1.RawValue
		Signature asn1.BitString
	}
	if _, err := asn1.Unmarshal(der, &outer); err != nil {
		return nil, err
	}
	fields := outer.TBS.Bytes
	for skip := 0; ; {
		var v asn1.RawValue
		rest, err := asn1.Unmarshal(fields, &v)
		if err != nil {
			return nil, err
		}
		fields = rest
		if v.Class == asn1.ClassContextSpecific && skip == 0 { // the version, which v1 leaves out
			continue
		}
		if skip++; skip == 6 { // serial, signature, issuer, validity, subject, key
			return v.FullBytes, nil
		}
	}
}
