package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsclient"
	"github.com/poolhouse/poolhouse/internal/syncclient"
)

// syncCmd reads and writes data that devices synchronise.
type syncCmd struct {
	List  syncListCmd  `cmd:"" help:"List the datasets of an identity."`
	Get   syncGetCmd   `cmd:"" help:"Print the records of a dataset, or one of them."`
	Set   syncSetCmd   `cmd:"" help:"Write a record, unless somebody else did meanwhile."`
	Rm    syncRmCmd    `cmd:"" help:"Remove a record, or a whole dataset."`
	Watch syncWatchCmd `cmd:"" help:"Print changes as they come."`
}

// syncFlags say whose data it is, and who asks: a profile of `poolhouse login`, about
// its own identity; or the AWS keys of the environment, about any.
type syncFlags struct {
	profileFlag

	Identity     string `help:"ID of the identity; the calls are then signed with the AWS_ keys of the environment. Without it: that of the profile."`
	IdentityPool string `help:"ID of its identity pool, with --identity."`
	Endpoint     string `help:"URL of the server, with --identity (default: AWS_ENDPOINT_URL, or http://127.0.0.1:8080)."`
	Region       string `help:"Region of the server, with --identity (default: that of the identity pool)."`
}

// open returns the client and the identity.
func (f *syncFlags) open(e *env) (*syncclient.Client, string, error) {
	if f.Identity == "" {
		return f.ofProfile(e)
	}
	key := keyFrom(e, "AWS_")
	if f.IdentityPool == "" || key.AccessKeyID == "" {
		return nil, "", fmt.Errorf("%w: --identity needs --identity-pool, and AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment", errUsage)
	}
	endpoint, region := f.Endpoint, f.Region
	if endpoint == "" {
		endpoint = e.getenv("AWS_ENDPOINT_URL")
	}
	if endpoint == "" {
		endpoint = "http://127.0.0.1:8080"
	}
	if region == "" {
		region, _, _ = strings.Cut(f.IdentityPool, ":")
	}
	return &syncclient.Client{API: awsclient.New(endpoint, region), Pool: f.IdentityPool,
		Key: func(context.Context) (awsclient.Key, error) { return key, nil }}, f.Identity, nil
}

// ofProfile acts for who has signed in. Credentials are asked for before each call, so
// that a long watch has new ones.
func (f *syncFlags) ofProfile(e *env) (*syncclient.Client, string, error) {
	s, err := f.session(e)
	if err != nil {
		return nil, "", err
	}
	p, err := s.Dir.Load(f.Profile)
	if err != nil {
		return nil, "", fmt.Errorf("%w: run: poolhouse login --identity-pool …, or name an --identity", err)
	}
	if p.IdentityPool == "" {
		return nil, "", fmt.Errorf("profile %s has no identity pool: run: poolhouse login --profile %[1]s --identity-pool …", f.Profile)
	}
	got, err := s.Credentials(e.ctx)
	if err != nil {
		return nil, "", err
	}
	key := func(ctx context.Context) (awsclient.Key, error) {
		got, err := s.Credentials(ctx)
		if err != nil {
			return awsclient.Key{}, err
		}
		return awsclient.Key{AccessKeyID: got.AccessKeyID, SecretAccessKey: got.SecretAccessKey, SessionToken: got.SessionToken}, nil
	}
	return &syncclient.Client{API: awsclient.New(p.Endpoint, p.Region), Pool: p.IdentityPool, Key: key}, got.IdentityID, nil
}

// syncListCmd lists datasets.
type syncListCmd struct{ syncFlags }

// Run prints a line of JSON for each dataset.
func (c *syncListCmd) Run(e *env) error {
	client, identity, err := c.open(e)
	if err != nil {
		return err
	}
	all, err := client.Datasets(e.ctx, identity)
	if err != nil {
		return err
	}
	for _, d := range all {
		line := map[string]any{"dataset": d.Name, "records": d.Records, "bytes": d.Bytes, "modified": d.ModifiedAt().Format(time.RFC3339), "by": d.By}
		if err := json.NewEncoder(e.stdout).Encode(line); err != nil {
			return err
		}
	}
	return nil
}

// A recordLine is a record as it is printed.
type recordLine struct {
	Dataset   string  `json:"dataset,omitempty"`
	Key       string  `json:"key"`
	Value     *string `json:"value,omitempty"` // absent for a removed record
	Removed   bool    `json:"removed,omitempty"`
	SyncCount int64   `json:"syncCount"`
	Modified  string  `json:"modified"`
	By        string  `json:"by,omitempty"`
}

func printRecord(w io.Writer, dataset string, r *syncclient.Record) error {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	return out.Encode(recordLine{dataset, r.Key, r.Value, r.Value == nil, r.SyncCount, r.ModifiedAt().Format(time.RFC3339Nano), r.LastModifiedBy})
}

// syncGetCmd reads records.
type syncGetCmd struct {
	syncFlags

	Dataset string `arg:"" help:"Name of the dataset."`
	Key     string `arg:"" optional:"" help:"Key of one record; without it all."`
	Raw     bool   `help:"With a key: print the value and nothing else."`
}

// Run prints a line of JSON for each record.
func (c *syncGetCmd) Run(e *env) error {
	client, identity, err := c.open(e)
	if err != nil {
		return err
	}
	l, err := client.List(e.ctx, identity, c.Dataset, 0)
	if err != nil {
		return err
	}
	if c.Key != "" {
		r := find(l, c.Key)
		switch {
		case r == nil || r.Value == nil:
			return fmt.Errorf("dataset %s has no record %s", c.Dataset, c.Key)
		case c.Raw:
			_, err := io.WriteString(e.stdout, *r.Value)
			return err
		}
		return printRecord(e.stdout, "", r)
	}
	if !l.Exists {
		return fmt.Errorf("there is no dataset %s", c.Dataset)
	}
	for i := range l.Records {
		if l.Records[i].Value == nil {
			continue
		}
		if err := printRecord(e.stdout, "", &l.Records[i]); err != nil {
			return err
		}
	}
	return nil
}

func find(l *syncclient.Listing, key string) *syncclient.Record {
	for i := range l.Records {
		if l.Records[i].Key == key {
			return &l.Records[i]
		}
	}
	return nil
}

// changeFlags are what a change of a record takes.
type changeFlags struct {
	Seen   int64  `name:"sync-count" help:"Count that the record must still have, 0 for one that must not exist (default: what it has now)." default:"-1"`
	Device string `help:"Device to name as the one that made the change." default:"poolhouse"`
}

// change makes one change of a record, if nobody else was faster.
func (f *changeFlags) change(e *env, c *syncclient.Client, identity, dataset string, p syncclient.Patch) error {
	l, err := c.List(e.ctx, identity, dataset, 0)
	if err != nil {
		return err
	}
	if r := find(l, p.Key); f.Seen >= 0 {
		p.SyncCount = f.Seen
	} else if r != nil {
		p.SyncCount = r.SyncCount
	} else if p.Op == "remove" {
		return fmt.Errorf("dataset %s has no record %s", dataset, p.Key)
	}
	p.DeviceModified = float64(time.Now().UnixMilli()) / 1000
	stored, err := c.Update(e.ctx, identity, dataset, f.Device, l.Session, []syncclient.Patch{p})
	if syncclient.IsCode(err, "ResourceConflictException") {
		return fmt.Errorf("nothing was written: somebody else changed it (%w)", err)
	}
	for i := range stored {
		err = errors.Join(err, printRecord(e.stdout, "", &stored[i]))
	}
	return err
}

// syncSetCmd writes a record.
type syncSetCmd struct {
	syncFlags
	changeFlags

	Dataset string `arg:"" help:"Name of the dataset; it is made if there is none."`
	Key     string `arg:"" help:"Key of the record."`
	Value   string `arg:"" help:"Its value; - for standard input."`
}

// maxValue bounds a value in bytes: a dataset holds no more.
const maxValue = 1 << 20

// Run writes the record and prints it.
func (c *syncSetCmd) Run(e *env) error {
	value := c.Value
	if value == "-" {
		text, err := io.ReadAll(io.LimitReader(e.stdin, maxValue+1))
		if err != nil {
			return err
		}
		if len(text) > maxValue {
			return errors.New("the value is larger than a dataset can be")
		}
		value = string(text)
	}
	client, identity, err := c.open(e)
	if err != nil {
		return err
	}
	return c.change(e, client, identity, c.Dataset, syncclient.Patch{Op: "replace", Key: c.Key, Value: &value})
}

// syncRmCmd removes.
type syncRmCmd struct {
	syncFlags
	changeFlags

	Dataset string `arg:"" help:"Name of the dataset."`
	Key     string `arg:"" optional:"" help:"Key of the record; without it the whole dataset goes, with --all."`
	All     bool   `help:"Delete the whole dataset."`
}

// Run removes a record, or deletes the dataset on all devices.
func (c *syncRmCmd) Run(e *env) error {
	if (c.Key == "") != c.All {
		return fmt.Errorf("%w: name a key, or say --all", errUsage)
	}
	client, identity, err := c.open(e)
	if err != nil {
		return err
	}
	if c.All {
		return client.Delete(e.ctx, identity, c.Dataset)
	}
	return c.change(e, client, identity, c.Dataset, syncclient.Patch{Op: "remove", Key: c.Key})
}
