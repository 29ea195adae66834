package dpop

import (
	"net/url"
	"strings"

	"github.com/go-jose/go-jose/v4/json" // tells names by case and refuses a name that stands twice

	"github.com/poolhouse/poolhouse/internal/jose"
)

// Bounds in bytes.
const (
	maxProof = 8 << 10
	maxID    = 256
	maxURL   = 2048
)

const proofType = "dpop+jwt"

// Algorithms are those that proofs may be signed with: of FAPI 2.0 section 5.4, for
// all clients, as discovery names one list for all of them.
var Algorithms = jose.FAPI

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

var errMalformed = refuse("The proof is not a JWT that its own public key has signed, by an algorithm that is supported.")

// parse checks the form and the signature of a proof (RFC 9449 section 4.3, steps 2 to 7).
func parse(raw string) (*proof, error) {
	if len(raw) > maxProof {
		return nil, errMalformed
	}
	payload, header, key, err := jose.VerifyEmbedded(raw, Algorithms)
	if err != nil {
		return nil, errMalformed
	}
	if !strings.EqualFold(header.Type, proofType) {
		return nil, refuse("typ must be dpop+jwt.")
	}
	p := &proof{thumbprint: key.Thumbprint()}
	if json.Unmarshal(payload, &p.claims) != nil {
		return nil, errMalformed
	}
	return p, nil
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
