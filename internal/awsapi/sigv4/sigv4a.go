package sigv4

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"math/big"
	"strings"
)

const (
	asymmetric      = "AWS4-ECDSA-P256-SHA256"
	regionSetHeader = "X-Amz-Region-Set"
)

// fillWideScope reads a credential scope without a region, and the regions that
// the signature is good in instead.
func (s *Signature) fillWideScope(credential, regionSet string) error {
	scope := strings.Split(credential, "/")
	if len(scope) != 4 || scope[0] == "" {
		return &Error{Incomplete, "Credential must have exactly 4 slash-delimited elements, e.g. keyid/date/service/term, got '" + clip(credential) + "'"}
	}
	if regionSet == "" {
		return &Error{Incomplete, "A signature with " + asymmetric + " requires '" + regionSetHeader + "'."}
	}
	s.AccessKeyID, s.scopeDate, s.Service, s.term, s.RegionSet = scope[0], scope[1], scope[2], scope[3], regionSet
	return nil
}

// deriveWide computes the public key that belongs to a secret: the scalar comes
// of the KDF in counter mode of NIST SP 800-108 with HMAC-SHA-256, tried again
// while it is none (FIPS 186-4, B.4.2). It returns nil for the one secret in
// 2^8000 that has no key.
func deriveWide(accessKey, secret string) []byte {
	limit := new(big.Int).Sub(elliptic.P256().Params().N, big.NewInt(2))
	for counter := byte(1); counter < 255; counter++ {
		input := append([]byte{0, 0, 0, 1}, asymmetric...)
		input = append(append(append(input, 0), accessKey...), counter)
		input = append(input, 0, 0, 1, 0) // bits asked for
		c := new(big.Int).SetBytes(mac([]byte("AWS4A"+secret), input))
		if c.Cmp(limit) > 0 {
			continue
		}
		key, err := ecdh.P256().NewPrivateKey(c.Add(c, big.NewInt(1)).FillBytes(make([]byte, 32)))
		if err != nil {
			return nil
		}
		return key.PublicKey().Bytes()
	}
	return nil
}

// verifyWide checks a signature in ASN.1 with a public key in uncompressed form.
func verifyWide(public, text, signature []byte) bool {
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), public)
	if err != nil {
		return false
	}
	sum := sha256.Sum256(text)
	return ecdsa.VerifyASN1(key, sum[:], signature)
}
