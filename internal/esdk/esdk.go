// Package esdk writes messages of the AWS Encryption SDK, message format version 1,
// so that functions decrypt them with the library they ship. It only encrypts, in
// the one algorithm suite that Cognito's custom sender triggers use.
//
// The format is that of the AWS Encryption SDK Developer Guide, "message format
// reference". All numbers are big-endian.
package esdk

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Of the suite AES-256-GCM, HKDF with SHA-384, ECDSA P-384, without key commitment.
const (
	suite     = 0x0378
	keyBytes  = 32
	ivBytes   = 12
	idBytes   = 16
	frameSize = 4096
)

// publicKeyEntry is the entry of the encryption context that names the key which
// the message is signed with.
const publicKeyEntry = "aws-crypto-public-key"

// A DataKey is the message's data key, wrapped for whoever may open it.
type DataKey struct {
	Provider string // "aws-kms"
	Info     string // the key's ARN
	Wrapped  []byte
}

// A Wrapper wraps a data key under the encryption context of its message, which
// whoever unwraps it must know.
type Wrapper func(key []byte, context map[string]string) (DataKey, error)

// maxPlain is the longest plaintext that fits into one frame. Codes and passwords
// are far below it.
const maxPlain = frameSize

// ErrTooLong is a plaintext of more than one frame.
var ErrTooLong = errors.New("esdk: plaintext is longer than 4096 bytes")

// Encrypt returns a message that holds plain. The context is authenticated and not
// secret.
func Encrypt(plain []byte, context map[string]string, wrap Wrapper) ([]byte, error) {
	if len(plain) > maxPlain {
		return nil, ErrTooLong
	}
	signer, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		return nil, err
	}
	context = maps.Clone(context)
	if context == nil {
		context = map[string]string{}
	}
	if context[publicKeyEntry], err = publicKey(signer); err != nil {
		return nil, err
	}
	dataKey, id := make([]byte, keyBytes), make([]byte, idBytes)
	rand.Read(dataKey)
	rand.Read(id)
	wrapped, err := wrap(dataKey, context)
	if err != nil {
		return nil, err
	}
	aead, err := messageKey(dataKey, id)
	if err != nil {
		return nil, err
	}
	header, err := appendHeader(nil, id, context, wrapped)
	if err != nil {
		return nil, err
	}
	message := appendHeaderTag(header, aead)
	message = appendFrame(message, aead, id, plain)
	return appendSignature(message, signer)
}

// publicKey is the compressed point of the signing key, in base64.
func publicKey(k *ecdsa.PrivateKey) (string, error) {
	point, err := k.PublicKey.Bytes() // 04, X, Y
	if err != nil {
		return "", err
	}
	half := (len(point) - 1) / 2
	compressed := append([]byte{2 + point[len(point)-1]&1}, point[1:1+half]...)
	return base64.StdEncoding.EncodeToString(compressed), nil
}

// messageKey derives the key of one message from its data key.
func messageKey(dataKey, id []byte) (cipher.AEAD, error) {
	info := append(binary.BigEndian.AppendUint16(nil, suite), id...)
	key, err := hkdf.Key(sha512.New384, dataKey, nil, string(info), keyBytes)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// appendHeader writes the header without its tag.
func appendHeader(b, id []byte, context map[string]string, key DataKey) ([]byte, error) {
	b = append(b, 1, 0x80) // version 1, customer authenticated encrypted data
	b = binary.BigEndian.AppendUint16(b, suite)
	b = append(b, id...)
	encoded, err := Context(context)
	if err != nil {
		return nil, err
	}
	if b, err = appendField(b, encoded); err != nil {
		return nil, err
	}
	b = binary.BigEndian.AppendUint16(b, 1) // data keys
	for _, field := range [][]byte{[]byte(key.Provider), []byte(key.Info), key.Wrapped} {
		if b, err = appendField(b, field); err != nil {
			return nil, err
		}
	}
	b = append(b, 2, 0, 0, 0, 0, ivBytes) // framed, reserved, length of an IV
	return binary.BigEndian.AppendUint32(b, frameSize), nil
}

// Context writes an encryption context as messages carry it: the number of
// entries, then names and values sorted by name. It is the same for equal contexts.
func Context(context map[string]string) (b []byte, err error) {
	if len(context) == 0 {
		return nil, nil
	}
	b = binary.BigEndian.AppendUint16(b, uint16(min(len(context), 1<<16-1)))
	for _, name := range slices.Sorted(maps.Keys(context)) {
		if b, err = appendField(b, []byte(name)); err != nil {
			return nil, err
		}
		if b, err = appendField(b, []byte(context[name])); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// appendField writes a value behind its length.
func appendField(b, value []byte) ([]byte, error) {
	if len(value) > 1<<16-1 {
		return nil, fmt.Errorf("esdk: a field of %d bytes", len(value))
	}
	return append(binary.BigEndian.AppendUint16(b, uint16(len(value))), value...), nil
}

// appendHeaderTag authenticates the header. Frames count from 1, so that the IV of
// zeros is the header's alone.
func appendHeaderTag(header []byte, aead cipher.AEAD) []byte {
	iv := make([]byte, ivBytes)
	return append(append(header, iv...), aead.Seal(nil, iv, nil, header)...)
}

// appendFrame writes the only frame, which is the final one.
func appendFrame(b []byte, aead cipher.AEAD, id, plain []byte) []byte {
	const sequence = 1
	iv := make([]byte, ivBytes)
	iv[ivBytes-1] = sequence
	aad := append(slices.Clone(id), "AWSKMSEncryptionClient Final Frame"...)
	aad = binary.BigEndian.AppendUint32(aad, sequence)
	aad = binary.BigEndian.AppendUint64(aad, uint64(len(plain)))

	b = binary.BigEndian.AppendUint32(b, 0xffffffff)
	b = binary.BigEndian.AppendUint32(b, sequence)
	b = append(b, iv...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(plain)))
	return append(b, aead.Seal(nil, iv, plain, aad)...)
}

// appendSignature signs all of the message before it.
func appendSignature(b []byte, k *ecdsa.PrivateKey) ([]byte, error) {
	sum := sha512.Sum384(b)
	signature, err := ecdsa.SignASN1(rand.Reader, k, sum[:])
	if err != nil {
		return nil, err
	}
	return appendField(b, signature)
}
