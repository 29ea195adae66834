// Package syncclient calls Cognito Sync, here or elsewhere, for `poolhouse sync` and
// `poolhouse import cognito-sync`.
package syncclient

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsclient"
)

// A Client reads and writes the datasets of identities of one pool.
type Client struct {
	API  *awsclient.Client
	Key  func(context.Context) (awsclient.Key, error) // asked before each call
	Pool string
}

// A Record is a record of a dataset as the server has it.
type Record struct {
	Key            string
	Value          *string // nil for a removed one
	SyncCount      int64
	LastModifiedBy string  `json:",omitempty"`
	Modified       float64 `json:"LastModifiedDate"`       // seconds since 1970
	DeviceModified float64 `json:"DeviceLastModifiedDate"` // the same, by the device's clock; 0 if it did not say
}

// ModifiedAt is when the record was changed: by the clock of the device that did, where
// it said so.
func (r *Record) ModifiedAt() time.Time {
	if r.DeviceModified != 0 {
		return at(r.DeviceModified)
	}
	return at(r.Modified)
}

func at(seconds float64) time.Time { return time.UnixMilli(int64(seconds * 1000)).UTC() }

// A Dataset is what the server says of one without its records.
type Dataset struct {
	Name     string  `json:"DatasetName"`
	Records  int64   `json:"NumRecords"`
	Bytes    int64   `json:"DataStorage"`
	Modified float64 `json:"LastModifiedDate"` // seconds since 1970
	By       string  `json:"LastModifiedBy"`
}

// ModifiedAt is when the dataset was last changed, by the server's clock.
func (d *Dataset) ModifiedAt() time.Time { return at(d.Modified) }

// A Listing is what changed in a dataset since a count.
type Listing struct {
	Records []Record
	Count   int64  `json:"DatasetSyncCount"`
	Exists  bool   `json:"DatasetExists"`
	Deleted bool   `json:"DatasetDeletedAfterRequestedSyncCount"` // since then; Records are all of its new life
	Session string `json:"SyncSessionToken"`                      // for Update
}

// A Patch is one change.
type Patch struct {
	Op             string // "replace" or "remove"
	Key            string
	Value          *string `json:",omitempty"`
	SyncCount      int64   // of the record as the caller saw it; 0 for none
	DeviceModified float64 `json:"DeviceLastModifiedDate,omitempty"` // seconds since 1970
}

const page = 256 // records; a dataset holds 1 MB, so a page cannot be large

// Datasets lists the datasets of an identity.
func (c *Client) Datasets(ctx context.Context, identity string) (all []Dataset, err error) {
	for next := ""; ; {
		var out struct {
			Datasets  []Dataset
			NextToken string
		}
		q := url.Values{"maxResults": {"64"}}
		if next != "" {
			q.Set("nextToken", next)
		}
		if err := c.call(ctx, "GET", c.Path(identity)+"/datasets?"+q.Encode(), nil, &out); err != nil {
			return nil, err
		}
		all = append(all, out.Datasets...)
		if next = out.NextToken; next == "" {
			return all, nil
		}
	}
}

// List lists the records of a dataset that changed since a count, removed ones among
// them. A dataset that does not exist is no error.
func (c *Client) List(ctx context.Context, identity, dataset string, since int64) (*Listing, error) {
	q := url.Values{"maxResults": {strconv.Itoa(page)}, "lastSyncCount": {strconv.FormatInt(since, 10)}}
	var all *Listing
	for {
		var out struct {
			Listing
			NextToken string
		}
		if err := c.call(ctx, "GET", c.dataset(identity, dataset)+"/records?"+q.Encode(), nil, &out); err != nil {
			return nil, err
		}
		if all == nil {
			all = &out.Listing
		} else {
			all.Records = append(all.Records, out.Records...)
			all.Session = out.Session
		}
		if out.NextToken == "" {
			return all, nil
		}
		q.Set("nextToken", out.NextToken)
	}
}

// Update changes records, all or none, by the session of a listing.
func (c *Client) Update(ctx context.Context, identity, dataset, device, session string, patches []Patch) ([]Record, error) {
	in := map[string]any{"SyncSessionToken": session, "RecordPatches": patches}
	if device != "" {
		in["DeviceId"] = device
	}
	var out struct{ Records []Record }
	err := c.call(ctx, "POST", c.dataset(identity, dataset), in, &out)
	return out.Records, err
}

// Exists reports whether the pool has an identity.
func (c *Client) Exists(ctx context.Context, identity string) (bool, error) {
	err := c.call(ctx, "GET", c.Path(identity), nil, nil)
	if IsCode(err, "ResourceNotFoundException") {
		return false, nil
	}
	return err == nil, err
}

// Delete deletes a dataset.
func (c *Client) Delete(ctx context.Context, identity, dataset string) error {
	return c.call(ctx, "DELETE", c.dataset(identity, dataset), nil, nil)
}

// IsCode reports whether err is a refusal of that name.
func IsCode(err error, code string) bool {
	var e *awsclient.APIError
	return errors.As(err, &e) && e.Code == code
}

// IsStatus reports whether err is a refusal with one of these HTTP statuses.
func IsStatus(err error, statuses ...int) bool {
	var e *awsclient.APIError
	return errors.As(err, &e) && slices.Contains(statuses, e.Status)
}

// Path is the path of an identity, escaped as the published clients do it.
func (c *Client) Path(identity string) string {
	return "/identitypools/" + escape(c.Pool) + "/identities/" + escape(identity)
}

func (c *Client) dataset(identity, name string) string {
	return c.Path(identity) + "/datasets/" + escape(name)
}

// escape also encodes the colons of IDs, which url.PathEscape leaves.
func escape(s string) string { return strings.ReplaceAll(url.PathEscape(s), ":", "%3A") }

func (c *Client) call(ctx context.Context, method, path string, in, out any) error {
	key, err := c.Key(ctx)
	if err != nil {
		return err
	}
	return c.API.REST(ctx, method, path, in, out, &key)
}
