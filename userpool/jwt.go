package userpool

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"

	"github.com/poolhouse/poolhouse/internal/keyring"
)

// The one algorithm of user pool tokens.
const algRS256 = "RS256"

// maxJWT bounds a token before anything is decoded; a user in a hundred groups
// with long names stays below it.
const maxJWT = 64 << 10

// errJWT says that a token is not one that this server signed. It has no detail:
// the reader is either us or somebody who forges tokens.
var errJWT = errors.New("userpool: not a token of this pool")

// strictURL refuses bits that base64 does not use, so that every token has one
// spelling.
var strictURL = base64.RawURLEncoding.Strict()

type jwtHeader struct {
	KeyID     string          `json:"kid"`
	Algorithm string          `json:"alg"`
	Critical  json.RawMessage `json:"crit,omitempty"`
}

// signJWT returns the compact serialisation of claims (RFC 7515 section 3.1).
func signJWT(key *keyring.Key, claims []byte) (string, error) {
	header, err := json.Marshal(jwtHeader{KeyID: key.ID, Algorithm: algRS256})
	if err != nil {
		return "", err
	}
	enc := base64.RawURLEncoding
	buf := make([]byte, 0, enc.EncodedLen(len(header)+len(claims)+512)+2)
	buf = append(enc.AppendEncode(buf, header), '.')
	buf = enc.AppendEncode(buf, claims)
	sum := sha256.Sum256(buf)
	sig, err := key.Private.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		return "", err
	}
	return string(enc.AppendEncode(append(buf, '.'), sig)), nil
}

// A jwt is a token that was taken apart, not yet verified.
type jwt struct {
	header    jwtHeader
	claims    []byte
	signed    string // what the signature covers
	signature []byte
}

// parseJWT takes a token apart. It refuses every algorithm but RS256 and every
// header extension that would have to be understood (RFC 7515 section 4.1.11).
func parseJWT(raw string) (*jwt, error) {
	if len(raw) > maxJWT || strings.Count(raw, ".") != 2 {
		return nil, errJWT
	}
	parts := strings.Split(raw, ".")
	var decoded [3][]byte
	for i, p := range parts {
		b, err := strictURL.DecodeString(p)
		if err != nil || strings.ContainsAny(p, "\r\n") {
			return nil, errJWT
		}
		decoded[i] = b
	}
	j := &jwt{claims: decoded[1], signed: raw[:len(parts[0])+1+len(parts[1])], signature: decoded[2]}
	if err := json.Unmarshal(decoded[0], &j.header); err != nil {
		return nil, errJWT
	}
	if j.header.Algorithm != algRS256 || j.header.Critical != nil {
		return nil, errJWT
	}
	return j, nil
}

// verify checks the signature against the key that the header names.
func (j *jwt) verify(keys []*keyring.Key) error {
	for _, k := range keys {
		if k.ID != j.header.KeyID || k.Algorithm != algRS256 {
			continue
		}
		public, ok := k.Private.Public().(*rsa.PublicKey)
		if !ok {
			return errJWT
		}
		sum := sha256.Sum256([]byte(j.signed))
		if rsa.VerifyPKCS1v15(public, crypto.SHA256, sum[:], j.signature) != nil {
			return errJWT
		}
		return nil
	}
	return errJWT
}
