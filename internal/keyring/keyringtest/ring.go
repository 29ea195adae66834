// Package keyringtest provides rings for tests, and the contract suite of
// keyring.Store.
package keyringtest

import (
	"context"
	"crypto"
	"crypto/x509"
	_ "embed"
	"encoding/pem"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/keyring"
)

// New returns a ring on a store in memory.
func New(t testing.TB) *keyring.Keys {
	t.Helper()
	return Open(t, NewStore(), time.Now)
}

// Open returns a ring on a store. Its keys are as strong as real ones, but the
// RSA keys come from a file in this package, because making one takes 200 ms.
// Scopes of one ring have different keys; rings share them.
func Open(t testing.TB, store keyring.Store, now func() time.Time) *keyring.Keys {
	t.Helper()
	k, err := keyring.Open(context.Background(), store, Master(), now)
	if err != nil {
		t.Fatal(err)
	}
	k.Generate = (&dealer{}).deal
	return k
}

// Master returns the master key of these rings.
func Master() []byte { return []byte("keyringtest: 32 bytes, not secret")[:keyring.MasterSize] }

//go:embed testdata/rsa.pem
var rsaFile []byte

// rsaKeys parses the keys once for the whole test binary.
var rsaKeys = sync.OnceValues(func() (keys []crypto.Signer, err error) {
	for block, rest := pem.Decode(rsaFile); block != nil; block, rest = pem.Decode(rest) {
		key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key.(crypto.Signer))
	}
	return keys, nil
})

// A dealer deals the prepared keys, each once, and makes more when they run out.
type dealer struct {
	mu    sync.Mutex
	dealt int
}

func (d *dealer) deal(algorithm string) (crypto.Signer, error) {
	if !strings.HasPrefix(algorithm, "RS") && !strings.HasPrefix(algorithm, "PS") {
		return keyring.Generate(algorithm)
	}
	keys, err := rsaKeys()
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dealt == len(keys) {
		return keyring.Generate(algorithm)
	}
	d.dealt++
	return keys[d.dealt-1], nil
}
