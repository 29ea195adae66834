package sts

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"slices"
)

// Limits of the private keys of a provider.
const (
	maxSAMLKeys    = 2
	minSAMLKeyBits = 2048
)

// withKey stores the private key that a change brings, calls change with what
// refers to it, and takes it away again if change fails. One that stays behind all
// the same is listed by no provider, and so opens nothing.
func (s *Service) withKey(ctx context.Context, provider string, c SAMLChange, change func(*SAMLKeyRef) error) error {
	if c.AddKey == nil {
		return change(nil)
	}
	der, err := readSAMLKey(*c.AddKey)
	if err != nil {
		return err
	}
	k := &SAMLKey{Account: s.Account, ID: newID("", 32), Provider: provider, PKCS8: der}
	if err := s.Store.SAMLKeys().Create(ctx, k); err != nil {
		return err
	}
	if err := change(&SAMLKeyRef{ID: k.ID, Created: s.now()}); err != nil {
		return errors.Join(err, s.Store.SAMLKeys().Delete(ctx, s.Account, k.ID, always))
	}
	return nil
}

// changeEncryption changes mode and keys. An assertion that must be encrypted needs
// a key that opens it.
func (p *SAMLProvider) changeEncryption(c SAMLChange, add *SAMLKeyRef) error {
	if c.RemoveKey != nil {
		i := slices.IndexFunc(p.Keys, func(k SAMLKeyRef) bool { return k.ID == *c.RemoveKey })
		if i < 0 {
			return fail(ErrNotFound, "The private key with id "+*c.RemoveKey+" cannot be found.")
		}
		p.Keys = slices.Delete(p.Keys, i, i+1)
	}
	if add != nil {
		if len(p.Keys) >= maxSAMLKeys {
			return fail(ErrLimitExceeded, "Cannot exceed quota for PrivateKeysPerSAMLProvider: 2")
		}
		p.Keys = append(p.Keys, *add)
	}
	if c.Encryption != nil {
		p.Encryption = *c.Encryption
	}
	if p.Encryption == EncryptionRequired && len(p.Keys) == 0 {
		return fail(ErrInvalidInput, "AssertionEncryptionMode Required needs a private key.")
	}
	return nil
}

// readSAMLKey reads an RSA key in PEM. One with a passphrase is refused.
func readSAMLKey(text string) (pkcs8 []byte, err error) {
	invalid := func(cause error) error {
		return &Fault{Kind: ErrInvalidInput, Text: "The private key is not valid: it must be an RSA key of 2048 bits or more in PEM, without a passphrase.", Cause: cause}
	}
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, invalid(nil)
	}
	var key any
	switch block.Type {
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	}
	if err != nil {
		return nil, invalid(err)
	}
	private, ok := key.(*rsa.PrivateKey)
	if !ok || private.N.BitLen() < minSAMLKeyBits {
		return nil, invalid(nil)
	}
	return x509.MarshalPKCS8PrivateKey(private)
}

// SAMLPrivateKeys returns the keys that open a provider's assertions, the newest
// first.
func (s *Service) SAMLPrivateKeys(ctx context.Context, p *SAMLProvider) ([]*rsa.PrivateKey, error) {
	var out []*rsa.PrivateKey
	for _, ref := range slices.Backward(p.Keys) {
		k, err := s.Store.SAMLKeys().Get(ctx, p.Account, ref.ID)
		if errors.Is(err, ErrNotFound) || err == nil && k.Provider != p.ID {
			continue // removed a moment ago
		}
		if err != nil {
			return nil, err
		}
		key, err := x509.ParsePKCS8PrivateKey(k.PKCS8)
		if err != nil {
			return nil, err
		}
		if private, ok := key.(*rsa.PrivateKey); ok {
			out = append(out, private)
		}
	}
	return out, nil
}
