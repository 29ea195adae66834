package dataset

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"regexp"
	"time"
	"unicode/utf8"
)

// A Service is the sync service over a store. It is safe for concurrent use.
type Service struct {
	Store   Store
	Secrets Secrets
	Now     func() time.Time
	Limits  Limits // the zero value means DefaultLimits

	// Changed hears of each accepted change, after it was stored and before the
	// caller is answered. It must not wait for anybody outside, and has no way to
	// fail the call. Nil hears nothing.
	Changed func(ctx context.Context, c Change)
	// Trigger runs the functions of pools. Nil runs none.
	Trigger Trigger
	// Meter counts what pools use; nil where nobody does.
	Meter *Meter
}

// Secrets hands out named random secrets that all nodes share; keyring.Ring does.
type Secrets interface {
	Secret(ctx context.Context, name string) ([]byte, error)
}

// TokenLifetime is how long a sync session and a NextToken are good for.
// Cognito does not say how long its own are.
const TokenLifetime = time.Hour

// now returns the time as stores keep it.
func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Microsecond) }

func (s *Service) limits() Limits {
	if s.Limits == (Limits{}) {
		return DefaultLimits()
	}
	return s.Limits
}

func (s *Service) tokenKey(ctx context.Context) ([]byte, error) {
	key, err := s.Secrets.Secret(ctx, "cognito-sync/token")
	if err != nil {
		return nil, fmt.Errorf("dataset: key of tokens: %w", err)
	}
	return key, nil
}

// DescribeDataset returns a dataset, or ErrNotFound.
func (s *Service) DescribeDataset(ctx context.Context, owner Owner, name string) (*Dataset, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	return s.Store.Dataset(ctx, owner, name)
}

// DeleteDataset deletes a dataset with all its records and returns it as it
// was, or ErrNotFound. Sessions that began before cannot bring it back.
func (s *Service) DeleteDataset(ctx context.Context, owner Owner, name string) (*Dataset, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	at := s.now()
	old, err := s.Store.Delete(ctx, owner, name, at, newEpoch())
	if err != nil {
		return nil, err
	}
	s.Meter.add(PoolUsage{Pool: owner.Pool, Bytes: -old.Bytes, Modified: at})
	s.changed(ctx, Change{Owner: owner, Dataset: name, SyncCount: old.SyncCount + 1, Deleted: true, At: at})
	return old, nil
}

// Usage is what an identity stores.
type Usage struct {
	Datasets int
	Bytes    int64
	Modified time.Time // last change to any dataset, zero without one
}

// DescribeUsage sums up the datasets of an owner.
func (s *Service) DescribeUsage(ctx context.Context, owner Owner) (*Usage, error) {
	all, err := s.Store.Datasets(ctx, owner)
	if err != nil {
		return nil, err
	}
	u := &Usage{Datasets: len(all)}
	for i := range all {
		u.Bytes += all[i].Bytes
		if all[i].Modified.After(u.Modified) {
			u.Modified = all[i].Modified
		}
	}
	return u, nil
}

const maxNameBytes = 128

var namePattern = regexp.MustCompile(`^[a-zA-Z0-9_.:-]+$`)

func checkName(name string) error {
	own := name
	if base, ok := IsMerged(name); ok && len(name)-len(base) <= 1+maxIdentityBytes {
		own = base // the name that a merge gave it may be longer
	}
	if len(own) > maxNameBytes || !namePattern.MatchString(name) {
		return Fail(ErrInvalidParameter, "DatasetName must have 1 to %d characters of a-z, A-Z, 0-9, '_', '.', ':' and '-'.", maxNameBytes)
	}
	return nil
}

const maxDeviceChars = 256

func checkDevice(id string) error {
	if utf8.RuneCountInString(id) > maxDeviceChars {
		return Fail(ErrInvalidParameter, "DeviceId can have at most %d characters.", maxDeviceChars)
	}
	return nil
}

func newEpoch() Epoch { return Epoch(hex.EncodeToString(random(8))) }

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails, see crypto/rand
	return b
}
