package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/poolhouse/poolhouse/internal/syncclient"
)

// syncWatchCmd follows datasets.
type syncWatchCmd struct {
	syncFlags

	Datasets []string `arg:"" optional:"" name:"dataset" help:"Names of datasets (default: all of the identity)."`
	Now      bool     `help:"Print what is there now, too."`
}

// Run prints a line of JSON for each changed record, until it is told to stop.
func (c *syncWatchCmd) Run(e *env) error {
	client, identity, err := c.open(e)
	if err != nil {
		return err
	}
	w := &watch{env: e, client: client, identity: identity, names: c.Datasets, seen: map[string]int64{}, quiet: !c.Now}
	s := &syncclient.Stream{Client: client, Identity: identity, Datasets: c.Datasets, Reset: w.reset, Changed: w.changed,
		Warn: func(err error) { fmt.Fprintln(e.stderr, "poolhouse: the connection is made again:", err) }}
	if err := s.Follow(e.ctx); !errors.Is(err, context.Canceled) || e.ctx.Err() == nil {
		return err
	}
	return nil
}

// A watch knows up to which count each dataset was printed. An event only says that
// there is more to list, so an event that is lost or told twice does no harm.
type watch struct {
	env      *env
	client   *syncclient.Client
	identity string
	names    []string
	seen     map[string]int64
	quiet    bool // the first listing is only counted
}

// reset looks at every dataset.
func (w *watch) reset(ctx context.Context) error {
	names := w.names
	if len(names) == 0 {
		all, err := w.client.Datasets(ctx, w.identity)
		if err != nil {
			return err
		}
		for _, d := range all {
			names = append(names, d.Name)
		}
		for name := range w.seen { // it may be gone
			names = append(names, name)
		}
	}
	for _, name := range names {
		if err := w.list(ctx, name); err != nil {
			return err
		}
	}
	if w.quiet {
		fmt.Fprintln(w.env.stderr, "Watching.")
	}
	w.quiet = false
	return nil
}

func (w *watch) changed(ctx context.Context, c syncclient.Change) error {
	if !c.Deleted && c.SyncCount <= w.seen[c.Dataset] {
		return nil
	}
	return w.list(ctx, c.Dataset)
}

// list prints what changed in a dataset since it was last listed.
func (w *watch) list(ctx context.Context, name string) error {
	since := w.seen[name]
	l, err := w.client.List(ctx, w.identity, name, since)
	if err != nil {
		return err
	}
	if since > 0 && (l.Deleted || !l.Exists) && !w.quiet {
		if err := json.NewEncoder(w.env.stdout).Encode(map[string]any{"dataset": name, "deleted": true}); err != nil {
			return err
		}
	}
	w.seen[name] = l.Count
	for i := range l.Records {
		if w.quiet || l.Records[i].Value == nil && since == 0 {
			continue
		}
		if err := printRecord(w.env.stdout, name, &l.Records[i]); err != nil {
			return err
		}
	}
	return nil
}
