package dataset

import "time"

// A State is what deciding a batch needs to know of a stored record; its value
// is not among it.
type State struct {
	Position    Position
	Removed     bool
	Bytes       int64 // of the value
	Modified    time.Time
	Fingerprint Fingerprint // of the batch that wrote it
}

// Decide applies the rules of Store.Update to what is stored, for stores that
// decide in Go. old is the dataset, nil if there never was one; states are the
// stored records among the batch's keys. It returns the dataset as it is to be
// stored, or, for a repeated batch, no dataset and the commit of the first.
//
// Whether the owner may have one more dataset is left to the store.
func (b *Batch) Decide(old *Dataset, states map[string]State) (*Dataset, *Commit, error) {
	if old == nil {
		old = &Dataset{Name: b.Dataset, Epoch: b.NewEpoch, Deleted: true}
	}
	if b.Existing && old.Deleted {
		return nil, nil, ErrNotFound
	}
	if b.stale(old) {
		return nil, nil, ErrStaleSession
	}
	if c := b.conflict(states); c != nil {
		if first := b.repeated(states); first != nil {
			return nil, first, nil
		}
		return nil, nil, c
	}
	if b.Exact && !old.Unchanged(b.Seen) {
		return nil, nil, ErrConflict
	}
	next := b.next(old, states)
	if next.SyncCount > MaxSyncCount {
		return nil, nil, b.Limits.Exceeded(LimitCounts)
	}
	return next, &Commit{SyncCount: next.SyncCount, At: b.At, Growth: next.Bytes - old.Bytes}, b.Limits.Check(old, next)
}

// stale reports whether the dataset was deleted since the session began, or has lost
// writes that the session saw.
func (b *Batch) stale(d *Dataset) bool {
	if b.Epoch == "" && d.DeletedAt > 0 || b.Epoch != "" && b.Epoch != d.Epoch {
		return true
	}
	return d.Lost(b.Seen)
}

// conflict returns the first patch that is based on another count than the
// stored one.
func (b *Batch) conflict(states map[string]State) *Conflict {
	for i := range b.Patches {
		p := &b.Patches[i]
		if server := states[p.Key].Position.SyncCount(); server != p.SyncCount {
			return &Conflict{Key: p.Key, Server: server, Sent: p.SyncCount}
		}
	}
	return nil
}

// repeated returns the commit of an earlier batch with the same fingerprint, if
// nothing that it wrote has been changed since. The fingerprint covers all of
// its patches, so a match says that this batch is that one, not a part of it.
func (b *Batch) repeated(states map[string]State) *Commit {
	first, ok := states[b.Patches[0].Key]
	if !ok {
		return nil
	}
	for i := range b.Patches {
		s, ok := states[b.Patches[i].Key]
		if !ok || s.Fingerprint != b.Fingerprint || s.Position.SyncCount() != first.Position.SyncCount() {
			return nil
		}
	}
	return &Commit{SyncCount: first.Position.SyncCount(), At: first.Modified, Repeated: true}
}

// next returns the dataset with the batch applied.
func (b *Batch) next(old *Dataset, states map[string]State) *Dataset {
	d := *old
	d.SyncCount++
	d.Modified, d.ModifiedBy = b.At, b.Device
	if old.Deleted {
		d.Created, d.Deleted = b.At, false
	}
	for i := range b.Patches {
		p := &b.Patches[i]
		s, known := states[p.Key]
		if !known {
			d.Keys++
			d.Bytes += int64(len(p.Key))
		}
		if known && !s.Removed {
			d.Records--
		}
		d.Bytes -= s.Bytes
		if !p.Remove {
			d.Records++
			d.Bytes += int64(len(p.Value))
		}
	}
	return &d
}
