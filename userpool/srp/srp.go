// Package srp is the secure remote password protocol, SRP-6a with SHA-256, in
// the dialect that the public clients of Amazon Cognito speak: the 3072-bit group
// of RFC 5054, hashes over Java's BigInteger bytes, and a 16-byte session key that
// signs the answer.
//
// The arithmetic is that of math/big, which is not constant-time. Every exponent
// that it meets is used once, except the verifier, which is a base, not an exponent.
package srp

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math/big"
)

// Errors of this package. They say nothing about the password.
var (
	ErrHex       = errors.New("srp: not a hexadecimal number of the group")
	ErrPublicKey = errors.New("srp: public value is a multiple of the prime")
	ErrRange     = errors.New("srp: not a positive number below the prime")
)

const (
	saltBytes   = 16
	secretBytes = 32 // RFC 5054 section 3.1 asks for at least 256 bits
	keyBytes    = 16
)

// An Identity is whom a password belongs to. For users Group is the pool's ID
// after the underscore and Name the username as stored; for remembered devices
// they are the device's group key and key.
type Identity struct{ Group, Name string }

// NewSalt returns 16 random bytes. The first is never zero: some clients drop
// leading zeros before they hash and others keep them.
func NewSalt() []byte {
	salt := make([]byte, saltBytes)
	for salt[0] == 0 {
		rand.Read(salt)
	}
	return salt
}

// Verifier returns v = g^x mod N, what a server keeps instead of the password.
func Verifier(id Identity, password string, salt []byte) *big.Int {
	return new(big.Int).Exp(generator, private(id, password, salt), prime)
}

// private returns x = H(PAD(salt) | H(group | name | ":" | password)).
func private(id Identity, password string, salt []byte) *big.Int {
	inner := sha256.Sum256([]byte(id.Group + id.Name + ":" + password))
	s := new(big.Int).SetBytes(salt)
	return new(big.Int).SetBytes(hash(pad(s), inner[:]))
}

// ParseHex reads a public value as clients send it: unpadded hexadecimal digits
// of either case, perhaps an odd number of them. It refuses numbers longer than
// the prime and multiples of it (RFC 5054 section 2.5.4).
func ParseHex(s string) (*big.Int, error) {
	if s == "" || len(s) > 2*modulusBytes+2 {
		return nil, ErrHex
	}
	if len(s)%2 == 1 {
		s = "0" + s
	}
	raw, err := hex.DecodeString(s)
	if err != nil {
		return nil, ErrHex
	}
	n := new(big.Int).SetBytes(raw)
	if n.BitLen() > 8*modulusBytes {
		return nil, ErrHex
	}
	if new(big.Int).Mod(n, prime).Sign() == 0 {
		return nil, ErrPublicKey
	}
	return n, nil
}

// Reduce turns bytes into a member of the group, for a verifier that nobody has.
func Reduce(raw []byte) *big.Int {
	n := new(big.Int).SetBytes(raw)
	return n.Mod(n, prime)
}

// Accept is the server's half of the exchange: from the client's public value it
// makes the server's, and the key that both sides then share.
func Accept(clientPublic, verifier *big.Int) (serverPublic *big.Int, key []byte, err error) {
	secret := make([]byte, secretBytes)
	rand.Read(secret)
	return accept(clientPublic, verifier, new(big.Int).SetBytes(secret))
}

func accept(a, v, secret *big.Int) (serverPublic *big.Int, key []byte, err error) {
	b := new(big.Int).Mul(multiplier, v)
	b.Add(b, new(big.Int).Exp(generator, secret, prime)).Mod(b, prime)
	u := scrambler(a, b)
	if u.Sign() == 0 || b.Sign() == 0 || new(big.Int).Mod(a, prime).Sign() == 0 {
		return nil, nil, ErrPublicKey
	}
	s := new(big.Int).Exp(v, u, prime)
	s.Mul(s, a).Mod(s, prime)
	s.Exp(s, secret, prime)
	return b, sessionKey(u, s), nil
}

// scrambler returns u = H(PAD(A) | PAD(B)).
func scrambler(a, b *big.Int) *big.Int {
	return new(big.Int).SetBytes(hash(pad(a), pad(b)))
}

// sessionKey derives 16 bytes from the shared secret by HKDF with the salt u.
func sessionKey(u, s *big.Int) []byte {
	extract := hmac.New(sha256.New, pad(u))
	extract.Write(pad(s))
	expand := hmac.New(sha256.New, extract.Sum(nil))
	expand.Write([]byte("Caldera Derived Key\x01"))
	return expand.Sum(nil)[:keyBytes]
}

// Sign returns the proof of the key: an HMAC over the identity, the server's
// secret block and the client's timestamp as sent.
func Sign(key []byte, id Identity, block []byte, timestamp string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id.Group + id.Name))
	mac.Write(block)
	mac.Write([]byte(timestamp))
	return mac.Sum(nil)
}

// Verify reports, in constant time, whether signature is what Sign returns.
func Verify(key []byte, id Identity, block []byte, timestamp string, signature []byte) bool {
	return hmac.Equal(Sign(key, id, block, timestamp), signature)
}

// ParseSigned reads a number that a client sends as the bytes of a signed one, as
// Java's BigInteger writes them: a verifier, or the salt of one. It refuses what is
// not positive, and what is not less than the prime.
func ParseSigned(raw []byte) (*big.Int, error) {
	if len(raw) == 0 || len(raw) > modulusBytes+1 || raw[0]&0x80 != 0 {
		return nil, ErrRange
	}
	n := new(big.Int).SetBytes(raw)
	if n.Sign() == 0 || n.Cmp(prime) >= 0 {
		return nil, ErrRange
	}
	return n, nil
}
