package idptest

import (
	"bytes"
	"context"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/userpool"
)

// TestParticipants runs every check of idp.ParticipantStore on a store of its own.
func TestParticipants(t *testing.T, open func(t *testing.T, now func() time.Time) idp.ParticipantStore, traits ...Trait) {
	leftover := 5
	if slices.Contains(traits, ClearsItself) {
		leftover = 0
	}
	checks := map[string]func(*testing.T, idp.ParticipantStore, *Clock){
		"round trip":          participantRoundTrip,
		"selection":           participantSelection,
		"joins again":         participantAgain,
		"kinds":               participantKinds,
		"expiry":              participantExpiry,
		"pools are apart":     participantPools,
		"many at once":        participantMany,
		"clean-up in batches": func(t *testing.T, s idp.ParticipantStore, c *Clock) { participantCleanUp(t, s, c, leftover) },
	}
	for name, check := range checks {
		t.Run(name, func(t *testing.T) {
			clock := NewClock()
			check(t, open(t, clock.Now), clock)
		})
	}
}

func joined(t *testing.T, s idp.ParticipantStore, c *Clock, pool userpool.PoolID, sub string, root idp.Handle, client userpool.ClientID) *idp.Participant {
	t.Helper()
	p := &idp.Participant{Pool: pool, Sub: sub, Root: root, Client: client, Joined: c.Now(), Expires: c.Now().Add(24 * time.Hour)}
	if err := s.Join(context.Background(), p); err != nil {
		t.Fatal(err)
	}
	return p
}

func wantParticipants(t *testing.T, s idp.ParticipantStore, pool userpool.PoolID, sub string, root idp.Handle, want ...*idp.Participant) {
	t.Helper()
	got, err := s.Participants(context.Background(), pool, sub, root)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) || len(want) > 0 && !reflect.DeepEqual(got, want) {
		t.Errorf("%s %q: got %d participants, want %d: %+v", sub, root, len(got), len(want), got)
	}
}

func participantRoundTrip(t *testing.T, s idp.ParticipantStore, c *Clock) {
	p := joined(t, s, c, poolA, "alice", "r1", "one")
	wantParticipants(t, s, poolA, "alice", "r1", p)
	for range 2 {
		if err := s.Leave(context.Background(), p); err != nil {
			t.Fatal(err)
		}
	}
	wantParticipants(t, s, poolA, "alice", "")
}

func participantSelection(t *testing.T, s idp.ParticipantStore, c *Clock) {
	second := joined(t, s, c, poolA, "alice", "r2", "one")
	b := joined(t, s, c, poolA, "alice", "r1", "two")
	a := joined(t, s, c, poolA, "alice", "r1", "one")
	bob := joined(t, s, c, poolA, "bob", "r1", "one")
	wantParticipants(t, s, poolA, "alice", "r1", a, b)
	wantParticipants(t, s, poolA, "alice", "", a, b, second)
	wantParticipants(t, s, poolA, "bob", "", bob)
	wantParticipants(t, s, poolA, "alice", "r3")
	if err := s.Leave(context.Background(), a); err != nil {
		t.Fatal(err)
	}
	wantParticipants(t, s, poolA, "alice", "", b, second)
	wantParticipants(t, s, poolA, "bob", "r1", bob)
}

// participantAgain: who was told of one sign-in's end still hears of the next one's.
func participantAgain(t *testing.T, s idp.ParticipantStore, c *Clock) {
	first := joined(t, s, c, poolA, "alice", "r1", "one")
	c.Add(time.Second)
	again := joined(t, s, c, poolA, "alice", "r1", "one")
	wantParticipants(t, s, poolA, "alice", "", again)
	if err := s.Leave(context.Background(), first); err != nil {
		t.Fatal(err)
	}
	wantParticipants(t, s, poolA, "alice", "", again)
}

// participantKinds: an app of one kind is none of another, whatever its ID, and what
// telling it takes is kept byte for byte and with the newest sign-in.
func participantKinds(t *testing.T, s idp.ParticipantStore, c *Clock) {
	ctx := context.Background()
	client := joined(t, s, c, poolA, "alice", "r1", "two")
	join := func(id userpool.ClientID, data []byte) *idp.Participant {
		p := &idp.Participant{Pool: poolA, Sub: "alice", Root: "r1", Kind: idp.SAMLApp, Client: id, Data: data,
			Joined: c.Now(), Expires: c.Now().Add(time.Hour)}
		if err := s.Join(ctx, p); err != nil {
			t.Fatal(err)
		}
		return p
	}
	one, two := join("one", []byte("\x00\xff{}")), join("two", nil)
	wantParticipants(t, s, poolA, "alice", "r1", client, one, two)
	c.Add(time.Second)
	again := join("one", bytes.Repeat([]byte{0xfe}, 4<<10))
	wantParticipants(t, s, poolA, "alice", "r1", client, again, two)
	if err := s.Leave(ctx, one); err != nil { // it has joined again since
		t.Fatal(err)
	}
	if err := s.Leave(ctx, two); err != nil {
		t.Fatal(err)
	}
	wantParticipants(t, s, poolA, "alice", "", client, again)
}

func participantExpiry(t *testing.T, s idp.ParticipantStore, c *Clock) {
	p := joined(t, s, c, poolA, "alice", "r1", "one")
	c.Add(24*time.Hour - time.Microsecond)
	wantParticipants(t, s, poolA, "alice", "r1", p)
	c.Add(time.Microsecond)
	wantParticipants(t, s, poolA, "alice", "r1")
}

func participantPools(t *testing.T, s idp.ParticipantStore, c *Clock) {
	a := joined(t, s, c, poolA, "alice", "r1", "one")
	b := joined(t, s, c, poolB, "alice", "r1", "one")
	if err := s.Leave(context.Background(), b); err != nil {
		t.Fatal(err)
	}
	wantParticipants(t, s, poolA, "alice", "", a)
	wantParticipants(t, s, poolB, "alice", "")
}

// participantMany: the dead do not pile up beside the living, and none of those is lost.
func participantMany(t *testing.T, s idp.ParticipantStore, c *Clock) {
	for range 100 {
		_, root := idp.NewSecret()
		joined(t, s, c, poolA, "alice", root, "one")
	}
	c.Add(24 * time.Hour)
	var want []*idp.Participant
	for _, root := range []idp.Handle{"a", "b", "c"} {
		want = append(want, joined(t, s, c, poolA, "alice", root, "one"))
	}
	wantParticipants(t, s, poolA, "alice", "", want...)
}

func participantCleanUp(t *testing.T, s idp.ParticipantStore, c *Clock, leftover int) {
	for _, root := range []idp.Handle{"1", "2", "3", "4", "5"} {
		joined(t, s, c, poolA, "alice", root, "one")
	}
	c.Add(24 * time.Hour)
	live := joined(t, s, c, poolA, "alice", "6", "one")
	cleanUp(t, leftover, s.DeleteExpiredParticipants)
	wantParticipants(t, s, poolA, "alice", "", live)
}
