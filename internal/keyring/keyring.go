// Package keyring owns every key of the server: the sealing of secrets at rest
// under the master key, the signing keys and certificates of each scope, and
// the named secrets that derived credentials come from.
package keyring

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"time"
)

// Errors of this package.
var (
	ErrWrongMasterKey = errors.New("keyring: the master key does not open this database")
	ErrSealBroken     = errors.New("keyring: sealed value does not open")
	ErrNotFound       = errors.New("keyring: no such key")
)

// A Sealer seals secrets at rest with an AEAD.
type Sealer interface {
	// Seal encrypts plaintext. aad binds the value to the row it stands in, for
	// instance "userpool_clients/secret/us-east-1_Abc/clientid".
	Seal(plaintext []byte, aad string) ([]byte, error)
	// Open decrypts what Seal made with the same aad, else ErrSealBroken.
	Open(sealed []byte, aad string) ([]byte, error)
}

// State is where a signing key stands in its life.
type State string

// A key is published before it signs and after it stopped signing, so that no
// verifier with a cached key set ever meets an unknown key.
const (
	Next    State = "next"    // published, signing from SignFrom on
	Active  State = "active"  // signing
	Retired State = "retired" // published, no longer signing
)

// A Key is one signing key.
type Key struct {
	ID          string // kid
	Scope       string // for instance "pool/us-east-1_Abc/id"
	Algorithm   string // RS256, ES256 … (RFC 7518 section 3.1)
	State       State
	Private     crypto.Signer     // kept precomputed
	Certificate *x509.Certificate // only for scopes made with a subject
	Created     time.Time
	NotAfter    time.Time // zero while the key is active or next
	SignFrom    time.Time // when a next key begins to sign; zero where that is not settled
}

// A Ring hands out keys. It is safe for concurrent use and caches what it read;
// what another process does to a key is seen within ten seconds.
type Ring interface {
	Sealer

	// Signer returns the active key of a scope, making it on first use.
	Signer(ctx context.Context, scope, algorithm string) (*Key, error)
	// CertifiedSigner is Signer for a scope whose keys carry a self-signed
	// certificate for subject (a common name).
	CertifiedSigner(ctx context.Context, scope, subject string) (*Key, error)
	// CertifiedSignerOf is CertifiedSigner for another algorithm than RS256.
	CertifiedSignerOf(ctx context.Context, scope, algorithm, subject string) (*Key, error)
	// Published returns every key of a scope that verifiers should know.
	Published(ctx context.Context, scope string) ([]*Key, error)
	// Recent is Published for several scopes, as they were at most age ago.
	Recent(ctx context.Context, age time.Duration, scopes ...string) ([]*Key, error)
	// Rotate makes a new key active now and keeps the old one published for keep.
	Rotate(ctx context.Context, scope string, keep time.Duration) (*Key, error)
	// Prepare publishes the key that Rotate makes active next, without a time for that.
	Prepare(ctx context.Context, scope string) (*Key, error)
	// Schedule publishes the next key of a scope and lets it sign once it was published
	// for lead. Where that was settled for an earlier time it stays so.
	Schedule(ctx context.Context, scope string, lead time.Duration) (*Key, error)
	// Revoke deletes a key, which verifies nothing from then on, and returns the one
	// that signs in its place. It returns ErrNotFound for a key that is not there.
	Revoke(ctx context.Context, scope, id string) (*Key, error)
	// Drop deletes all keys of a scope and below it (scope + "/").
	Drop(ctx context.Context, scope string) error
	// Secret returns a named random secret of 32 bytes, made on first use.
	Secret(ctx context.Context, name string) ([]byte, error)
}
