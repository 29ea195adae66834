package userpool

import (
	"context"
	"time"
)

// PasskeyRules are a pool's rules for passkeys: its WebAuthnConfiguration.
type PasskeyRules struct {
	Configured bool `json:",omitempty"` // by SetUserPoolMfaConfig

	// RelyingParty is the host name that passkeys are made for; where empty it is
	// that of the pool's domain, or of the server.
	RelyingParty string `json:",omitempty"`
	// VerifyUser asks for the user's PIN or finger at every use.
	VerifyUser bool `json:",omitempty"`
	// MultiFactor lets a passkey that verified its user stand for both factors.
	MultiFactor bool `json:",omitempty"`
}

// A Passkey is a public key that an authenticator made for a user.
type Passkey struct {
	Pool         PoolID
	Sub          string // of its user
	ID           string // base64url, as the authenticator chose it
	Name         string
	RelyingParty string
	Attachment   string   `json:",omitempty"` // platform or cross-platform, if known
	Transports   []string `json:",omitempty"`
	Created      time.Time
	Used         time.Time

	PublicKey      []byte // COSE
	Count          uint32 // of signatures, as the authenticator last told; 0 where it does not count
	AAGUID         []byte `json:",omitempty"`
	BackupEligible bool   `json:",omitempty"`
	BackedUp       bool   `json:",omitempty"`
	UserVerified   bool   `json:",omitempty"` // when it was made
}

// A PasskeyStore keeps passkeys.
type PasskeyStore interface {
	// CreatePasskey adds a passkey. It returns ErrConflict for an ID that the pool
	// knows already, whosever it is, ErrLimitExceeded where the user has limit
	// passkeys, and ErrUserNotFound.
	CreatePasskey(ctx context.Context, k *Passkey, limit int) error
	// Passkeys returns all passkeys of a user, the oldest first.
	Passkeys(ctx context.Context, pool PoolID, sub string) ([]*Passkey, error)
	// UpdatePasskey replaces the passkey with the result of fn, as one atomic step.
	// Its pool, user and ID do not change. Another user's is ErrNotFound.
	UpdatePasskey(ctx context.Context, pool PoolID, sub, id string, fn func(*Passkey) error) (*Passkey, error)
	DeletePasskey(ctx context.Context, pool PoolID, sub, id string) error
}
