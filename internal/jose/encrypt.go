package jose

import (
	"context"
	"slices"

	gojose "github.com/go-jose/go-jose/v4"
)

// Encrypt returns payload as a JWE in its compact serialization, to the first of
// the keys that fits manager (alg); content (enc) is DefaultContent where it is
// empty. contentType is written as cty: "JWT" for a token inside. There is no
// compression. It returns ErrNoKey, or ErrUnavailable.
func Encrypt(ctx context.Context, keys KeySet, manager, content, contentType string, payload []byte) (string, error) {
	if content == "" {
		content = DefaultContent
	}
	if !slices.Contains(Contents, content) || !slices.Contains(KeyManagers, manager) {
		return "", invalid("encryption with %q and %q", manager, content)
	}
	all, err := keys.Find(ctx, "")
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(all, func(k Key) bool { return k.encrypts(manager) })
	if i < 0 {
		return "", ErrNoKey
	}
	options := &gojose.EncrypterOptions{}
	if contentType != "" {
		options.WithContentType(gojose.ContentType(contentType))
	}
	encrypter, err := gojose.NewEncrypter(gojose.ContentEncryption(content),
		gojose.Recipient{Algorithm: gojose.KeyAlgorithm(manager), Key: all[i].Material, KeyID: all[i].ID}, options)
	if err != nil {
		return "", err
	}
	jwe, err := encrypter.Encrypt(payload)
	if err != nil {
		return "", err
	}
	return jwe.CompactSerialize()
}

// Encrypted reports whether a token has the parts of a JWE.
func Encrypted(raw string) bool {
	_, err := split(raw, 5)
	return err == nil
}

// Decrypt opens a JWE in its compact serialization with one of keys, whose
// algorithm, where it has one, must be the token's. alg and enc must be of
// managers and contents; dir and its empty key are taken only where managers has
// it, PBES2 never. Whatever is wrong with a token is ErrInvalid, and
// nothing tells what (RFC 7516 section 11.5).
func Decrypt(raw string, keys []PrivateKey, managers, contents []string) (plaintext []byte, h Header, err error) {
	if h, err = split(raw, 5); err != nil {
		return nil, Header{}, err
	}
	known := slices.Contains(KeyManagers, h.Algorithm) || h.Algorithm == Direct
	if !known || !slices.Contains(managers, h.Algorithm) || !slices.Contains(contents, h.Encryption) {
		return nil, Header{}, invalid("encryption with %q and %q", h.Algorithm, h.Encryption)
	}
	jwe, err := gojose.ParseEncryptedCompact(raw, []gojose.KeyAlgorithm{gojose.KeyAlgorithm(h.Algorithm)},
		[]gojose.ContentEncryption{gojose.ContentEncryption(h.Encryption)})
	if err != nil {
		return nil, Header{}, invalid("not a JWE")
	}
	for _, key := range keys {
		if !key.opens(h) {
			continue
		}
		if plaintext, err := jwe.Decrypt(key.Private); err == nil {
			return plaintext, h, nil
		}
	}
	return nil, Header{}, ErrNoKey
}

// opens reports whether a key may be the one that a JWE was made for.
func (k *PrivateKey) opens(h Header) bool {
	return (k.Algorithm == "" || k.Algorithm == h.Algorithm) && (h.KeyID == "" || k.ID == "" || k.ID == h.KeyID) &&
		fits(publicOf(k.Private), h.Algorithm)
}
