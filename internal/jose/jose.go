// Package jose is how this server makes and reads JSON web tokens of others:
// signatures (RFC 7515), encryption (RFC 7516) and keys (RFC 7517), on go-jose.
//
// What comes in is hostile. Each call names the algorithms that it takes, a key
// is used with an algorithm of its own kind only, and everything is bounded before
// it is parsed: so a token chooses neither how it is checked nor what that costs.
package jose

import (
	"errors"
	"fmt"
)

// Errors of this package. Their texts are for the log.
var (
	// ErrInvalid is returned for a token, or a key set, that is not as it must be.
	ErrInvalid = errors.New("jose: refused")
	// ErrNoKey is returned where no key fits the token; it is an ErrInvalid too.
	ErrNoKey = fmt.Errorf("%w: no key fits", ErrInvalid)
	// ErrUnavailable is returned where the keys could not be fetched.
	ErrUnavailable = errors.New("jose: the keys cannot be read")
)

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrInvalid, fmt.Sprintf(format, args...))
}

// The algorithms of signatures that this package knows. There is no "none".
const (
	RS256 = "RS256"
	RS384 = "RS384"
	RS512 = "RS512"
	PS256 = "PS256"
	PS384 = "PS384"
	PS512 = "PS512"
	ES256 = "ES256"
	ES384 = "ES384"
	ES512 = "ES512"
	EdDSA = "EdDSA"
	HS256 = "HS256"
	HS384 = "HS384"
	HS512 = "HS512"
)

// Lists of algorithms for Verify. Those of one list are checked with public keys,
// or all with a shared secret.
var (
	Asymmetric = []string{RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA}
	Symmetric  = []string{HS256, HS384, HS512}
	// FAPI are those of the FAPI 2.0 Security Profile section 5.4.1.
	FAPI = []string{PS256, ES256, EdDSA}
)

// The ways to encrypt the key of a JWE (RFC 7518 section 4). PBES2 is none of
// them: the token would say how much work it is to refuse it.
const (
	RSAOAEP    = "RSA-OAEP"
	RSAOAEP256 = "RSA-OAEP-256"
	ECDHES     = "ECDH-ES"
	ECDHESA128 = "ECDH-ES+A128KW"
	ECDHESA192 = "ECDH-ES+A192KW"
	ECDHESA256 = "ECDH-ES+A256KW"
	Direct     = "dir" // with a shared key, where a caller asks for it
)

// DefaultContent is the enc of a client that names none (OpenID Connect Dynamic
// Client Registration 1.0 section 2).
const DefaultContent = "A128CBC-HS256"

// Lists for Encrypt and Decrypt.
var (
	KeyManagers = []string{RSAOAEP, RSAOAEP256, ECDHES, ECDHESA128, ECDHESA192, ECDHESA256}
	Contents    = []string{DefaultContent, "A192CBC-HS384", "A256CBC-HS512", "A128GCM", "A192GCM", "A256GCM"}
)
