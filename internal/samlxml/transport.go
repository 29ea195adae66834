package samlxml

import (
	"crypto"
	"crypto/rsa"
	_ "crypto/sha1" // #nosec: the digest and mask that rsa-oaep-mgf1p means; most peers read no other
	"fmt"
	"strings"
)

const (
	algOAEP     = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"
	algOAEP11   = "http://www.w3.org/2009/xmlenc11#rsa-oaep"
	algSHA1     = "http://www.w3.org/2000/09/xmldsig#sha1"
	nsEncrypt11 = "http://www.w3.org/2009/xmlenc11#"
	mgfSHA1     = "http://www.w3.org/2009/xmlenc11#mgf1sha1"
	mgfSHA256   = "http://www.w3.org/2009/xmlenc11#mgf1sha256"
	mgfSHA384   = "http://www.w3.org/2009/xmlenc11#mgf1sha384"
	mgfSHA512   = "http://www.w3.org/2009/xmlenc11#mgf1sha512"
)

// A Transport is how the key of an encrypted assertion travels: always RSA-OAEP
// (XML Encryption 1.1, 5.5.2). The zero value is rsa-oaep-mgf1p with SHA-1, of the
// forms the only one that mellon, pysaml2 and node-saml read.
type Transport struct{ algorithm, digest, mgf string }

var oaepDigests = map[string]crypto.Hash{"": crypto.SHA1, algSHA1: crypto.SHA1,
	algSHA256: crypto.SHA256, algSHA384: crypto.SHA384, algSHA512: crypto.SHA512}

var oaepMasks = map[string]crypto.Hash{"": crypto.SHA1, mgfSHA1: crypto.SHA1,
	mgfSHA256: crypto.SHA256, mgfSHA384: crypto.SHA384, mgfSHA512: crypto.SHA512}

// TransportOf returns the transport that a method of a peer's metadata stands for, and
// false for a method that is none, or one that we do not use.
func TransportOf(m EncryptionMethod) (Transport, bool) {
	t := Transport{m.Algorithm, m.Digest, m.MGF}
	if m.Algorithm != algOAEP && m.Algorithm != algOAEP11 {
		return Transport{}, false
	}
	_, err := t.options()
	return t, err == nil
}

// IsTransport reports whether a method of metadata is one of key transport, be it one
// that we do not use.
func IsTransport(m EncryptionMethod) bool {
	return strings.Contains(m.Algorithm, "#rsa-") || strings.Contains(m.Algorithm, "#kw-")
}

// options returns what crypto/rsa calls the transport. rsa-oaep-mgf1p fixes the mask
// function to SHA-1, whatever the digest.
func (t Transport) options() (*rsa.OAEPOptions, error) {
	hash, known := oaepDigests[t.digest]
	mask, masked := oaepMasks[t.mgf]
	if !known || !masked {
		return nil, fmt.Errorf("%w: OAEP with %q and %q", ErrAlgorithm, t.digest, t.mgf)
	}
	switch t.algorithm {
	case "", algOAEP:
		if mask != crypto.SHA1 {
			return nil, fmt.Errorf("%w: rsa-oaep-mgf1p with %q", ErrAlgorithm, t.mgf)
		}
	case algOAEP11:
	default:
		return nil, fmt.Errorf("%w: key transport %q", ErrAlgorithm, t.algorithm)
	}
	return &rsa.OAEPOptions{Hash: hash, MGFHash: mask}, nil
}

// transport writes the EncryptionMethod of an EncryptedKey. What stands for itself is
// written out: some readers know no defaults.
func (w *writer) transport(t Transport) {
	if t.algorithm == "" {
		t.algorithm = algOAEP
	}
	if t.digest == "" {
		t.digest = algSHA1
	}
	if t.algorithm == algOAEP {
		t.mgf = ""
	} else if t.mgf == "" {
		t.mgf = mgfSHA1
	}
	w.open("xenc:EncryptionMethod", "Algorithm", t.algorithm)
	w.leaf("ds:DigestMethod", "", "Algorithm", t.digest)
	if t.mgf != "" {
		w.leaf("xenc11:MGF", "", "xmlns:xenc11", nsEncrypt11, "Algorithm", t.mgf)
	}
	w.close("xenc:EncryptionMethod")
}
