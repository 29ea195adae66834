package dataset

import (
	"context"
	"time"
)

// A Change is an accepted change to a dataset, as Service.Changed hears of it. A
// batch that was repeated is none.
type Change struct {
	Owner     Owner
	Dataset   string
	SyncCount int64  // that the change took
	Device    string // that made it; empty where it did not say, and for a deletion
	Deleted   bool   // the dataset was deleted
	At        time.Time
	Records   []Record // of an update, as stored; nil otherwise. Not to be changed
}

func (s *Service) changed(ctx context.Context, c Change) {
	if s.Changed != nil {
		s.Changed(ctx, c)
	}
}
