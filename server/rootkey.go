package server

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"

	"github.com/poolhouse/poolhouse/internal/keyring"
)

// A RootKey is the account's root key.
type RootKey struct{ AccessKeyID, SecretAccessKey string }

// NewRootKey returns the root key and true if this start made it. It is shown
// then, and never again.
func (s *Server) NewRootKey() (RootKey, bool) {
	return RootKey{s.cfg.RootAccessKeyID, s.cfg.RootSecretAccessKey}, s.madeRootKey
}

// ensureRootKey gives the account a root key where the environment set none. It
// comes from a secret of the keyring, so that every node has the same one.
func (s *Server) ensureRootKey(ctx context.Context, keys *keyring.Keys) error {
	if s.cfg.RootAccessKeyID != "" {
		return nil
	}
	secret, err := keys.Secret(ctx, "root-key")
	if err != nil {
		return err
	}
	id := base32.StdEncoding.EncodeToString(derive(secret, "id"))[:16]
	s.cfg.RootAccessKeyID = "AKIA" + id
	s.cfg.RootSecretAccessKey = base64.StdEncoding.EncodeToString(derive(secret, "secret"))[:40]
	s.madeRootKey = s.fresh
	return nil
}

func derive(secret []byte, label string) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(label))
	return mac.Sum(nil)
}
