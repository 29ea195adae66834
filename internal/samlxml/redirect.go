package samlxml

import (
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
)

// A Redirect is a message that came by the HTTP-Redirect binding.
type Redirect struct {
	Message    []byte // inflated XML, not parsed yet
	IsResponse bool   // SAMLResponse rather than SAMLRequest
	RelayState string
	Signed     bool // a Signature is present; VerifySignature judges it

	octets    string // exactly as received
	algorithm string
	signature []byte
}

// ParseRedirect reads the raw query of a request. Each parameter of the binding
// may occur once, and not both SAMLRequest and SAMLResponse. Other parameters
// are ignored.
func ParseRedirect(rawQuery string) (*Redirect, error) {
	raw, err := redirectParams(rawQuery)
	if err != nil {
		return nil, err
	}
	request, isRequest := raw["SAMLRequest"]
	response, isResponse := raw["SAMLResponse"]
	if isRequest == isResponse {
		return nil, malformed("one of SAMLRequest and SAMLResponse is needed")
	}
	r := &Redirect{IsResponse: isResponse}
	if r.Message, err = inflated(request + response); err != nil {
		return nil, err
	}
	if r.RelayState, err = url.QueryUnescape(raw["RelayState"]); err != nil {
		return nil, malformed("RelayState")
	}
	return r, r.keepSignature(raw)
}

// redirectParams returns the binding's parameters as they stand in the query.
func redirectParams(rawQuery string) (map[string]string, error) {
	raw := map[string]string{}
	for _, part := range strings.Split(rawQuery, "&") {
		key, value, _ := strings.Cut(part, "=")
		name, err := url.QueryUnescape(key)
		if err != nil {
			continue
		}
		switch name {
		case "SAMLRequest", "SAMLResponse", "RelayState", "SigAlg", "Signature", "SAMLEncoding":
		default:
			continue
		}
		if _, twice := raw[name]; twice || name != key {
			return nil, malformed("parameter %s occurs twice or is spelt oddly", name)
		}
		raw[name] = value
	}
	const deflate = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE"
	if e, ok := raw["SAMLEncoding"]; ok {
		if plain, err := url.QueryUnescape(e); err != nil || plain != deflate {
			return nil, malformed("SAMLEncoding")
		}
	}
	return raw, nil
}

func inflated(escaped string) ([]byte, error) {
	plain, err := url.QueryUnescape(escaped)
	if err != nil {
		return nil, malformed("message is not URL-encoded")
	}
	deflated, err := DecodePost(plain)
	if err != nil {
		return nil, err
	}
	return Inflate(deflated, Messages().Bytes)
}

// keepSignature keeps what VerifySignature needs (Bindings 3.4.4.1).
func (r *Redirect) keepSignature(raw map[string]string) (err error) {
	escaped, ok := raw["Signature"]
	if !ok {
		return nil
	}
	r.Signed = true
	if r.algorithm, err = url.QueryUnescape(raw["SigAlg"]); err != nil {
		return malformed("SigAlg")
	}
	plain, err := url.QueryUnescape(escaped)
	if err != nil {
		return malformed("Signature")
	}
	if r.signature, err = base64.StdEncoding.DecodeString(noSpace(plain)); err != nil {
		return malformed("Signature is not base64")
	}
	name := "SAMLRequest"
	if r.IsResponse {
		name = "SAMLResponse"
	}
	r.octets = name + "=" + raw[name]
	if state, ok := raw["RelayState"]; ok {
		r.octets += "&RelayState=" + state
	}
	r.octets += "&SigAlg=" + raw["SigAlg"]
	return nil
}

// VerifySignature verifies the query's signature over the text as it was
// received, with each of certs. Without one it returns ErrNoSignature, whatever
// signature the XML may carry.
func (r *Redirect) VerifySignature(certs []*x509.Certificate) error { return r.verify(certs, false) }

// verify is VerifySignature. With sha1, RSA with SHA-1 counts too.
func (r *Redirect) verify(certs []*x509.Certificate, sha1 bool) error {
	if !r.Signed {
		return ErrNoSignature
	}
	m, ok := methodOfName(r.algorithm, sha1)
	if !ok {
		return fmt.Errorf("%w: %q", ErrAlgorithm, r.algorithm)
	}
	failure := fmt.Errorf("%w: no certificate to verify with", ErrSignature)
	for _, cert := range certs {
		err := verifyRaw(m, cert.PublicKey, []byte(r.octets), r.signature)
		if err == nil {
			return nil
		}
		failure = err
	}
	return failure
}

// RedirectURL returns location with a message in its query, signed if s is not
// nil. param is SAMLRequest or SAMLResponse. The endpoint's own query stays in
// front, outside the signature.
func RedirectURL(location, param string, message []byte, relayState string, s *Signer) (string, error) {
	encoded, err := deflated(message)
	if err != nil {
		return "", err
	}
	query := param + "=" + url.QueryEscape(encoded)
	if relayState != "" {
		query += "&RelayState=" + url.QueryEscape(relayState)
	}
	if s != nil {
		if query, err = s.signQuery(query); err != nil {
			return "", err
		}
	}
	if strings.Contains(location, "?") {
		return location + "&" + query, nil
	}
	return location + "?" + query, nil
}

func deflated(message []byte) (string, error) {
	raw, err := Deflate(message)
	return base64.StdEncoding.EncodeToString(raw), err
}

func (s *Signer) signQuery(query string) (string, error) {
	algorithm, _, err := s.method()
	if err != nil {
		return "", err
	}
	query += "&SigAlg=" + url.QueryEscape(algorithm)
	value, err := s.Sign([]byte(query))
	if err != nil {
		return "", err
	}
	return query + "&Signature=" + url.QueryEscape(base64.StdEncoding.EncodeToString(value)), nil
}
