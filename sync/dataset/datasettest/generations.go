package datasettest

import (
	"context"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

// TestGenerations runs every check of dataset.Generations on a store of its own. open
// returns an empty store.
func TestGenerations(t *testing.T, open func(t *testing.T) dataset.Generations) {
	t.Run("the first begin at 0", func(t *testing.T) {
		s := open(t)
		first := dataset.Generation{ID: "a", From: start}
		same(t, "first", enter(t, s, start, "a", "b"), []dataset.Generation{first, {ID: "b", From: start}})
		same(t, "again", enter(t, s, start.Add(time.Hour), "a"), []dataset.Generation{first})
		same(t, "an ID twice", len(enter(t, s, start, "c", "c")), 2)
	})
	t.Run("each begins above those before", func(t *testing.T) {
		s := open(t)
		enter(t, s, start, "a")
		at := start
		last := int64(0)
		for _, id := range []string{"b", "c", "d"} {
			at = at.Add(time.Hour)
			g := enter(t, s, at, "a", id)[1]
			if least := last + dataset.Room + 3600*dataset.Pace; g.Base <= least || !g.From.Equal(at) {
				t.Errorf("%+v, want a base above %d", g, least)
			}
			last = g.Base
		}
	})
	t.Run("a clock that went back", func(t *testing.T) {
		s := open(t)
		enter(t, s, start, "a")
		if g := enter(t, s, start.Add(-time.Hour), "b")[0]; g.Base <= dataset.Room {
			t.Errorf("base %d", g.Base)
		}
	})
}

func enter(t *testing.T, s dataset.Generations, at time.Time, ids ...string) []dataset.Generation {
	t.Helper()
	all, err := s.Enter(context.Background(), ids, at)
	if err != nil {
		t.Fatal(err)
	}
	return all
}
