package identitytest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/sts/identity"
)

func idsOf(all []*identity.Identity) (ids []string) {
	for _, i := range all {
		ids = append(ids, string(i.ID))
	}
	return ids
}

func testDoomed(t *testing.T, s identity.Store) {
	makePool(t, s, "r:1")
	makePool(t, s, "r:2")
	guest(t, s, "r:1", "r:i1")
	guest(t, s, "r:2", "r:i3")
	link(t, s, &identity.Linking{Pool: "r:1", Logins: logins("a:1"), Fresh: "r:i2", Now: start})
	if err := s.DeletePool(ctx, "r:1"); err != nil {
		t.Fatal(err)
	}
	_, pool := s.Pool(ctx, "r:1")
	_, one := s.Identity(ctx, "r:i1")
	_, owner := s.Owner(ctx, "r:1", logins("a:1")[0])
	_, update := s.UpdatePool(ctx, "r:1", func(*identity.Pool) error { return nil })
	for what, err := range map[string]error{"pool": pool, "identity": one, "owner": owner, "update": update, "deleted again": s.DeletePool(ctx, "r:1")} {
		if !errors.Is(err, identity.ErrNotFound) {
			t.Errorf("%s: %v", what, err)
		}
	}
	pools, _, err := s.Pools(ctx, "", 10)
	if err != nil || len(pools) != 1 || pools[0].ID != "r:2" {
		t.Errorf("pools %v, %v", pools, err)
	}
	if listed, _, err := s.Identities(ctx, identity.Listing{Pool: "r:1", Limit: 10}); err != nil || len(listed) != 0 {
		t.Errorf("identities %v, %v", listed, err)
	}
	first, err := s.Doomed(ctx, 1)
	if err != nil || len(first) != 1 || first[0].Pool != "r:1" {
		t.Fatalf("doomed %+v, %v", first, err)
	}
	if empty, err := s.EmptyPools(ctx); err != nil || len(empty) != 0 {
		t.Errorf("empty %v, %v", empty, err)
	}
	all, err := s.Doomed(ctx, 10)
	if ids := idsOf(all); err != nil || len(ids) != 2 || slices.Contains(ids, "r:i3") {
		t.Errorf("doomed %v, %v", ids, err)
	}
	for _, i := range all {
		if err := s.DeleteIdentity(ctx, i.ID); err != nil {
			t.Fatal(err)
		}
	}
	if empty, err := s.EmptyPools(ctx); err != nil || !slices.Equal(empty, []identity.PoolID{"r:1"}) {
		t.Errorf("empty %v, %v", empty, err)
	}
	for _, id := range []identity.PoolID{"r:1", "r:2"} { // the second is not deleted
		if err := s.ErasePool(ctx, id); err != nil {
			t.Fatal(err)
		}
	}
	if empty, err := s.EmptyPools(ctx); err != nil || len(empty) != 0 {
		t.Errorf("erased: %v, %v", empty, err)
	}
	if _, err := s.Pool(ctx, "r:2"); err != nil {
		t.Error(err)
	}
}

func testMergesDue(t *testing.T, s identity.Store) {
	makePool(t, s, "r:1")
	link(t, s, &identity.Linking{Pool: "r:1", Logins: logins("a:1"), Fresh: "r:i1", Now: start})
	for i, id := range []identity.ID{"r:i2", "r:i3"} {
		guest(t, s, "r:1", id)
		link(t, s, &identity.Linking{Pool: "r:1", Given: id, Logins: logins("a:1"), Now: start.Add(time.Duration(i) * time.Second)})
	}
	merge := &identity.Linking{Now: start}
	due := func(at time.Time, limit int, want ...string) {
		t.Helper()
		got, err := s.MergesDue(ctx, at, limit)
		if err != nil || !slices.Equal(idsOf(got), want) {
			t.Errorf("due %v, %v; want %v", idsOf(got), err, want)
		}
		for _, i := range got {
			if i.MergedInto != "r:i1" || i.Pool != "r:1" {
				t.Errorf("due %+v", i)
			}
		}
	}
	due(merge.Due().Add(-time.Microsecond), 10)
	due(merge.Due(), 10, "r:i2")
	later := merge.Due().Add(time.Hour)
	due(later, 10, "r:i2", "r:i3")
	due(later, 1, "r:i2")
	if err := s.PostponeMerge(ctx, "r:i2", later.Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	due(later, 10, "r:i3")
	due(later.Add(time.Second), 10, "r:i3", "r:i2")
	if err := s.SettleMerge(ctx, "r:i3"); err != nil {
		t.Fatal(err)
	}
	due(later.Add(time.Second), 10, "r:i2")
	if err := s.DeleteIdentity(ctx, "r:i2"); err != nil {
		t.Fatal(err)
	}
	due(later.Add(time.Second), 10)
}
