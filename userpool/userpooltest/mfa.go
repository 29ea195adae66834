package userpooltest

import (
	"errors"
	"reflect"
	"testing"

	"github.com/poolhouse/poolhouse/userpool"
)

func testMFA(t *testing.T, f *fixture) {
	f.pool(t, poolA)
	u := f.newUser(poolA, "bob")
	u.MFA = userpool.MFA{SMS: true, TOTP: true, Preferred: userpool.FactorTOTP, TOTPName: "phone", TOTPStep: 7,
		Secret: []byte{1, 2}, Pending: []byte{3}}
	check(t, f.CreateUser(ctx, u))
	got, err := f.User(ctx, poolA, "bob")
	check(t, err)
	if !reflect.DeepEqual(got, u) {
		t.Fatalf("got %+v\nwant %+v", got, u)
	}
	listed, _, err := f.Users(ctx, poolA, userpool.UserFilter{}, "", 10)
	check(t, err)
	if !reflect.DeepEqual(listed[0].MFA, userpool.MFA{}) {
		t.Fatalf("a list has %+v", listed[0].MFA)
	}
	_, err = f.UpdateUser(ctx, poolA, "bob", func(u *userpool.User) error {
		u.MFA = userpool.MFA{Email: true}
		return nil
	})
	check(t, err)
	got, err = f.User(ctx, poolA, "bob")
	check(t, err)
	if !reflect.DeepEqual(got.MFA, userpool.MFA{Email: true}) {
		t.Fatalf("after a change %+v", got.MFA)
	}
}

// testConcurrentSteps: of many who use one TOTP step at once, one succeeds, and no
// older step is good afterwards.
func testConcurrentSteps(t *testing.T, f *fixture) {
	f.pool(t, poolA)
	f.user(t, poolA, "bob")
	use := func(step int64) error {
		_, err := f.UpdateUser(ctx, poolA, "bob", func(u *userpool.User) error { return u.MFA.UseStep(step) })
		return err
	}
	won := 0
	for _, err := range parallel(50, func(int) error { return use(58_000_000) }) {
		if err == nil {
			won++
		} else if !errors.Is(err, userpool.ErrExpiredCode) {
			t.Fatal(err)
		}
	}
	equal(t, "winners", won, 1)
	wantErr(t, use(57_999_999), userpool.ErrExpiredCode)
	check(t, use(58_000_001))
}
