package server

import (
	"context"
	"errors"

	"github.com/poolhouse/poolhouse/sts/identity"
	"github.com/poolhouse/poolhouse/sync/cognitosync"
	"github.com/poolhouse/poolhouse/sync/dataset"
)

// identities tells the Sync operations which identities there are.
type identities struct{ pools *identity.Service }

// Standing implements cognitosync.Identities.
func (i identities) Standing(ctx context.Context, pool, id string) (cognitosync.Standing, error) {
	found, err := i.pools.Identity(ctx, identity.ID(id))
	switch {
	case errors.Is(err, identity.ErrNotFound):
		return cognitosync.Unknown, nil
	case err != nil:
		return cognitosync.Unknown, err
	case string(found.Pool) != pool:
		return cognitosync.Unknown, nil
	case found.MergedInto != "":
		return cognitosync.Merged, nil
	case found.Disabled:
		return cognitosync.Disabled, nil
	}
	return cognitosync.Active, nil
}

// owners has what identities own follow them.
type owners struct{ datasets *dataset.Service }

var _ identity.Datasets = owners{}

func owner(pool identity.PoolID, id identity.ID) dataset.Owner {
	return dataset.Owner{Pool: dataset.PoolID(pool), Identity: dataset.IdentityID(id)}
}

// IdentityMerged implements identity.Datasets.
func (o owners) IdentityMerged(ctx context.Context, pool identity.PoolID, from, into identity.ID) error {
	return o.datasets.Merge(ctx, owner(pool, from), owner(pool, into))
}

// IdentityDeleted implements identity.Datasets.
func (o owners) IdentityDeleted(ctx context.Context, pool identity.PoolID, id identity.ID) error {
	return o.datasets.Erase(ctx, owner(pool, id))
}

// PoolDeleted implements identity.Datasets.
func (o owners) PoolDeleted(context.Context, identity.PoolID) error { return nil }

// addOwners has datasets follow their identities, at once and, for what is left
// over, in the background.
func (s *Server) addOwners(st *stores) {
	s.Identity.Datasets = owners{s.Datasets}
	s.sweepers["merges of identities"] = s.Identity.SettleMerges
	s.sweepers["identities of deleted pools"] = s.Identity.SweepPools
	s.sweepers["ended owners of datasets"] = st.db.Datasets().ForgetEnded
}
