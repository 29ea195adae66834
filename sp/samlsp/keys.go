package samlsp

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"time"

	"github.com/poolhouse/poolhouse/internal/keyring"
	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/userpool"
)

// KeySchedule is how the keys of a pool as service provider grow old: there is a new
// one each year, and an old one is good for as long as its certificate, ten years
// in all, because providers hold certificates that somebody gave them by hand.
var KeySchedule = keyring.Schedule{Age: year, Lead: 30 * 24 * time.Hour, Keep: 9 * year}

const year = 365 * 24 * time.Hour

// KeyScopes are the scopes of a pool's keys, for Renew.
func KeyScopes(pool userpool.PoolID) []string {
	return []string{signingScope(pool), encryptionScope(pool)}
}

func signingScope(pool userpool.PoolID) string { return "pool/" + string(pool) + "/saml-sp" }
func encryptionScope(pool userpool.PoolID) string {
	return "pool/" + string(pool) + "/saml-sp-encryption"
}

// SigningCertificate is the certificate of the newest key of a pool in use: what a
// provider that is set up now has to know.
func (s *Service) SigningCertificate(ctx context.Context, pool userpool.PoolID) (*x509.Certificate, error) {
	return s.certificate(ctx, pool, signingScope(pool))
}

// EncryptionCertificate is the certificate that assertions for a pool are encrypted to.
func (s *Service) EncryptionCertificate(ctx context.Context, pool userpool.PoolID) (*x509.Certificate, error) {
	return s.certificate(ctx, pool, encryptionScope(pool))
}

func (s *Service) certificate(ctx context.Context, pool userpool.PoolID, scope string) (*x509.Certificate, error) {
	key, err := s.Keys.CertifiedSigner(ctx, scope, string(pool))
	if err != nil {
		return nil, err
	}
	return key.Certificate, nil
}

// signer returns the key that messages to a provider are signed with: the one whose
// certificate its administrator could get when it was set up. A newer key would
// lock out everybody at a provider that was never told of it.
func (s *Service) signer(ctx context.Context, p *userpool.Provider) (samlxml.Signer, error) {
	active, err := s.Keys.CertifiedSigner(ctx, signingScope(p.Pool), string(p.Pool))
	if err != nil {
		return samlxml.Signer{}, err
	}
	published, err := s.Keys.Published(ctx, signingScope(p.Pool))
	if err != nil {
		return samlxml.Signer{}, err
	}
	chosen := active
	for _, k := range published {
		if k.State == keyring.Retired && fits(k, chosen, p.Created) {
			chosen = k
		}
	}
	return samlxml.Signer{Key: chosen.Private, Certificate: chosen.Certificate, Method: samlxml.RSASHA256}, nil
}

// fits reports whether k was the key of that time rather than other: the last that
// had begun, else the first of all.
func fits(k, other *keyring.Key, at time.Time) bool {
	if began(other).After(at) {
		return began(k).Before(began(other))
	}
	return !began(k).After(at) && began(k).After(began(other))
}

// began is when a key began to sign.
func began(k *keyring.Key) time.Time {
	if !k.SignFrom.IsZero() {
		return k.SignFrom
	}
	return k.Created
}

// decrypting returns every key that a provider may have encrypted to.
func (s *Service) decrypting(ctx context.Context, pool userpool.PoolID) ([]*rsa.PrivateKey, error) {
	if _, err := s.EncryptionCertificate(ctx, pool); err != nil { // made on first use
		return nil, err
	}
	published, err := s.Keys.Published(ctx, encryptionScope(pool))
	if err != nil {
		return nil, err
	}
	var keys []*rsa.PrivateKey
	for _, k := range published {
		key, ok := k.Private.(*rsa.PrivateKey)
		if !ok {
			return nil, fmt.Errorf("samlsp: a %T cannot decrypt", k.Private)
		}
		keys = append(keys, key)
	}
	return keys, nil
}
