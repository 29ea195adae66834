package keyring

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
)

// MasterSize is the length of the master key in bytes.
const MasterSize = 32

// A sealed value is version, salt, ciphertext with tag. The version names the
// scheme and the master key, so that either can change without a flag day.
const (
	sealVersion = 1
	saltSize    = 24
)

// A sealer seals under a subkey of the master key. Every value gets an AES-256
// key of its own, derived from a random salt of 192 bits: random GCM nonces of 96
// bits would bound how many values one key may ever seal.
type sealer struct{ subkey []byte }

func newSealer(master []byte) (*sealer, error) {
	if len(master) != MasterSize {
		return nil, fmt.Errorf("keyring: the master key has %d bytes, not %d", len(master), MasterSize)
	}
	prk, err := hkdf.Extract(sha256.New, master, []byte("poolhouse keyring"))
	if err != nil {
		return nil, err
	}
	subkey, err := hkdf.Expand(sha256.New, prk, "seal v1", 32)
	if err != nil {
		return nil, err
	}
	return &sealer{subkey}, nil
}

// Seal implements Sealer.
func (s *sealer) Seal(plaintext []byte, aad string) ([]byte, error) {
	out := make([]byte, 1+saltSize, 1+saltSize+len(plaintext)+16)
	out[0] = sealVersion
	rand.Read(out[1:])
	aead, err := s.aead(out[1:])
	if err != nil {
		return nil, err
	}
	return aead.Seal(out, make([]byte, aead.NonceSize()), plaintext, []byte(aad)), nil
}

// Open implements Sealer.
func (s *sealer) Open(sealed []byte, aad string) ([]byte, error) {
	if len(sealed) < 1+saltSize || sealed[0] != sealVersion {
		return nil, ErrSealBroken
	}
	aead, err := s.aead(sealed[1 : 1+saltSize])
	if err != nil {
		return nil, err
	}
	plaintext, err := aead.Open(nil, make([]byte, aead.NonceSize()), sealed[1+saltSize:], []byte(aad))
	if err != nil {
		return nil, ErrSealBroken
	}
	return plaintext, nil
}

// aead returns the cipher of one salt. Its key is used once, so the nonce is zero.
func (s *sealer) aead(salt []byte) (cipher.AEAD, error) {
	key, err := hkdf.Expand(sha256.New, s.subkey, string(salt), 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
