package samlxml

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
)

// Block encryption methods.
const (
	AES128GCM = "http://www.w3.org/2009/xmlenc11#aes128-gcm"
	AES256GCM = "http://www.w3.org/2009/xmlenc11#aes256-gcm"
	AES128CBC = "http://www.w3.org/2001/04/xmlenc#aes128-cbc" // only where an app insists
	AES256CBC = "http://www.w3.org/2001/04/xmlenc#aes256-cbc"

	aes192GCM = "http://www.w3.org/2009/xmlenc11#aes192-gcm"
	typeInner = "http://www.w3.org/2001/04/xmlenc#Element"
)

type block struct {
	key int // bytes
	gcm bool
}

var blocks = map[string]block{
	AES128GCM: {16, true},
	AES256GCM: {32, true},
	aes192GCM: {24, true},
	AES128CBC: {16, false},
	AES256CBC: {32, false},
}

// CanEncrypt reports whether a method is one that WriteResponse knows.
func CanEncrypt(method string) bool { return blocks[method].key > 0 }

// wrap encrypts a signed assertion into a canonical EncryptedAssertion. The key
// goes by Transport.
func (e *Encryption) wrap(assertion string) (string, error) {
	b, ok := blocks[e.Method]
	if !ok {
		return "", fmt.Errorf("%w: encryption method %q", ErrAlgorithm, e.Method)
	}
	pub, ok := e.Certificate.PublicKey.(*rsa.PublicKey)
	if !ok || pub.N.BitLen() < 2048 {
		return "", fmt.Errorf("%w: encryption needs an RSA key of 2048 bits or more", ErrAlgorithm)
	}
	key := make([]byte, b.key)
	rand.Read(key)
	text, err := b.seal(key, []byte(assertion))
	if err != nil {
		return "", err
	}
	opts, err := e.Transport.options()
	if err != nil {
		return "", err
	}
	wrapped, err := rsa.EncryptOAEPWithOptions(rand.Reader, pub, key, opts)
	if err != nil {
		return "", fmt.Errorf("samlxml: wrap key: %w", err)
	}
	return encryptedAssertion(e, wrapped, text), nil
}

func encryptedAssertion(e *Encryption, wrapped, text []byte) string {
	var w writer
	w.open("saml:EncryptedAssertion", "xmlns:saml", nsAssertion)
	w.open("xenc:EncryptedData", "xmlns:xenc", nsEncrypt, "Type", typeInner)
	w.leaf("xenc:EncryptionMethod", "", "Algorithm", e.Method)
	w.open("ds:KeyInfo", "xmlns:ds", nsSignature)
	w.open("xenc:EncryptedKey")
	w.transport(e.Transport)
	w.open("ds:KeyInfo")
	w.open("ds:X509Data")
	w.leaf("ds:X509Certificate", base64.StdEncoding.EncodeToString(e.Certificate.Raw))
	w.close("ds:X509Data")
	w.close("ds:KeyInfo")
	w.cipherData(wrapped)
	w.close("xenc:EncryptedKey")
	w.close("ds:KeyInfo")
	w.cipherData(text)
	w.close("xenc:EncryptedData")
	w.close("saml:EncryptedAssertion")
	return w.String()
}

func (w *writer) cipherData(data []byte) {
	w.open("xenc:CipherData")
	w.leaf("xenc:CipherValue", base64.StdEncoding.EncodeToString(data))
	w.close("xenc:CipherData")
}

// seal encrypts with a fresh nonce or IV in front (XML Encryption 1.1, 5.2).
func (b block) seal(key, plain []byte) ([]byte, error) {
	c, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	if b.gcm {
		g, err := cipher.NewGCM(c)
		if err != nil {
			return nil, err
		}
		nonce := make([]byte, g.NonceSize())
		rand.Read(nonce)
		return g.Seal(nonce, nonce, plain, nil), nil
	}
	n := aes.BlockSize - len(plain)%aes.BlockSize
	plain = append(bytes.Clone(plain), bytes.Repeat([]byte{byte(n)}, n)...)
	out := make([]byte, aes.BlockSize+len(plain))
	rand.Read(out[:aes.BlockSize])
	cipher.NewCBCEncrypter(c, out[:aes.BlockSize]).CryptBlocks(out[aes.BlockSize:], plain)
	return out, nil
}
