package dpop

import (
	"crypto"
	"crypto/rsa"
	"encoding/base64"
	"net/url"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/json" // tells names by case and refuses a name that stands twice
)

// Bounds of what is looked at before a signature was checked, in bytes and bits.
const (
	maxProof = 8 << 10
	maxID    = 256
	maxURL   = 2048
	minRSA   = 2048
	maxRSA   = 8192
)

const proofType = "dpop+jwt"

// Algorithms are those that proofs may be signed with: asymmetric ones, without
// RS256, as FAPI 2.0 section 5.4 has it.
var Algorithms = []string{"ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "EdDSA"}

var algorithms = func() (list []jose.SignatureAlgorithm) {
	for _, a := range Algorithms {
		list = append(list, jose.SignatureAlgorithm(a))
	}
	return list
}()

// A proof is a DPoP header whose signature is good.
type proof struct {
	claims     claims
	thumbprint string
}

// claims are the payload of a proof (RFC 9449 section 4.2).
type claims struct {
	ID        string   `json:"jti"`
	Method    string   `json:"htm"`
	URL       string   `json:"htu"`
	Issued    *float64 `json:"iat"`
	Expires   *float64 `json:"exp"`
	NotBefore *float64 `json:"nbf"`
	TokenHash string   `json:"ath"`
	Nonce     string   `json:"nonce"`
}

var errMalformed = refuse("The proof is no signed JWT with a public key, of an algorithm that is supported.")

// parse checks the form and the signature of a proof (RFC 9449 section 4.3, steps 2 to 7).
func parse(raw string) (*proof, error) {
	if len(raw) > maxProof || strings.Count(raw, ".") != 2 {
		return nil, errMalformed
	}
	jws, err := jose.ParseSignedCompact(raw, algorithms)
	if err != nil || len(jws.Signatures) != 1 {
		return nil, errMalformed
	}
	header := jws.Signatures[0].Protected
	if typ, _ := header.ExtraHeaders["typ"].(string); !strings.EqualFold(typ, proofType) {
		return nil, refuse("typ must be dpop+jwt.")
	}
	if header.ExtraHeaders["crit"] != nil || header.ExtraHeaders["b64"] != nil || !usable(header.JSONWebKey) {
		return nil, errMalformed
	}
	payload, err := jws.Verify(header.JSONWebKey)
	if err != nil {
		return nil, refuse("The signature of the proof is wrong.")
	}
	p := new(proof)
	if err := json.Unmarshal(payload, &p.claims); err != nil {
		return nil, errMalformed
	}
	sum, err := header.JSONWebKey.Thumbprint(crypto.SHA256)
	if err != nil {
		return nil, errMalformed
	}
	p.thumbprint = base64.RawURLEncoding.EncodeToString(sum)
	return p, nil
}

// usable reports whether a key may sign proofs: it is public, and neither weak nor
// so long that a check of its signature costs more than it should.
func usable(key *jose.JSONWebKey) bool {
	if key == nil || !key.Valid() || !key.IsPublic() {
		return false
	}
	if public, ok := key.Key.(*rsa.PublicKey); ok {
		return public.N.BitLen() >= minRSA && public.N.BitLen() <= maxRSA
	}
	return true
}

// sameURL compares what a proof is for with the address of the request, without
// query and fragment, and with what RFC 3986 section 6.2.2 and 6.2.3 call equal:
// the case of scheme and host, and the port that is understood.
func sameURL(got, want string) bool {
	if len(got) > maxURL {
		return false
	}
	a, errA := url.Parse(got)
	b, errB := url.Parse(want)
	return errA == nil && errB == nil && a.User == nil && a.Opaque == "" && a.Host != "" &&
		strings.EqualFold(a.Scheme, b.Scheme) && host(a) == host(b) && path(a) == path(b)
}

func host(u *url.URL) string {
	name, port := strings.ToLower(u.Hostname()), u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[strings.ToLower(u.Scheme)]
	}
	return name + ":" + port
}

func path(u *url.URL) string {
	if p := u.EscapedPath(); p != "" {
		return p
	}
	return "/"
}
