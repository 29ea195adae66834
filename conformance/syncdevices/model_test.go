package syncdevices_test

import (
	"fmt"
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

// model says which histories of one dataset are possible if each call happened at one
// instant between its sending and its answer.
var model = (&porcupine.NondeterministicModel{
	Init:  func() []any { return []any{state{}} },
	Step:  func(s, in, out any) []any { return step(s.(state), in, out) },
	Equal: func(a, b any) bool { return a.(state).equal(b.(state)) },
	DescribeOperation: func(in, out any) string {
		return fmt.Sprintf("%T%+v -> %+v", in, in, out)
	},
}).ToModel()

func (s state) equal(o state) bool {
	return s.count == o.count && s.exists == o.exists && s.deletedAt == o.deletedAt && maps.Equal(s.records, o.records)
}

func step(s state, in, out any) []any {
	switch in := in.(type) {
	case listCall:
		return s.list(in, out.(*listing))
	case updateCall:
		return s.update(in, out.(updateAnswer))
	default:
		return s.delete(out.(deleteAnswer))
	}
}

// list must show exactly what changed since the count, as of now.
func (s state) list(in listCall, out *listing) []any {
	want := maps.Clone(s.records)
	maps.DeleteFunc(want, func(_ string, r local) bool { return r.count <= in.since })
	got := map[string]local{}
	for _, r := range out.Records {
		l := local{removed: r.Value == nil, count: r.SyncCount}
		if r.Value != nil {
			l.value = *r.Value
		}
		got[r.Key] = l
	}
	deleted := in.since > 0 && s.deletedAt > in.since
	if deleted || out.DatasetDeletedAfterRequestedSyncCount {
		// The device starts afresh, whatever else the answer holds.
		if deleted == out.DatasetDeletedAfterRequestedSyncCount {
			return []any{s}
		}
		return nil
	}
	count := s.count
	if !s.exists {
		count = 0 // it is not told
	}
	if out.DatasetExists != s.exists || out.DatasetSyncCount != count || !maps.Equal(got, want) {
		return nil
	}
	return []any{s}
}

// update is a conflict if a count differs, or the dataset was deleted since the session
// began, and only then. If it was sent again, the first copy may have been stored and
// changed by others before the second was refused: no later copy can be stored too.
func (s state) update(in updateCall, out updateAnswer) []any {
	conflict := in.seen > 0 && s.deletedAt > in.seen
	for _, p := range in.patches {
		conflict = conflict || s.records[p.Key].count != p.SyncCount
	}
	early := in.seen == 0 && s.deletedAt > 0 // the session saw no dataset: before or after this deletion
	if !out.conflict {
		if conflict || out.count != s.count+1 {
			return nil
		}
		return []any{s.with(in.patches)}
	}
	var next []any
	if conflict || early {
		next = append(next, s)
	}
	if !conflict && in.again {
		next = append(next, s.with(in.patches))
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

func (s state) delete(out deleteAnswer) []any {
	gone := state{count: s.count + 1, deletedAt: s.count + 1}
	switch {
	case out.lost && s.exists:
		return []any{s, gone}
	case !s.exists && (out.lost || out.missing):
		return []any{s}
	case s.exists && !out.missing:
		return []any{gone}
	}
	return nil
}
