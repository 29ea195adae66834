package server

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/poolhouse/poolhouse/internal/outbound"
	"github.com/poolhouse/poolhouse/sts/identity"
	"github.com/poolhouse/poolhouse/sync/cognitosync"
	"github.com/poolhouse/poolhouse/sync/dataset"
	"github.com/poolhouse/poolhouse/sync/device"
	"github.com/poolhouse/poolhouse/sync/push"
	"github.com/poolhouse/poolhouse/sync/settings"
	"github.com/poolhouse/poolhouse/userpool/message"
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
type owners struct {
	datasets *dataset.Service
	devices  device.Store
}

var _ identity.Datasets = owners{}

func owner(pool identity.PoolID, id identity.ID) dataset.Owner {
	return dataset.Owner{Pool: dataset.PoolID(pool), Identity: dataset.IdentityID(id)}
}

// IdentityMerged implements identity.Datasets. Devices register anew when they find
// out that they have another identity.
func (o owners) IdentityMerged(ctx context.Context, pool identity.PoolID, from, into identity.ID) error {
	return o.datasets.Merge(ctx, owner(pool, from), owner(pool, into))
}

// IdentityDeleted implements identity.Datasets.
func (o owners) IdentityDeleted(ctx context.Context, pool identity.PoolID, id identity.ID) error {
	if err := o.devices.Erase(ctx, owner(pool, id)); err != nil {
		return err
	}
	return o.datasets.Erase(ctx, owner(pool, id))
}

// PoolDeleted implements identity.Datasets. What a pool has beside its identities
// goes with its row.
func (o owners) PoolDeleted(context.Context, identity.PoolID) error { return nil }

// addOwners has datasets and devices follow their identities, at once and, for what
// is left over, in the background.
func (s *Server) addOwners(st *stores) {
	s.Identity.Datasets = owners{s.Datasets, st.db.SyncDevices(st.keys)}
	s.sweepers["merges of identities"] = s.Identity.SettleMerges
	s.sweepers["identities of deleted pools"] = s.Identity.SweepPools
	s.sweepers["ended owners of datasets"] = st.db.Datasets().ForgetEnded
}

// pushSettings tells which pools push.
type pushSettings struct{ settings *settings.Service }

// Applications implements device.Settings.
func (p pushSettings) Applications(ctx context.Context, pool dataset.PoolID) ([]string, error) {
	s, err := p.settings.Current(ctx, pool)
	if err != nil || s.Push == nil {
		return nil, err
	}
	return s.Push.Applications, nil
}

// addPush has changes of datasets pushed to devices, where there is a way.
func (s *Server) addPush(st *stores, fetch *outbound.Client, now func() time.Time) {
	endpoint := cmp.Or(s.cfg.PushEndpoint, s.cfg.SNSEndpoint)
	s.devices = &device.Service{Store: st.db.SyncDevices(st.keys), Datasets: s.Datasets, Settings: pushSettings{s.SyncSettings},
		Pushes: endpoint != "", Now: now}
	s.sweepers["pushes"] = st.db.Pushes().DeleteClosed
	if endpoint == "" {
		return
	}
	transport := &push.Transport{Devices: s.devices, SNS: s.cfg.sns(endpoint, fetch, now)}
	s.pushes = message.NewOutbox(st.db.Pushes(), st.keys, map[string]message.Transport{push.Medium: transport}, now, s.log)
	s.pusher = push.New(s.devices, s.pushes, s.log)
	s.heed(s.pusher.Changed)
}

// heed adds one who is told of each change of a dataset.
func (s *Server) heed(changed func(context.Context, dataset.Change)) {
	earlier := s.Datasets.Changed
	s.Datasets.Changed = func(ctx context.Context, c dataset.Change) {
		if earlier != nil {
			earlier(ctx, c)
		}
		changed(ctx, c)
	}
}
