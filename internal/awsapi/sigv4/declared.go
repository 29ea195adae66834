package sigv4

import (
	"encoding/hex"
	"net/http"
)

// VerifyDeclared is Verify for whoever does not have the body: the signature is
// checked over the payload hash that the request declares, which is returned for
// comparison with the body, or Unsigned. A request that declares none must have been
// signed without a body.
func (s *Signature) VerifyDeclared(r *http.Request, secret string, keys *KeyCache) (payloadHash string, err error) {
	if err := s.covers(r); err != nil {
		return "", err
	}
	payloadHash = s.payloadHash
	switch raw, err := hex.DecodeString(payloadHash); {
	case payloadHash == "":
		if payloadHash, err = s.payload(nil); err != nil {
			return "", err
		}
	case payloadHash != Unsigned && (err != nil || len(raw) != 32):
		return "", &Error{Mismatch, "The value of x-amz-content-sha256 is not a SHA-256."}
	}
	return payloadHash, s.compare(r, payloadHash, secret, keys)
}
