package server

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/poolhouse/poolhouse/internal/outbound"
	"github.com/poolhouse/poolhouse/internal/webhook"
	"github.com/poolhouse/poolhouse/sts/identity"
	"github.com/poolhouse/poolhouse/sync/dataset"
	"github.com/poolhouse/poolhouse/sync/settings"
	"github.com/poolhouse/poolhouse/sync/stream"
	"github.com/poolhouse/poolhouse/userpool/message"
)

// keepStreamed is how long a change that was streamed, or given up, stays in the
// database. Nothing shows it.
const keepStreamed = time.Hour

// checkStreams reports everything that is wrong with where changes are streamed to.
func (c *Config) checkStreams() error {
	targets, err := stream.ParseTargets(c.SyncStreams)
	if err != nil {
		return fmt.Errorf("sync-stream %w", err)
	}
	var errs []error
	for name, t := range targets {
		if t.IsWebhook() && !callable(t.Address(), c.AllowPrivateFetch) {
			errs = append(errs, fmt.Errorf("sync-stream %q: want https://HOST and a path; http needs allow-private-fetch", name))
		}
	}
	return errors.Join(errs...)
}

// checkStreamSecrets reports what is wrong with the secret of streams. See
// checkMessageSecrets.
func (c *Config) checkStreamSecrets() error {
	targets, err := stream.ParseTargets(c.SyncStreams)
	if err != nil {
		return nil // checkStreams tells
	}
	hooks := false
	for _, t := range targets {
		hooks = hooks || t.IsWebhook()
	}
	if hooks != (c.SyncStreamSecret != "") {
		return errors.New("sync-stream with a webhook and POOLHOUSE_SYNC_STREAM_SECRET go together")
	}
	if c.SyncStreamSecret != "" {
		if _, err := webhook.ParseSecret(c.SyncStreamSecret); err != nil {
			return fmt.Errorf("POOLHOUSE_SYNC_STREAM_SECRET: %w", err)
		}
	}
	return nil
}

// addSyncSettings gives datasets what owners of identity pools choose for them: a
// function that sees updates, and a stream that hears of them.
func (s *Server) addSyncSettings(cfg *Config, st *stores, fetch *outbound.Client, now func() time.Time) (err error) {
	s.SyncSettings = &settings.Service{Store: st.db.SyncSettings(), Now: now}
	if s.Datasets.Trigger, err = s.syncTrigger(cfg, s.SyncSettings, now); err != nil {
		return err
	}
	sinks, err := cfg.sinks(fetch, now)
	if err != nil {
		return err
	}
	s.closers = append(s.closers, func() error { return stream.Close(sinks) })
	p := &stream.Publisher{Settings: s.SyncSettings, Sinks: sinks, Now: now, Log: s.log}
	s.SyncSettings.Streams = p.Knows
	s.streams = message.NewOutbox(st.db.SyncStreams(), st.keys, map[string]message.Transport{stream.Medium: p}, now, s.log)
	s.streams.GivenUp, p.Outbox = p.GivenUp, s.streams
	s.bulk = &stream.Bulk{Publisher: p, Datasets: st.datasets(), Owners: poolOwners{st.db.Identity()}}
	s.sweepers["streamed changes"] = func(ctx context.Context, limit int) (int, error) {
		return st.db.SyncStreams().DeleteClosedFor(ctx, keepStreamed, limit)
	}
	s.heed(p.Changed)
	return nil
}

// sinks are where the streams of the configuration lead.
func (c *Config) sinks(fetch *outbound.Client, now func() time.Time) (map[string]stream.Sink, error) {
	targets, err := stream.ParseTargets(c.SyncStreams)
	if err != nil {
		return nil, err
	}
	o := stream.Options{Client: fetch, Now: now}
	if c.SyncStreamSecret != "" {
		if o.Secret, err = webhook.ParseSecret(c.SyncStreamSecret); err != nil {
			return nil, err
		}
	}
	return stream.Open(targets, o)
}

// poolOwners knows whose data a pool has: that of its identities, also of those
// that nobody can sign in to any more.
type poolOwners struct{ store identity.Store }

// Owners implements stream.Owners.
func (o poolOwners) Owners(ctx context.Context, pool dataset.PoolID, after dataset.IdentityID, limit int) ([]dataset.IdentityID, bool, error) {
	page, next, err := o.store.Identities(ctx, identity.Listing{Pool: identity.PoolID(pool), After: string(after), Limit: limit})
	ids := make([]dataset.IdentityID, len(page))
	for i, id := range page {
		ids[i] = dataset.IdentityID(id.ID)
	}
	return ids, next != "", err
}
