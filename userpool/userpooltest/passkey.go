package userpooltest

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

var passkeyChecks = []storeCheck{
	{"passkey", testPasskey},
	{"passkey of another user", testPasskeyScope},
	{"concurrent passkeys keep the limit", testPasskeyLimit},
}

func (f *fixture) passkey(t *testing.T, pool userpool.PoolID, user, id string) *userpool.Passkey {
	t.Helper()
	k := newPasskey(pool, user, id, f.now)
	check(t, f.CreatePasskey(ctx, k, 20))
	return k
}

func newPasskey(pool userpool.PoolID, user, id string, at time.Time) *userpool.Passkey {
	return &userpool.Passkey{Pool: pool, Sub: "sub-of-" + user, ID: id, Name: "laptop", RelyingParty: "example.com", Attachment: "platform",
		Transports: []string{"internal"}, Created: at, PublicKey: []byte{1}, Count: 7, AAGUID: []byte{2}, BackupEligible: true}
}

func testPasskey(t *testing.T, f *fixture) {
	f.pool(t, poolA)
	f.user(t, poolA, "bob")
	k := f.passkey(t, poolA, "bob", "zz")
	f.now = f.now.Add(time.Second)
	f.passkey(t, poolA, "bob", "aa")
	all, err := f.Passkeys(ctx, poolA, k.Sub)
	check(t, err)
	if len(all) != 2 || !reflect.DeepEqual(all[0], k) {
		t.Fatalf("got %+v\nwant %+v first", all, k)
	}
	wantErr(t, f.CreatePasskey(ctx, k, 20), userpool.ErrConflict)
	wantErr(t, f.CreatePasskey(ctx, newPasskey(poolA, "bob", "third", f.now), 2), userpool.ErrLimitExceeded)
	wantErr(t, f.CreatePasskey(ctx, newPasskey(poolA, "nobody", "x", f.now), 2), userpool.ErrUserNotFound)
	got, err := f.UpdatePasskey(ctx, poolA, k.Sub, k.ID, func(k *userpool.Passkey) error {
		k.Count, k.Used, k.ID = 8, f.now, "other"
		return nil
	})
	check(t, err)
	if got.Count != 8 || got.ID != "zz" || !got.Used.Equal(f.now) {
		t.Fatalf("after a change %+v", got)
	}
	refused := errors.New("refused")
	_, err = f.UpdatePasskey(ctx, poolA, k.Sub, k.ID, func(*userpool.Passkey) error { return refused })
	wantErr(t, err, refused)
	check(t, f.DeletePasskey(ctx, poolA, k.Sub, k.ID))
	wantErr(t, f.DeletePasskey(ctx, poolA, k.Sub, k.ID), userpool.ErrNotFound)
}

func testPasskeyScope(t *testing.T, f *fixture) {
	f.pool(t, poolA)
	f.pool(t, poolB)
	f.user(t, poolA, "bob")
	f.user(t, poolA, "eve")
	f.user(t, poolB, "bob")
	k := f.passkey(t, poolA, "bob", "key")
	wantErr(t, f.CreatePasskey(ctx, newPasskey(poolA, "eve", "key", f.now), 20), userpool.ErrConflict)
	f.passkey(t, poolB, "bob", "key")
	for _, other := range []struct {
		pool    userpool.PoolID
		sub, id string
	}{{poolA, "sub-of-eve", k.ID}, {poolB, k.Sub, "none"}, {poolA, k.Sub, "a\x00b"}} {
		_, err := f.UpdatePasskey(ctx, other.pool, other.sub, other.id, func(*userpool.Passkey) error { return nil })
		wantErr(t, err, userpool.ErrNotFound)
		wantErr(t, f.DeletePasskey(ctx, other.pool, other.sub, other.id), userpool.ErrNotFound)
	}
	keys, err := f.Passkeys(ctx, poolA, "sub-of-eve")
	check(t, err)
	equal(t, "passkeys of another", len(keys), 0)
}

func testPasskeyLimit(t *testing.T, f *fixture) {
	f.pool(t, poolA)
	f.user(t, poolA, "bob")
	won := 0
	for _, err := range parallel(30, func(i int) error {
		return f.CreatePasskey(ctx, newPasskey(poolA, "bob", fmt.Sprint(i), f.now), 5)
	}) {
		if err == nil {
			won++
		} else {
			wantErr(t, err, userpool.ErrLimitExceeded)
		}
	}
	equal(t, "passkeys", won, 5)
}
