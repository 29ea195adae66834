package sqlstore

import (
	"context"
	"time"

	"github.com/poolhouse/poolhouse/sts/identity"
)

const selectEnded = `SELECT i.id, i.pool, i.disabled, i.merged_into, i.created, i.modified, NULL, NULL, NULL FROM identity i `

// MergesDue implements identity.Store.
func (s *IdentityStore) MergesDue(ctx context.Context, now time.Time, limit int) ([]*identity.Identity, error) {
	return identities(ctx, s.db.read, selectEnded+`JOIN identity_merges m ON m.identity = i.id
		WHERE m.due <= $1 ORDER BY m.due, i.id LIMIT $2`, micros(now), limit)
}

// PostponeMerge implements identity.Store.
func (s *IdentityStore) PostponeMerge(ctx context.Context, id identity.ID, due time.Time) error {
	_, err := s.db.write.ExecContext(ctx, `UPDATE identity_merges SET due = $1 WHERE identity = $2`, micros(due), id)
	return err
}

// SettleMerge implements identity.Store.
func (s *IdentityStore) SettleMerge(ctx context.Context, id identity.ID) error {
	_, err := s.db.write.ExecContext(ctx, `DELETE FROM identity_merges WHERE identity = $1`, id)
	return err
}

// Doomed implements identity.Store.
func (s *IdentityStore) Doomed(ctx context.Context, limit int) ([]*identity.Identity, error) {
	return identities(ctx, s.db.read, selectEnded+`JOIN identity_pool p ON p.id = i.pool WHERE p.deleted = 1 LIMIT $1`, limit)
}
