package identity

import "context"

// Datasets is told what becomes of identities by whoever keeps data of theirs.
type Datasets interface {
	// IdentityMerged says that the logins of an identity now belong to another, which
	// is to have its data too. The merge has happened and is not undone by an error;
	// Identity.MergedInto still tells of it later.
	IdentityMerged(ctx context.Context, pool PoolID, from, into ID) error
	// IdentityDeleted and PoolDeleted are asked before the deletion, which an error
	// stops: it can be tried again.
	IdentityDeleted(ctx context.Context, pool PoolID, id ID) error
	PoolDeleted(ctx context.Context, pool PoolID) error
}

func (s *Service) merged(ctx context.Context, pool PoolID, from, into ID) {
	s.Log.InfoContext(ctx, "identity merged", "pool", pool, "from", from, "into", into)
	if s.Datasets == nil {
		return
	}
	if err := s.Datasets.IdentityMerged(ctx, pool, from, into); err != nil {
		s.Log.ErrorContext(ctx, "the data of a merged identity was not moved", "pool", pool, "from", from, "into", into, "error", err)
	}
}
