package userpooltest

import (
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

var riskChecks = []storeCheck{
	{"risk configuration", testRiskConfiguration},
	{"risk configurations go with their client and their pool", testRiskConfigurationGoes},
	{"habits", testHabits},
	{"concurrent habits", testConcurrentHabits},
}

func testRiskConfiguration(t *testing.T, f *fixture) {
	f.pool(t, poolA)
	f.pool(t, poolB)
	f.client(t, poolA, "c1")
	own := &userpool.RiskConfiguration{Pool: poolA, Client: "c1", Modified: f.now,
		Compromised: &userpool.CompromisedRules{Events: []string{userpool.OnSignIn}, Action: userpool.RiskBlock},
		Takeover: &userpool.TakeoverRules{High: &userpool.RiskAction{Action: userpool.RiskMFARequired, Notify: true},
			Notify: &userpool.NotifyRules{SourceARN: "arn", Block: &userpool.NotifyMail{Subject: "s", HTML: "<b>", Text: "t"}}},
		Exceptions: &userpool.RiskExceptions{Blocked: []string{"192.0.2.0/24"}}}
	whole := &userpool.RiskConfiguration{Pool: poolA, Modified: f.now, Compromised: &userpool.CompromisedRules{Action: userpool.RiskNoAction}}
	get := func(pool userpool.PoolID, client userpool.ClientID) (*userpool.RiskConfiguration, error) {
		return f.RiskConfiguration(ctx, pool, client)
	}
	_, err := get(poolA, "")
	wantErr(t, err, userpool.ErrNotFound)
	for _, c := range []*userpool.RiskConfiguration{whole, own} {
		check(t, f.PutRiskConfiguration(ctx, c))
	}
	for _, want := range []*userpool.RiskConfiguration{whole, own} {
		got, err := get(poolA, want.Client)
		check(t, err)
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v\nwant %+v", got, want)
		}
	}
	for _, c := range []*userpool.RiskConfiguration{{Pool: poolB, Client: "c1"}, {Pool: poolA, Client: "c2"}, {Pool: "us-east-1_None"}} {
		wantErr(t, f.PutRiskConfiguration(ctx, c), userpool.ErrClientNotFound)
		_, err := get(c.Pool, c.Client)
		wantErr(t, err, userpool.ErrNotFound)
	}
	check(t, f.PutRiskConfiguration(ctx, &userpool.RiskConfiguration{Pool: poolA, Client: "c1", Modified: f.now}))
	got, err := get(poolA, "c1")
	check(t, err)
	equal(t, "replaced", got.Takeover == nil, true)
	for range 2 {
		check(t, f.DeleteRiskConfiguration(ctx, poolA, "c1"))
	}
	_, err = get(poolA, "c1")
	wantErr(t, err, userpool.ErrNotFound)
	_, err = get(poolA, "")
	check(t, err)
}

func testRiskConfigurationGoes(t *testing.T, f *fixture) {
	f.pool(t, poolA)
	f.client(t, poolA, "c1")
	put := func() {
		t.Helper()
		check(t, f.PutRiskConfiguration(ctx, &userpool.RiskConfiguration{Pool: poolA, Client: "c1"}))
		check(t, f.PutRiskConfiguration(ctx, &userpool.RiskConfiguration{Pool: poolA}))
	}
	gone := func(client userpool.ClientID) {
		t.Helper()
		_, err := f.RiskConfiguration(ctx, poolA, client)
		wantErr(t, err, userpool.ErrNotFound)
	}
	put()
	check(t, f.DeleteClient(ctx, poolA, "c1"))
	gone("c1")
	f.client(t, poolA, "c1")
	gone("c1")
	put()
	check(t, f.DeletePool(ctx, poolA))
	f.pool(t, poolA)
	f.client(t, poolA, "c1")
	gone("c1")
	gone("")
}

func testHabits(t *testing.T, f *fixture) {
	f.pool(t, poolA)
	f.pool(t, poolB)
	f.user(t, poolA, "bob")
	f.user(t, poolB, "bob")
	at := func(pool userpool.PoolID) *userpool.Habits {
		t.Helper()
		h, err := f.Habits(ctx, pool, "sub-of-bob")
		check(t, err)
		return h
	}
	want := &userpool.Habits{Devices: []userpool.Seen{{Name: "Firefox, Linux", At: f.now}, {At: f.now}}, Last: &userpool.Presence{At: f.now, Latitude: 1.5, Longitude: -2}}
	set := func(h *userpool.Habits) error { *h = *want; return nil }
	equal(t, "habits", len(at(poolA).Devices), 0)
	check(t, f.UpdateHabits(ctx, poolA, "sub-of-bob", set))
	if got := at(poolA); !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v\nwant %+v", got, want)
	}
	equal(t, "of the other pool", len(at(poolB).Devices), 0)
	failed := errors.New("failed")
	wantErr(t, f.UpdateHabits(ctx, poolA, "sub-of-bob", func(h *userpool.Habits) error { h.Devices = nil; return failed }), failed)
	equal(t, "after a failure", len(at(poolA).Devices), 2)
	for _, sub := range []string{"sub-of-eve", "a\x00b"} {
		wantErr(t, f.UpdateHabits(ctx, poolA, sub, set), userpool.ErrUserNotFound)
	}
	check(t, f.DeleteUser(ctx, poolA, "bob"))
	f.user(t, poolA, "bob")
	equal(t, "of a new user", len(at(poolA).Devices), 0)
}

func testConcurrentHabits(t *testing.T, f *fixture) {
	const n = 20
	f.pool(t, poolA)
	f.user(t, poolA, "bob")
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			err := f.UpdateHabits(ctx, poolA, "sub-of-bob", func(h *userpool.Habits) error {
				h.Devices = append(h.Devices, userpool.Seen{Name: fmt.Sprint(i), At: time.Unix(0, 0)})
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	h, err := f.Habits(ctx, poolA, "sub-of-bob")
	check(t, err)
	equal(t, "devices", len(h.Devices), n)
}
