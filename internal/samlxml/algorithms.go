package samlxml

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	_ "crypto/sha256" // hashes of the allow-list
	_ "crypto/sha512"
	"encoding/asn1"
	"fmt"
	"math/big"
)

// Signature methods that are accepted. MD5, DSA and HMAC are not among them, nor
// is there a setting to add them; RSA-SHA1 counts where a Policy says so.
const (
	RSASHA256   = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
	RSASHA384   = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384"
	RSASHA512   = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512"
	ECDSASHA256 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
	ECDSASHA384 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384"
	ECDSASHA512 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512"
)

const (
	rsaSHA1      = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
	algExclusive = nsExclusive
	algEnveloped = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
	algSHA256    = "http://www.w3.org/2001/04/xmlenc#sha256"
	algSHA384    = "http://www.w3.org/2001/04/xmldsig-more#sha384"
	algSHA512    = "http://www.w3.org/2001/04/xmlenc#sha512"
)

// digestURIs are the digest methods that are accepted, and the hash of each.
var digestURIs = map[string]crypto.Hash{algSHA256: crypto.SHA256, algSHA384: crypto.SHA384, algSHA512: crypto.SHA512}

type method struct {
	ecdsa  bool
	hash   crypto.Hash
	digest string // the digest method that goes with it, unless another is asked for
}

var methods = map[string]method{
	RSASHA256:   {false, crypto.SHA256, algSHA256},
	RSASHA384:   {false, crypto.SHA384, algSHA384},
	RSASHA512:   {false, crypto.SHA512, algSHA512},
	ECDSASHA256: {true, crypto.SHA256, algSHA256},
	ECDSASHA384: {true, crypto.SHA384, algSHA384},
	ECDSASHA512: {true, crypto.SHA512, algSHA512},
}

// CanSign reports whether a method is one that Signer knows.
func CanSign(method string) bool { return methods[method].hash != 0 }

// methodOfName returns a signature method that is accepted.
func methodOfName(name string, sha1 bool) (method, bool) {
	if name == rsaSHA1 && sha1 {
		return method{false, crypto.SHA1, algSHA1}, true
	}
	m, ok := methods[name]
	return m, ok
}

// CanDigest reports whether a digest method is one that Signer knows.
func CanDigest(method string) bool { return digestURIs[method] != 0 }

// IsECDSA reports whether a signature method needs a key on an elliptic curve.
func IsECDSA(method string) bool { return methods[method].ecdsa }

// methodFor returns the method that we sign with for a key where none is named.
func methodFor(key crypto.PublicKey) (string, error) {
	switch k := key.(type) {
	case *rsa.PublicKey:
		return RSASHA256, nil
	case *ecdsa.PublicKey:
		switch k.Curve {
		case elliptic.P256():
			return ECDSASHA256, nil
		case elliptic.P384():
			return ECDSASHA384, nil
		}
	}
	return "", fmt.Errorf("%w: no method for a key of type %T", ErrAlgorithm, key)
}

// usable refuses keys that are too short to be trusted and methods that do not
// fit the key: a public key must never be taken for an HMAC secret.
func usable(m method, key crypto.PublicKey) error {
	switch k := key.(type) {
	case *rsa.PublicKey:
		if !m.ecdsa && k.N.BitLen() >= 2048 {
			return nil
		}
	case *ecdsa.PublicKey:
		if m.ecdsa && k.Curve.Params().BitSize >= 256 {
			return nil
		}
	}
	return fmt.Errorf("%w: method does not fit a key of type %T", ErrAlgorithm, key)
}

// verifyRaw checks an XML signature value over signed. ECDSA values are r||s,
// each as long as the curve's order (XML Signature 1.1, 6.4.3).
func verifyRaw(m method, key crypto.PublicKey, signed, signature []byte) error {
	if err := usable(m, key); err != nil {
		return err
	}
	h := m.hash.New()
	h.Write(signed)
	sum := h.Sum(nil)
	switch k := key.(type) {
	case *rsa.PublicKey:
		if rsa.VerifyPKCS1v15(k, m.hash, sum, signature) == nil {
			return nil
		}
	case *ecdsa.PublicKey:
		r, s, ok := splitECDSA(k, signature)
		if ok && ecdsa.Verify(k, sum, r, s) {
			return nil
		}
	}
	return ErrSignature
}

func splitECDSA(k *ecdsa.PublicKey, signature []byte) (r, s *big.Int, ok bool) {
	size := (k.Curve.Params().N.BitLen() + 7) / 8
	if len(signature) != 2*size {
		return nil, nil, false
	}
	return new(big.Int).SetBytes(signature[:size]), new(big.Int).SetBytes(signature[size:]), true
}

// rawECDSA turns what crypto.Signer returns into r||s.
func rawECDSA(k *ecdsa.PublicKey, der []byte) ([]byte, error) {
	var v struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &v); err != nil {
		return nil, err
	}
	size := (k.Curve.Params().N.BitLen() + 7) / 8
	out := make([]byte, 2*size)
	v.R.FillBytes(out[:size])
	v.S.FillBytes(out[size:])
	return out, nil
}
