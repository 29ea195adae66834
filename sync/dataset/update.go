package dataset

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"time"
	"unicode/utf8"
)

// An UpdateInput is what UpdateRecords takes.
type UpdateInput struct {
	Owner        Owner
	Dataset      string
	Device       string // may be empty
	Patches      []Patch
	SessionToken string // of a listing of this dataset
	Developer    bool   // the caller is the app's backend, whose changes run no function
}

// UpdateRecords stores all patches or none, and returns the records as they now
// are, in the order of the patches. A patch that is based on an older count than
// the stored one is a *Conflict, and ErrStaleSession says that the dataset was
// deleted since the session began: in both cases the device lists again, merges,
// and tries anew.
//
// A request that reaches the server twice, because its answer was lost and an
// SDK sent it again, is answered the second time as it was the first time.
// Cognito answers a conflict, which makes a device quarrel with itself. What
// counts as the same request is its Fingerprint: the same sync session, the same
// device, and the same patches in the same order to the last bit. It is answered
// from memory only while every one of its records is still as it left them; once
// anybody has changed one, the conflict is real and reported. Nothing is stored
// by a repetition, so it can lose no data, and since sessions are random no other
// device can be taken for the sender.
//
// Without patches nothing is stored and no count is taken.
//
// Where the pool has a function, see Trigger, what is stored and returned is what
// the function made of the patches.
func (s *Service) UpdateRecords(ctx context.Context, in UpdateInput) ([]Record, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	key, err := s.tokenKey(ctx)
	if err != nil {
		return nil, err
	}
	t, err := s.openSession(key, in.SessionToken, in.Owner, in.Dataset)
	if err != nil {
		return nil, err
	}
	if len(in.Patches) == 0 {
		return nil, nil
	}
	_, merged := IsMerged(in.Dataset) // only a merge makes those
	b := &Batch{
		Owner: in.Owner, Dataset: in.Dataset, Device: in.Device, Patches: in.Patches,
		Fingerprint: fingerprint(t.Session, &in), At: s.now(),
		Epoch: t.Epoch, Seen: t.Count, NewEpoch: newEpoch(), Existing: merged, Limits: s.limits(),
	}
	watched, err := s.watched(ctx, &in)
	if err != nil {
		return nil, err
	}
	if watched {
		return s.updateWatched(ctx, b)
	}
	records, _, err := s.update(ctx, b)
	return records, err
}

// update stores a batch and returns its records. A repeated batch may have stored
// others than these, where a function chose them.
func (s *Service) update(ctx context.Context, b *Batch) (records []Record, repeated bool, err error) {
	commit, err := s.Store.Update(ctx, b)
	if err != nil {
		return nil, false, err
	}
	records = b.records(commit)
	if !commit.Repeated {
		s.Meter.add(PoolUsage{Pool: b.Owner.Pool, Bytes: commit.Growth, Modified: commit.At})
		s.changed(ctx, Change{Owner: b.Owner, Dataset: b.Dataset, SyncCount: commit.SyncCount, Device: b.Device, At: commit.At, Records: records})
	}
	return records, commit.Repeated, nil
}

const (
	maxKeyChars   = 1024
	maxValueChars = 1<<20 - 1
)

// maxDate is where the dates that a device may send end: the last year that all
// clients can write.
var maxDate = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)

func (in *UpdateInput) check() error {
	if err := checkName(in.Dataset); err != nil {
		return err
	}
	if err := checkDevice(in.Device); err != nil {
		return err
	}
	if len(in.Patches) > MaxBatch {
		return Fail(ErrInvalidParameter, "RecordPatches can have at most %d members.", MaxBatch)
	}
	seen := make(map[string]bool, len(in.Patches))
	for i := range in.Patches {
		p := &in.Patches[i]
		if err := p.check(); err != nil {
			return err
		}
		if seen[p.Key] {
			return Fail(ErrInvalidParameter, "RecordPatches has a key twice.")
		}
		seen[p.Key] = true
	}
	return nil
}

func (p *Patch) check() error {
	if n := utf8.RuneCountInString(p.Key); n < 1 || n > maxKeyChars {
		return Fail(ErrInvalidParameter, "A key must have 1 to %d characters.", maxKeyChars)
	}
	if !p.Remove && utf8.RuneCountInString(p.Value) > maxValueChars {
		return Fail(ErrInvalidParameter, "A value can have at most %d characters.", maxValueChars)
	}
	if p.SyncCount < 0 {
		return Fail(ErrInvalidParameter, "SyncCount must not be negative.")
	}
	if d := p.DeviceModified; !d.IsZero() && (d.Before(time.Unix(0, 0)) || !d.Before(maxDate)) {
		return Fail(ErrInvalidParameter, "DeviceLastModifiedDate must be between the years 1970 and 9999.")
	}
	return nil
}

// fingerprint identifies the request within its session.
func fingerprint(session string, in *UpdateInput) Fingerprint {
	h := sha256.New()
	var buf []byte
	put := func(s string) {
		buf = binary.AppendUvarint(buf[:0], uint64(len(s)))
		h.Write(buf)
		h.Write([]byte(s))
	}
	put(session)
	put(in.Device)
	for i := range in.Patches {
		p := &in.Patches[i]
		put(p.Key)
		if p.Remove {
			put("remove")
		} else {
			put("replace")
			put(p.Value)
		}
		buf = binary.AppendVarint(buf[:0], p.SyncCount)
		buf = binary.AppendVarint(buf, micros(p.DeviceModified))
		h.Write(buf)
	}
	return Fingerprint(h.Sum(nil)[:len(Fingerprint{})])
}

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// records returns the records that a commit left behind.
func (b *Batch) records(c *Commit) []Record {
	out := make([]Record, len(b.Patches))
	for i := range b.Patches {
		p := &b.Patches[i]
		out[i] = Record{Key: p.Key, Removed: p.Remove, Position: At(c.SyncCount, i), Modified: c.At,
			DeviceModified: p.DeviceModified.UTC().Truncate(time.Microsecond), ModifiedBy: b.Device}
		if !p.Remove {
			out[i].Value = p.Value
		}
	}
	return out
}
