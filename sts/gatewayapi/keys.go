package gatewayapi

import (
	"context"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/internal/keyring"
)

// keyScope names the key that gateways get where none is configured. It is a
// signing key of the ring, so that it is made, sealed, replaced and forgotten as
// all others are; an access key and its secret follow from it.
const (
	keyScope     = "gateway"
	keyAlgorithm = "EdDSA"
)

// MakeKey returns the gateway key of a ring. The first call makes it.
func MakeKey(ctx context.Context, ring keyring.Ring) (Key, error) {
	k, err := ring.Signer(ctx, keyScope, keyAlgorithm)
	if err != nil {
		return Key{}, err
	}
	return gatewayKey(k)
}

// RotateKey makes another gateway key. The one before it is accepted for keep.
func RotateKey(ctx context.Context, ring keyring.Ring, keep time.Duration) (Key, error) {
	if _, err := MakeKey(ctx, ring); err != nil {
		return Key{}, err
	}
	k, err := ring.Rotate(ctx, keyScope, keep)
	if err != nil {
		return Key{}, err
	}
	return gatewayKey(k)
}

// RingKeys returns the keys of a ring that are accepted now, the newest first.
func RingKeys(ctx context.Context, ring keyring.Ring) ([]Key, error) {
	published, err := ring.Published(ctx, keyScope)
	if err != nil {
		return nil, err
	}
	keys := make([]Key, 0, len(published))
	for _, k := range published {
		key, err := gatewayKey(k)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}

func gatewayKey(k *keyring.Key) (Key, error) {
	private, ok := k.Private.(ed25519.PrivateKey)
	if !ok {
		return Key{}, fmt.Errorf("gatewayapi: key %s is no %s key", k.ID, keyAlgorithm)
	}
	m := hmac.New(sha256.New, private.Seed())
	m.Write([]byte("secret access key"))
	return Key{"PHGW" + strings.ToUpper(k.ID[:16]), base64.StdEncoding.EncodeToString(m.Sum(nil))[:40]}, nil
}
