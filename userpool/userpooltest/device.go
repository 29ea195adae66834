package userpooltest

import (
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/poolhouse/poolhouse/userpool"
)

var deviceChecks = []storeCheck{
	{"device", testDevice},
	{"device of another user", testDeviceScope},
	{"devices page by page", testDevicePages},
	{"devices go with their user", testDevicesDeleted},
	{"recovery codes", testRecoveryCodes},
	{"concurrent use of a recovery code", testConcurrentRecovery},
}

func (f *fixture) device(t *testing.T, pool userpool.PoolID, user, key string) *userpool.Device {
	t.Helper()
	d := &userpool.Device{Pool: pool, Sub: "sub-of-" + user, Key: key, Group: "-abcdefgh", Name: "phone", Created: f.now, Modified: f.now,
		Authenticated: f.now, IP: "192.0.2.1", Salt: []byte{1}, Verifier: []byte{2, 3}}
	check(t, f.CreateDevice(ctx, d))
	return d
}

func testDevice(t *testing.T, f *fixture) {
	f.pool(t, poolA)
	f.user(t, poolA, "bob")
	d := f.device(t, poolA, "bob", "us-east-1_1")
	got, err := f.Device(ctx, poolA, d.Sub, d.Key)
	check(t, err)
	if !reflect.DeepEqual(got, d) {
		t.Fatalf("got %+v\nwant %+v", got, d)
	}
	wantErr(t, f.CreateDevice(ctx, d), userpool.ErrDeviceKeyExists)
	_, err = f.UpdateDevice(ctx, poolA, d.Sub, d.Key, func(d *userpool.Device) error {
		d.Remembered, d.Verifier, d.Key, d.Sub = true, []byte{9}, "other", "other"
		return nil
	})
	check(t, err)
	got, err = f.Device(ctx, poolA, d.Sub, d.Key)
	check(t, err)
	if !got.Remembered || got.Verifier[0] != 9 || got.Sub != d.Sub {
		t.Fatalf("after a change %+v", got)
	}
	refused := errors.New("refused")
	_, err = f.UpdateDevice(ctx, poolA, d.Sub, d.Key, func(*userpool.Device) error { return refused })
	wantErr(t, err, refused)
	check(t, f.DeleteDevice(ctx, poolA, d.Sub, d.Key))
	_, err = f.Device(ctx, poolA, d.Sub, d.Key)
	wantErr(t, err, userpool.ErrNotFound)
	wantErr(t, f.DeleteDevice(ctx, poolA, d.Sub, d.Key), userpool.ErrNotFound)
	d.Sub = "sub-of-nobody"
	wantErr(t, f.CreateDevice(ctx, d), userpool.ErrUserNotFound)
}

func testDeviceScope(t *testing.T, f *fixture) {
	f.pool(t, poolA)
	f.pool(t, poolB)
	f.user(t, poolA, "bob")
	f.user(t, poolA, "eve")
	f.user(t, poolB, "bob")
	d := f.device(t, poolA, "bob", "us-east-1_1")
	wantErr(t, f.CreateDevice(ctx, &userpool.Device{Pool: poolA, Sub: "sub-of-eve", Key: d.Key}), userpool.ErrDeviceKeyExists)
	for _, other := range []struct {
		pool     userpool.PoolID
		sub, key string
	}{{poolA, "sub-of-eve", d.Key}, {poolB, d.Sub, d.Key}, {poolA, d.Sub, "us-east-1_2"}, {poolA, d.Sub, "a\x00b"}} {
		_, err := f.Device(ctx, other.pool, other.sub, other.key)
		wantErr(t, err, userpool.ErrNotFound)
		_, err = f.UpdateDevice(ctx, other.pool, other.sub, other.key, func(*userpool.Device) error { return nil })
		wantErr(t, err, userpool.ErrNotFound)
		wantErr(t, f.DeleteDevice(ctx, other.pool, other.sub, other.key), userpool.ErrNotFound)
	}
	f.device(t, poolB, "bob", d.Key) // a key is unique in its pool
}

func testDevicePages(t *testing.T, f *fixture) {
	f.pool(t, poolA)
	f.user(t, poolA, "bob")
	f.user(t, poolA, "eve")
	for i := range 7 {
		f.device(t, poolA, "bob", fmt.Sprint("us-east-1_", i))
		f.device(t, poolA, "eve", fmt.Sprint("us-east-1_e", i))
	}
	got := pages(t, func(after string, limit int) ([]*userpool.Device, string, error) {
		return f.Devices(ctx, poolA, "sub-of-bob", after, limit)
	}, func(d *userpool.Device) string { return d.Key })
	equal(t, "devices", fmt.Sprint(got), "[us-east-1_0 us-east-1_1 us-east-1_2 us-east-1_3 us-east-1_4 us-east-1_5 us-east-1_6]")
	listed, _, err := f.Devices(ctx, poolA, "sub-of-bob", "", 1)
	check(t, err)
	if listed[0].Verifier != nil || listed[0].Salt != nil {
		t.Fatal("a list has verifiers")
	}
}

func testDevicesDeleted(t *testing.T, f *fixture) {
	f.pool(t, poolA)
	for _, drop := range []func() error{
		func() error { return f.DeleteUser(ctx, poolA, "bob") },
		func() error {
			defer f.pool(t, poolA)
			return f.DeletePool(ctx, poolA)
		},
	} {
		f.user(t, poolA, "bob")
		f.device(t, poolA, "bob", "us-east-1_1")
		f.passkey(t, poolA, "bob", "key1")
		check(t, f.SetRecoveryCodes(ctx, poolA, "sub-of-bob", [][]byte{{1}}))
		check(t, drop())
		f.user(t, poolA, "bob")
		_, err := f.Device(ctx, poolA, "sub-of-bob", "us-east-1_1")
		wantErr(t, err, userpool.ErrNotFound)
		keys, err := f.Passkeys(ctx, poolA, "sub-of-bob")
		check(t, err)
		equal(t, "passkeys", len(keys), 0)
		n, err := f.CountRecoveryCodes(ctx, poolA, "sub-of-bob")
		check(t, err)
		equal(t, "recovery codes", n, 0)
		check(t, f.DeleteUser(ctx, poolA, "bob"))
	}
}

func testRecoveryCodes(t *testing.T, f *fixture) {
	f.pool(t, poolA)
	f.user(t, poolA, "bob")
	f.user(t, poolA, "eve")
	const bob, eve = "sub-of-bob", "sub-of-eve"
	check(t, f.SetRecoveryCodes(ctx, poolA, bob, [][]byte{{1}, {2}, {3}}))
	check(t, f.SetRecoveryCodes(ctx, poolA, eve, [][]byte{{9}}))
	wantErr(t, f.UseRecoveryCode(ctx, poolA, eve, []byte{1}), userpool.ErrNotFound)
	has, err := f.HasRecoveryCode(ctx, poolA, bob, []byte{1})
	check(t, err)
	equal(t, "has", has, true)
	check(t, f.UseRecoveryCode(ctx, poolA, bob, []byte{1}))
	wantErr(t, f.UseRecoveryCode(ctx, poolA, bob, []byte{1}), userpool.ErrNotFound)
	if has, err = f.HasRecoveryCode(ctx, poolA, bob, []byte{1}); has || err != nil {
		t.Fatal("a used code is there", err)
	}
	n, err := f.CountRecoveryCodes(ctx, poolA, bob)
	check(t, err)
	equal(t, "left", n, 2)
	check(t, f.SetRecoveryCodes(ctx, poolA, bob, [][]byte{{4}}))
	wantErr(t, f.UseRecoveryCode(ctx, poolA, bob, []byte{2}), userpool.ErrNotFound)
	check(t, f.UseRecoveryCode(ctx, poolA, bob, []byte{4}))
	wantErr(t, f.SetRecoveryCodes(ctx, poolA, "nobody", nil), userpool.ErrUserNotFound)
}

func testConcurrentRecovery(t *testing.T, f *fixture) {
	f.pool(t, poolA)
	f.user(t, poolA, "bob")
	check(t, f.SetRecoveryCodes(ctx, poolA, "sub-of-bob", [][]byte{{1}}))
	won := 0
	for _, err := range parallel(50, func(int) error { return f.UseRecoveryCode(ctx, poolA, "sub-of-bob", []byte{1}) }) {
		if err == nil {
			won++
		} else {
			wantErr(t, err, userpool.ErrNotFound)
		}
	}
	equal(t, "winners", won, 1)
}
