package userpool

import "context"

// A RecoveryCodeStore keeps the recovery codes of users, as keyed hashes.
type RecoveryCodeStore interface {
	// SetRecoveryCodes replaces all recovery codes of a user, or returns
	// ErrUserNotFound.
	SetRecoveryCodes(ctx context.Context, pool PoolID, sub string, hashes [][]byte) error
	// HasRecoveryCode reports whether a user has a code.
	HasRecoveryCode(ctx context.Context, pool PoolID, sub string, hash []byte) (bool, error)
	// UseRecoveryCode deletes a code of a user. Of many callers exactly one
	// succeeds; the others get ErrNotFound.
	UseRecoveryCode(ctx context.Context, pool PoolID, sub string, hash []byte) error
	CountRecoveryCodes(ctx context.Context, pool PoolID, sub string) (int, error)
}
