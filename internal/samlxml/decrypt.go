package samlxml

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rsa"
	"encoding/base64"
	"fmt"

	"github.com/beevik/etree"
	"github.com/crewjam/saml"
)

// decryptAssertion decrypts an EncryptedAssertion and parses what was in it. A
// failure is ErrDecrypt, whatever its cause.
func decryptAssertion(el *etree.Element, keys []*rsa.PrivateKey, cbc bool) (*etree.Element, error) {
	plain, err := decryptData(el, keys, cbc)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDecrypt, err)
	}
	doc, err := Parse(plain, Messages())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDecrypt, err)
	}
	root := doc.Root()
	if !is(root, nsAssertion, "Assertion") {
		return nil, fmt.Errorf("%w: content is %q", ErrDecrypt, root.Tag)
	}
	return root, noStrays(root, root)
}

// decryptName decrypts an EncryptedID of a message that was verified. A failure is
// ErrDecrypt, whatever its cause.
func decryptName(el *etree.Element, p *Policy) (*saml.NameID, error) {
	plain, err := decryptData(el, p.Keys, p.CBC)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDecrypt, err)
	}
	doc, err := Parse(plain, Messages())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDecrypt, err)
	}
	parent := etree.NewElement("EncryptedID")
	parent.AddChild(doc.Root())
	name, err := decodeNameID(parent)
	if err != nil || name == nil || name.Value == "" {
		return nil, fmt.Errorf("%w: content is no NameID", ErrDecrypt)
	}
	return name, nil
}

func decryptData(el *etree.Element, keys []*rsa.PrivateKey, cbc bool) ([]byte, error) {
	data, err := mustChild(el, nsEncrypt, "EncryptedData")
	if err != nil {
		return nil, err
	}
	b, ok := blocks[methodOf(data)]
	if !ok || !b.gcm && !cbc {
		return nil, fmt.Errorf("%w: %q", ErrAlgorithm, methodOf(data))
	}
	wrapped, opts, err := encryptedKey(el, data)
	if err != nil {
		return nil, err
	}
	text, err := cipherValue(data)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		secret, err := key.Decrypt(nil, wrapped, opts)
		if err == nil && len(secret) == b.key {
			return b.open(secret, text)
		}
	}
	return nil, fmt.Errorf("no key of %d fits", len(keys))
}

// encryptedKey finds the one EncryptedKey, in KeyInfo or beside the data.
func encryptedKey(el, data *etree.Element) ([]byte, *rsa.OAEPOptions, error) {
	found := children(el, nsEncrypt, "EncryptedKey")
	for _, info := range children(data, nsSignature, "KeyInfo") {
		found = append(found, children(info, nsEncrypt, "EncryptedKey")...)
	}
	if len(found) != 1 {
		return nil, nil, malformed("%d encrypted keys", len(found))
	}
	opts, err := oaepOptions(found[0])
	if err != nil {
		return nil, nil, err
	}
	wrapped, err := cipherValue(found[0])
	return wrapped, opts, err
}

func oaepOptions(key *etree.Element) (*rsa.OAEPOptions, error) {
	el, err := mustChild(key, nsEncrypt, "EncryptionMethod")
	if err != nil {
		return nil, err
	}
	t := Transport{algorithm: attr(el, "Algorithm")}
	if t.algorithm == "" { // stands for itself only where we write
		return nil, fmt.Errorf("%w: no key transport", ErrAlgorithm)
	}
	digest, err := child(el, nsSignature, "DigestMethod")
	if err != nil {
		return nil, err
	}
	if digest != nil {
		t.digest = attr(digest, "Algorithm")
	}
	mgf, err := child(el, nsEncrypt11, "MGF")
	if err != nil {
		return nil, err
	}
	if mgf != nil {
		t.mgf = attr(mgf, "Algorithm")
	}
	return t.options()
}

func methodOf(el *etree.Element) string {
	for _, m := range children(el, nsEncrypt, "EncryptionMethod") {
		return attr(m, "Algorithm")
	}
	return ""
}

func cipherValue(el *etree.Element) ([]byte, error) {
	data, err := mustChild(el, nsEncrypt, "CipherData")
	if err != nil {
		return nil, err
	}
	value, err := mustChild(data, nsEncrypt, "CipherValue")
	if err != nil {
		return nil, err
	}
	encoded, err := text(value)
	if err != nil {
		return nil, err
	}
	return base64.StdEncoding.DecodeString(noSpace(encoded))
}

// open decrypts with the nonce or IV in front (XML Encryption 1.1, 5.2).
func (b block) open(key, text []byte) ([]byte, error) {
	c, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	if !b.gcm {
		return openCBC(c, text)
	}
	g, err := cipher.NewGCM(c)
	if err != nil {
		return nil, err
	}
	if len(text) < g.NonceSize()+g.Overhead() {
		return nil, malformed("%d bytes of cipher text", len(text))
	}
	return g.Open(nil, text[:g.NonceSize()], text[g.NonceSize():], nil)
}

// openCBC decrypts AES-CBC. Only the last byte of the padding has a meaning.
func openCBC(c cipher.Block, text []byte) ([]byte, error) {
	n := c.BlockSize()
	if len(text) < 2*n || len(text)%n != 0 {
		return nil, malformed("%d bytes of cipher text", len(text))
	}
	plain := make([]byte, len(text)-n)
	cipher.NewCBCDecrypter(c, text[:n]).CryptBlocks(plain, text[n:])
	padding := int(plain[len(plain)-1])
	if padding == 0 || padding > n {
		return nil, malformed("padding")
	}
	return plain[:len(plain)-padding], nil
}
