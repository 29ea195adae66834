package dataset

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A store may lose its last writes: Redis does when it is killed between two syncs
// of its file, or when a replica takes over that had not heard of them. Devices have
// seen counts by then that the store knows nothing of, and would take what gets these
// counts next for what they know already.
//
// So no count is ever taken twice. The stretch between two such moments is a
// generation, and has a base above every count that was taken before it. What the
// generation before left behind is as it was up to the last count kept, since a store
// loses from the end; from there a dataset's counter jumps to the base. A device whose
// count is in the gap has seen what is lost, and starts afresh; all others just go on.

// A Gap is a range of counts that a dataset left out: Floor < count < Top.
type Gap struct{ Floor, Top int64 }

// PackGaps and ParseGaps write and read gaps as floor-top, with commas between.
func PackGaps(gaps []Gap) string {
	var b []byte
	for i, g := range gaps {
		if i > 0 {
			b = append(b, ',')
		}
		b = fmt.Appendf(b, "%d-%d", g.Floor, g.Top)
	}
	return string(b)
}

// ParseGaps reads what PackGaps wrote.
func ParseGaps(packed string) ([]Gap, error) {
	if packed == "" {
		return nil, nil
	}
	var all []Gap
	for text := range strings.SplitSeq(packed, ",") {
		floor, top, _ := strings.Cut(text, "-")
		f, err1 := strconv.ParseInt(floor, 10, 64)
		t, err2 := strconv.ParseInt(top, 10, 64)
		if err := errors.Join(err1, err2); err != nil {
			return nil, fmt.Errorf("dataset: gap %q: %w", text, err)
		}
		all = append(all, Gap{f, t})
	}
	return all, nil
}

// MaxGaps is how many gaps a dataset keeps. Where there would be more, the oldest two
// become one: a device that was away since has to start afresh without need, and no
// device goes on that must not.
const MaxGaps = 8

// Lost reports whether count was never taken in the life of d that the store knows.
func (d *Dataset) Lost(count int64) bool { return count > d.SyncCount || d.skipped(count) }

func (d *Dataset) skipped(count int64) bool {
	for _, g := range d.Gaps {
		if g.Floor < count && count < g.Top {
			return true
		}
	}
	return false
}

// Unchanged reports whether d is what it was at count.
func (d *Dataset) Unchanged(count int64) bool {
	n := len(d.Gaps)
	return count == d.SyncCount || n > 0 && d.Gaps[n-1] == Gap{count, d.SyncCount}
}

// Skip takes d into a generation: its counter jumps to the base. Where that is not
// above the counter, the generations were forgotten and their bases began anew; then
// the counter jumps all the same.
func (d *Dataset) Skip(base int64) {
	if d.SyncCount > 0 && d.SyncCount >= base {
		base = d.SyncCount + Room
	}
	if base <= d.SyncCount {
		return
	}
	gaps := append(d.Gaps[:len(d.Gaps):len(d.Gaps)], Gap{d.SyncCount, base})
	if len(gaps) > MaxGaps {
		gaps[1].Floor = gaps[0].Floor
		gaps = gaps[1:]
	}
	d.Gaps, d.SyncCount = gaps, base
}

// A dataset is taken to get no more than Room counts in a generation, and Pace more for
// each second of it. A faster one could reach the next base before it is lost.
const (
	Room = 1 << 20
	Pace = 64

	// linger is how long what a generation replaced may go on answering, and how much
	// the clocks of two nodes may differ.
	linger = 10 * time.Minute
)

// A Generation is what is known of one.
type Generation struct {
	ID   string // of the store's process and its role, never used again
	Base int64
	From time.Time
}

// Generations remembers generations, where they do not get lost with the data.
// Implementations must be safe for concurrent use by several processes.
type Generations interface {
	// Enter returns the generations with these IDs, in that order. Those that are
	// not known begin at the time, all with one base, see NextBase. The first begins
	// above the counts of datasets that the implementation itself has.
	Enter(ctx context.Context, ids []string, at time.Time) ([]Generation, error)
}

// NextBase returns the base of a generation that begins at a time: 0 for the first, else
// above all counts that those before may have taken.
func NextBase(before []Generation, at time.Time) int64 {
	var base int64
	for _, g := range before {
		age := max(at.Sub(g.From)+linger, linger)
		base = max(base, g.Base+Room+int64(age/time.Second)*Pace)
	}
	return base
}
