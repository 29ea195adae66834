package dataset

import (
	"cmp"
	"context"
	"math"
	"slices"
)

// A Trigger runs the function of an identity pool that sees, and may change, what
// devices are about to store (SyncTrigger of Cognito Events).
type Trigger interface {
	// Watches reports whether the pool has a function.
	Watches(ctx context.Context, pool PoolID) (bool, error)
	// Sync runs it with all records that the dataset would have, and returns those
	// that it answered. An answer that is none is ErrTriggerOutput, a function that
	// is asked too often ErrTriggerThrottled.
	Sync(ctx context.Context, owner Owner, name string, records []TriggerRecord) ([]TriggerRecord, error)
}

// A TriggerRecord is a record before and after an update.
type TriggerRecord struct {
	Key string
	Old *string // what is stored; nil where there is nothing
	New *string // what is to be stored; nil where it is to be removed
	Op  TriggerOp
}

// A TriggerOp is what an update does with a record.
type TriggerOp string

// What an update does with a record.
const (
	OpNone    TriggerOp = ""
	OpReplace TriggerOp = "replace"
	OpRemove  TriggerOp = "remove"
)

// watched reports whether an update goes through a function: one of an identity in
// a pool that has one.
func (s *Service) watched(ctx context.Context, in *UpdateInput) (bool, error) {
	if s.Trigger == nil || in.Developer {
		return false, nil
	}
	return s.Trigger.Watches(ctx, in.Owner.Pool)
}

// updateWatched has a function look at a batch before it is stored.
//
// The function sees the dataset as it is at one moment, and what it makes of the
// batch is stored only if the dataset is still that. A record that it adds or
// changes carries the count that it has at that moment; those of the device carry
// the device's. The device is answered all that was stored, and, for a change of
// its own that the function left out, what is stored there instead.
//
// A batch that would be refused anyway does not reach the function, nor does one
// that was stored before: what it stored carries its fingerprint. Two that arrive
// at the same time may both reach it; then one is stored, and the other is a
// conflict, or a repetition where the function answered both the same.
func (s *Service) updateWatched(ctx context.Context, b *Batch) ([]Record, error) {
	now, err := s.moment(ctx, b)
	if err != nil {
		return nil, err
	}
	if records := now.repeated(b); records != nil {
		return records, nil
	}
	if err := now.check(b); err != nil {
		return nil, err
	}
	answer, err := s.Trigger.Sync(ctx, b.Owner, b.Dataset, now.input(b))
	if err != nil {
		return nil, err
	}
	final, err := now.batch(b, answer)
	if err != nil {
		return nil, err
	}
	if len(final.Patches) == 0 {
		return now.settled(b, nil), nil
	}
	stored, repeated, err := s.update(ctx, final)
	if err != nil {
		return nil, err
	}
	if repeated { // by a twin of this request; what that stored is what counts
		if now, err = s.moment(ctx, b); err != nil {
			return nil, err
		}
		return now.repeated(b), nil
	}
	return now.settled(b, stored), nil
}

// A moment is all of a dataset at one moment.
type moment struct {
	dataset *Dataset // nil if there never was one
	records map[string]*Record
}

func (s *Service) moment(ctx context.Context, b *Batch) (*moment, error) {
	page, err := s.Store.Records(ctx, Query{Owner: b.Owner, Dataset: b.Dataset, After: After(0), Limit: MaxBatch, Fingerprints: true})
	if err != nil {
		return nil, err
	}
	m := &moment{page.Dataset, make(map[string]*Record, len(page.Records))}
	for i := range page.Records {
		r := &page.Records[i]
		m.records[r.Key] = r
	}
	return m, nil
}

// repeated returns the answer to a batch that was stored before, or nil. It was if
// any record carries its fingerprint, and none of its own has changed since.
func (m *moment) repeated(b *Batch) []Record {
	var stored []Record
	for _, r := range m.records {
		if r.Fingerprint == b.Fingerprint {
			stored = append(stored, *r)
		}
	}
	if stored == nil {
		return nil
	}
	for i := range b.Patches {
		if r := m.records[b.Patches[i].Key]; r != nil && r.SyncCount() > stored[0].SyncCount() {
			return nil
		}
	}
	slices.SortFunc(stored, func(a, b Record) int { return cmp.Compare(a.Position, b.Position) })
	return m.settled(b, stored)
}

// settled returns what is stored now of a batch: its records, and for keys that
// the device sent and the function left out, what stood there before.
func (m *moment) settled(b *Batch, stored []Record) []Record {
	has := make(map[string]bool, len(stored))
	for i := range stored {
		has[stored[i].Key] = true
	}
	for i := range b.Patches {
		if r := m.records[b.Patches[i].Key]; r != nil && !has[r.Key] {
			stored = append(stored, *r)
		}
	}
	return stored
}

// check refuses a batch as the store would. Limits are judged later: the function
// may take something out.
func (m *moment) check(b *Batch) error {
	states := make(map[string]State, len(b.Patches))
	for i := range b.Patches {
		if r := m.records[b.Patches[i].Key]; r != nil {
			states[r.Key] = State{Position: r.Position, Removed: r.Removed, Bytes: int64(len(r.Value)), Modified: r.Modified, Fingerprint: r.Fingerprint}
		}
	}
	unbounded := *b
	unbounded.Limits = Limits{Records: math.MaxInt64, Keys: math.MaxInt64, Bytes: math.MaxInt64}
	_, _, err := unbounded.Decide(m.dataset, states)
	return err
}

// input returns what the function is shown: the records that are stored and those
// of the batch, by key.
func (m *moment) input(b *Batch) []TriggerRecord {
	all := make(map[string]TriggerRecord, len(m.records)+len(b.Patches))
	for key, r := range m.records {
		if !r.Removed {
			all[key] = TriggerRecord{Key: key, Old: &r.Value, New: &r.Value}
		}
	}
	for i := range b.Patches {
		p := &b.Patches[i]
		r := TriggerRecord{Key: p.Key, Old: all[p.Key].Old, New: &p.Value, Op: OpReplace}
		if p.Remove {
			r.New, r.Op = nil, OpRemove
		}
		all[p.Key] = r
	}
	out := make([]TriggerRecord, 0, len(all))
	for _, r := range all {
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b TriggerRecord) int { return cmp.Compare(a.Key, b.Key) })
	return out
}

// batch returns the batch that the function made of b. The device's changes stay in
// their order, what the function adds comes behind them by key.
func (m *moment) batch(b *Batch, answer []TriggerRecord) (*Batch, error) {
	answered := make(map[string]*TriggerRecord, len(answer))
	for i := range answer {
		answered[answer[i].Key] = &answer[i]
	}
	final := *b
	final.Patches, final.Exact, final.Epoch, final.Seen = nil, true, "", 0
	if m.dataset != nil {
		final.Epoch, final.Seen = m.dataset.Epoch, m.dataset.SyncCount
	}
	for i := range b.Patches {
		p := b.Patches[i]
		if r := answered[p.Key]; r != nil {
			final.Patches = append(final.Patches, r.patch(p))
			delete(answered, p.Key)
		}
	}
	sent := len(final.Patches)
	for _, r := range answered {
		if p, changes := m.added(b, r); changes {
			final.Patches = append(final.Patches, p)
		}
	}
	slices.SortFunc(final.Patches[sent:], func(a, b Patch) int { return cmp.Compare(a.Key, b.Key) })
	return &final, final.checkAnswer()
}

// patch returns p with what the function made of it.
func (r *TriggerRecord) patch(p Patch) Patch {
	p.Remove, p.Value = r.Op == OpRemove || r.New == nil, ""
	if !p.Remove {
		p.Value = *r.New
	}
	return p
}

// added returns the patch for a record that the device did not send, if the
// function changes it.
func (m *moment) added(b *Batch, r *TriggerRecord) (Patch, bool) {
	p := r.patch(Patch{Key: r.Key, DeviceModified: b.At})
	old := m.records[r.Key]
	if old != nil {
		p.SyncCount = old.SyncCount()
	}
	if old == nil || old.Removed {
		return p, !p.Remove
	}
	return p, p.Remove || p.Value != old.Value
}

// checkAnswer checks patches that a function chose by the rules for devices.
func (b *Batch) checkAnswer() error {
	if len(b.Patches) > MaxBatch {
		return Fail(ErrTriggerOutput, "The function returned more than %d changed records.", MaxBatch)
	}
	for i := range b.Patches {
		if err := b.Patches[i].check(); err != nil {
			return Fail(ErrTriggerOutput, "The function returned a record with a key or a value of a wrong length.")
		}
	}
	return nil
}
