package dataset

import (
	"context"
	"slices"
)

// DefaultDatasetPage is how many datasets ListDatasets shows at most in one page.
const DefaultDatasetPage = 64

// ListDatasets returns a page of the owner's datasets, sorted by name, and the
// token of the next page, empty on the last. limit 0 means the default.
func (s *Service) ListDatasets(ctx context.Context, owner Owner, nextToken string, limit int) ([]Dataset, string, error) {
	key, err := s.tokenKey(ctx)
	if err != nil {
		return nil, "", err
	}
	limit, err = pageSize(limit, DefaultDatasetPage)
	if err != nil {
		return nil, "", err
	}
	from := &token{}
	if nextToken != "" {
		if from, err = s.open(key, nextToken, datasetsToken, owner); err != nil {
			return nil, "", err
		}
	}
	all, err := s.Store.Datasets(ctx, owner)
	if err != nil {
		return nil, "", err
	}
	page := slices.DeleteFunc(all, func(d Dataset) bool { return d.Name <= from.Dataset })
	if len(page) <= limit {
		return page, "", nil
	}
	page = page[:limit]
	next := token{Kind: datasetsToken, Owner: owner, Dataset: page[limit-1].Name, Expires: s.now().Add(TokenLifetime)}
	return page, next.encode(key), nil
}

// pageSize returns the size of a page: limit, or the default and never more.
func pageSize(limit, def int) (int, error) {
	if limit < 0 {
		return 0, Fail(ErrInvalidParameter, "MaxResults must be positive.")
	}
	if limit == 0 || limit > def {
		return def, nil
	}
	return limit, nil
}

// A ListInput is what ListRecords takes.
type ListInput struct {
	Owner        Owner
	Dataset      string
	Since        int64  // the dataset's sync count when the device last listed it
	Limit        int    // 0 means all that a dataset can hold: some clients never ask for a second page
	NextToken    string // of the page before
	SessionToken string // of a session to go on with; may be empty
}

// A Listing is one page of what changed in a dataset.
//
// All pages of one listing show the dataset at one sync count. A record that is
// changed while the pages are read is left out of the pages that remain: the
// next listing, since SyncCount, has it. So a device that reads all pages and
// then lists again misses nothing and never sees a value out of its order.
type Listing struct {
	Records      []Record
	NextToken    string // empty on the last page
	SyncCount    int64  // 0 where the dataset does not exist
	ModifiedBy   string
	Exists       bool
	DeletedSince bool     // the device must drop what it has: it is of an earlier life
	SessionToken string   // for UpdateRecords
	Merged       []string // datasets of merged identities that wait to be taken over into this one
}

// ListRecords returns the records and tombstones that changed after Since. A
// dataset that does not exist is no error.
//
// A count that the dataset never had, see Dataset.Lost, comes from a life that the
// store has lost. The device is told that the dataset was deleted, and gets all
// records, so that it ends up with what is stored either way.
func (s *Service) ListRecords(ctx context.Context, in ListInput) (*Listing, error) {
	key, err := s.tokenKey(ctx)
	if err != nil {
		return nil, err
	}
	q, from, err := s.query(key, &in)
	if err != nil {
		return nil, err
	}
	session, err := s.session(key, &in)
	if err != nil {
		return nil, err
	}
	page, err := s.Store.Records(ctx, *q)
	if err != nil {
		return nil, err
	}
	if from == nil && page.Dataset != nil && !page.Dataset.Deleted && page.Dataset.Lost(in.Since) {
		q.After = After(0)
		if page, err = s.Store.Records(ctx, *q); err != nil {
			return nil, err
		}
	}
	if from != nil && !sameLife(page.Dataset, from) {
		return nil, Fail(ErrInvalidParameter, "NextToken is no longer valid: the dataset was deleted while it was listed.")
	}
	if from == nil && in.SessionToken == "" {
		s.Meter.add(PoolUsage{Pool: in.Owner.Pool, Sessions: 1})
	}
	return s.listing(key, &in, page, q.Until, session), nil
}

// query returns what to ask the store, and the token of the page before, if any.
func (s *Service) query(key []byte, in *ListInput) (*Query, *token, error) {
	if err := checkName(in.Dataset); err != nil {
		return nil, nil, err
	}
	if in.Since < 0 {
		return nil, nil, Fail(ErrInvalidParameter, "LastSyncCount must not be negative.")
	}
	limit, err := pageSize(in.Limit, MaxBatch)
	if err != nil {
		return nil, nil, err
	}
	q := &Query{Owner: in.Owner, Dataset: in.Dataset, After: After(in.Since), Limit: limit}
	if in.NextToken == "" {
		return q, nil, nil
	}
	from, err := s.open(key, in.NextToken, recordsToken, in.Owner)
	if err != nil {
		return nil, nil, err
	}
	if from.Dataset != in.Dataset {
		return nil, nil, foreignToken()
	}
	if from.Since != in.Since {
		return nil, nil, Fail(ErrInvalidParameter, "NextToken belongs to another LastSyncCount.")
	}
	q.After, q.Until = from.After, from.Count
	return q, from, nil
}

// sameLife reports whether d is still what a listing began with.
func sameLife(d *Dataset, from *token) bool {
	return d != nil && !d.Deleted && d.Epoch == from.Epoch && !d.Lost(from.Count)
}

// listing puts the answer together. until is the count of the listing, 0 on the
// first page.
func (s *Service) listing(key []byte, in *ListInput, page *Page, until int64, session string) *Listing {
	d := page.Dataset
	if d == nil {
		d = &Dataset{Deleted: true}
	}
	if until == 0 {
		until = d.SyncCount
	}
	t := token{Kind: sessionToken, Owner: in.Owner, Dataset: in.Dataset, Epoch: d.Epoch, Count: until,
		Session: session, Expires: s.now().Add(TokenLifetime)}
	l := &Listing{SessionToken: t.encode(key), Exists: !d.Deleted, Merged: mergedInto(in.Dataset, page.Beside)}
	l.DeletedSince = in.Since > 0 && (d.Deleted || d.DeletedAt > in.Since || in.Since > until || d.skipped(in.Since))
	if d.Deleted {
		return l
	}
	l.Records, l.SyncCount, l.ModifiedBy = page.Records, until, d.ModifiedBy
	if page.More {
		t.Kind, t.Since, t.After = recordsToken, in.Since, page.Records[len(page.Records)-1].Position
		l.NextToken = t.encode(key)
	}
	return l
}
