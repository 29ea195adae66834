package syncdevices_test

import (
	"maps"

	"github.com/anishathalye/porcupine"
)

// A state is what a dataset should hold, in the plainest form. It is never changed.
type state struct {
	count     int64
	exists    bool
	deletedAt int64
	records   map[string]local
}

// A counting says how a counter may go on: whether one that was low can be high in the
// next moment, with nothing in between.
type counting func(low, high int64) bool

func steady(low, high int64) bool { return low == high }

// jumping is the counting of a store that may have lost writes: it leaves out more counts
// than can have been lost.
func jumping(low, high int64) bool { return low == high || high-low > 1<<19 }

// model says which histories of one dataset are possible if each call happened at one
// instant between its sending and its answer. seen are the counts that it was seen at.
func model(c counting, seen []int64) porcupine.Model {
	rules := rules{c, seen}
	return (&porcupine.NondeterministicModel{
		Init:  func() []any { return []any{state{}} },
		Step:  func(s, in, out any) []any { return rules.step(s.(state), in, out) },
		Equal: func(a, b any) bool { return a.(state).equal(b.(state)) },
	}).ToModel()
}

func (s state) equal(o state) bool {
	return s.count == o.count && s.exists == o.exists && s.deletedAt == o.deletedAt && maps.Equal(s.records, o.records)
}

type rules struct {
	count counting
	seen  []int64
}

func (r rules) step(s state, in, out any) []any {
	switch in := in.(type) {
	case listCall:
		return r.list(s, in, out.(*listing))
	case updateCall:
		return r.update(s, in, out.(updateAnswer))
	default:
		return s.delete(in.(deleteCall), out.(deleteAnswer))
	}
}

// list must show exactly what changed since the count, as of now.
func (r rules) list(s state, in listCall, out *listing) []any {
	want := maps.Clone(s.records)
	maps.DeleteFunc(want, func(_ string, l local) bool { return l.count <= in.since })
	got := map[string]local{}
	for _, rec := range out.Records {
		l := local{removed: rec.Value == nil, count: rec.SyncCount}
		if rec.Value != nil {
			l.value = *rec.Value
		}
		got[rec.Key] = l
	}
	deleted := in.since > 0 && s.deletedAt > in.since
	if deleted || out.DatasetDeletedAfterRequestedSyncCount {
		// The device starts afresh, whatever else the answer holds.
		if deleted == out.DatasetDeletedAfterRequestedSyncCount {
			return []any{s}
		}
		return nil
	}
	if out.DatasetExists != s.exists || !maps.Equal(got, want) || !s.exists && out.DatasetSyncCount != 0 ||
		s.exists && !r.count(s.count, out.DatasetSyncCount) {
		return nil
	}
	if s.exists { // else the count is not told
		s.count = out.DatasetSyncCount
	}
	return []any{s}
}

// update is a conflict if a count differs, or the dataset was deleted since the session
// began, and only then. If it was sent again, the first copy may have been stored and
// changed by others before the second was refused: no later copy can be stored too.
func (r rules) update(s state, in updateCall, out updateAnswer) []any {
	conflict := in.seen > 0 && s.deletedAt > in.seen
	for _, p := range in.patches {
		conflict = conflict || s.records[p.Key].count != p.SyncCount
	}
	early := in.seen == 0 && s.deletedAt > 0 // the session saw no dataset: before or after this deletion
	if !out.conflict {
		if conflict || !r.count(s.count+1, out.count) {
			return nil
		}
		s.count = out.count - 1
		return []any{s.with(in.patches)}
	}
	var next []any
	if conflict || early {
		next = append(next, s)
	}
	if !conflict && in.again {
		next = append(next, s.with(in.patches))
		for _, count := range r.seen { // nobody was told which one it took
			if count != s.count+1 && r.count(s.count+1, count) {
				after := s
				after.count = count - 1
				next = append(next, after.with(in.patches))
			}
		}
	}
	return next
}

func (s state) with(patches []patch) state {
	n := state{count: s.count + 1, exists: true, deletedAt: s.deletedAt, records: maps.Clone(s.records)}
	if n.records == nil {
		n.records = map[string]local{}
	}
	for _, p := range patches {
		n.records[p.Key] = local{value: p.Value, removed: p.Op == "remove", count: n.count}
	}
	return n
}

func (s state) delete(in deleteCall, out deleteAnswer) []any {
	gone := state{count: s.count + 1, deletedAt: s.count + 1}
	switch {
	case out.lost && s.exists:
		return []any{s, gone}
	case !s.exists && (out.lost || out.missing):
		return []any{s}
	case s.exists && (!out.missing || in.again):
		return []any{gone}
	}
	return nil
}
