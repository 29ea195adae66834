package identity

import (
	"context"
	"errors"
	"time"
)

// Datasets is told what becomes of identities by whoever keeps data of theirs. Each
// call may come again, also while another node makes the same.
type Datasets interface {
	// IdentityMerged says that the logins of an identity now belong to another, which
	// is to have its data too. The merge has happened and is not undone by an error.
	IdentityMerged(ctx context.Context, pool PoolID, from, into ID) error
	// IdentityDeleted is asked before the deletion, which an error stops: it can be
	// tried again. It is called for a merged identity as well, once its data is moved
	// and what is left of it may go.
	IdentityDeleted(ctx context.Context, pool PoolID, id ID) error
	// PoolDeleted is asked before a pool is deleted, which an error stops, and once
	// more after the last of its identities. Those are deleted one by one in between.
	PoolDeleted(ctx context.Context, pool PoolID) error
}

const (
	// settleAfter is how long the data of a merged identity is kept where it was
	// after it was moved. A Redis that loses its last writes has lost the copy then,
	// and it is made again.
	settleAfter = time.Minute
	// settleAgain is how long to wait where that failed.
	settleAgain = 10 * time.Minute
)

// merged moves the data of an identity at once. Should that fail, or the process
// end, SettleMerges does it.
func (s *Service) merged(ctx context.Context, pool PoolID, from, into ID) {
	s.Log.InfoContext(ctx, "identity merged", "pool", pool, "from", from, "into", into)
	if s.Datasets == nil {
		return
	}
	if err := s.Datasets.IdentityMerged(ctx, pool, from, into); err != nil {
		s.Log.ErrorContext(ctx, "the data of a merged identity is not moved yet", "pool", pool, "from", from, "into", into, "error", err)
	}
}

// SettleMerges finishes up to limit merges: what is left of an identity that was
// merged away is moved, and then deleted. It returns how many it looked at.
func (s *Service) SettleMerges(ctx context.Context, limit int) (int, error) {
	due, err := s.Store.MergesDue(ctx, s.now(), limit)
	if err != nil {
		return 0, err
	}
	for _, i := range due {
		if err := s.settle(ctx, i); err != nil {
			if ctx.Err() != nil {
				return 0, ctx.Err()
			}
			s.Log.ErrorContext(ctx, "the data of a merged identity is not moved yet", "pool", i.Pool, "from", i.ID, "into", i.MergedInto, "error", err)
			if err := s.Store.PostponeMerge(ctx, i.ID, s.now().Add(settleAgain)); err != nil {
				return 0, err
			}
		}
	}
	return len(due), nil
}

func (s *Service) settle(ctx context.Context, i *Identity) error {
	if s.Datasets != nil {
		if err := s.clear(ctx, i); err != nil {
			return err
		}
	}
	return s.Store.SettleMerge(ctx, i.ID)
}

// clear has the data of an identity deleted, after what belongs to the one that it
// was merged into is moved there. If that one is gone, its data has no owner.
func (s *Service) clear(ctx context.Context, i *Identity) error {
	if i.MergedInto != "" {
		_, err := s.Store.Identity(ctx, i.MergedInto)
		if err == nil {
			err = s.Datasets.IdentityMerged(ctx, i.Pool, i.ID, i.MergedInto)
		}
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
	}
	return s.Datasets.IdentityDeleted(ctx, i.Pool, i.ID)
}

// SweepPools deletes up to limit identities of deleted pools, and pools that have
// none left. It returns how many identities there were.
func (s *Service) SweepPools(ctx context.Context, limit int) (int, error) {
	doomed, err := s.Store.Doomed(ctx, limit)
	if err != nil {
		return 0, err
	}
	for _, i := range doomed {
		if err := s.deleteIdentity(ctx, i); err != nil {
			return 0, err
		}
	}
	if len(doomed) == limit {
		return limit, nil
	}
	return len(doomed), s.sweepEmpty(ctx)
}

func (s *Service) sweepEmpty(ctx context.Context) error {
	pools, err := s.Store.EmptyPools(ctx)
	if err != nil {
		return err
	}
	for _, id := range pools {
		if s.Datasets != nil { // again: what was told of it late
			if err := s.Datasets.PoolDeleted(ctx, id); err != nil {
				return err
			}
		}
		if err := s.Store.ErasePool(ctx, id); err != nil {
			return err
		}
	}
	return nil
}
