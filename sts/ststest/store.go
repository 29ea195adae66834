// Package ststest holds the contract suite of sts.Store.
package ststest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/sts"
)

const account = "000000000000"

var checks = []struct {
	name string
	run  func(*testing.T, sts.Store)
}{
	{"entities come back whole", testWhole},
	{"a name is taken once", testTaken},
	{"case of names", testCase},
	{"accounts are apart", testAccounts},
	{"not found", testNotFound},
	{"update writes all or nothing", testUpdate},
	{"parallel updates lose nothing", testParallel},
	{"delete asks first", testDelete},
	{"pages", testPages},
	{"another name", testRename},
	{"by stable ID", testByID},
	{"the last use", testLastUse},
	{"a cancelled context", testCancelled},
}

// TestStore runs every check on a store of its own. open returns an empty store
// and registers its clean-up with t.
func TestStore(t *testing.T, open func(t *testing.T) sts.Store) {
	for _, tt := range checks {
		t.Run(tt.name, func(t *testing.T) { tt.run(t, open(t)) })
	}
}

var created = time.Date(2026, 11, 23, 7, 0, 0, 123456000, time.UTC)

func role(name string) *sts.Role {
	return &sts.Role{Account: account, ID: "AROA1", Path: "/team/", Name: name, Trust: "{}", MaxSession: time.Hour,
		Permissions: sts.Permissions{Inline: map[string]string{"p": "{}"}, Attached: []string{"a", "b"}, Boundary: "c"},
		Tags:        []sts.Tag{{Key: "Team", Value: "å"}}, Created: created, RevokedBefore: created}
}

func whole[T any](t *testing.T, c sts.Collection[T], name string, want *T) {
	t.Helper()
	ctx := context.Background()
	if err := c.Create(ctx, want); err != nil {
		t.Fatal(err)
	}
	got, err := c.Get(ctx, account, name)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func testWhole(t *testing.T, s sts.Store) {
	whole(t, s.Roles(), "dev", role("dev"))
	whole(t, s.Users(), "ann", &sts.User{Account: account, ID: "AIDA1", Path: "/", Name: "ann", Created: created, AccessKeys: []string{"AKIA1"}})
	whole(t, s.AccessKeys(), "AKIA1", &sts.AccessKey{Account: account, ID: "AKIA1", User: "ann", UserID: "AIDA1", Secret: "s3cret", Active: true, Created: created})
	whole(t, s.Policies(), "p", &sts.ManagedPolicy{Account: account, ID: "ANPA1", Path: "/", Name: "p", Default: "v1", LastVersion: 1,
		Versions: []sts.PolicyVersion{{ID: "v1", Document: "{}", Created: created}}, Created: created, Updated: created})
	whole(t, s.SAMLProviders(), "corp", &sts.SAMLProvider{Account: account, Name: "corp", Metadata: "<m/>", EntityID: "e",
		Certificates: [][]byte{{1, 2}}, Created: created})
	whole(t, s.SAMLKeys(), "K1", &sts.SAMLKey{Account: account, ID: "K1", Provider: "P1", PKCS8: []byte{1, 2}})
	whole(t, s.OIDCProviders(), "host:8080/p", &sts.OIDCProvider{Account: account, URL: "host:8080/p", Issuer: "http://host:8080/p",
		ClientIDs: []string{"c"}, Thumbprints: []string{"t"}, Created: created})
	whole(t, s.MFADevices(), "ann", &sts.MFADevice{Account: account, Name: "ann", User: "ann", UserID: "AIDA1", Secret: []byte("s3cret"),
		Enabled: created, Created: created, Step: 7, Failed: 1, Paused: created})
	whole(t, s.Settings(), "settings", &sts.Settings{Account: account, Outbound: true, DisabledRegions: []string{"eu-west-1"}})
}

func testTaken(t *testing.T, s sts.Store) {
	ctx := context.Background()
	if err := s.Roles().Create(ctx, role("dev")); err != nil {
		t.Fatal(err)
	}
	if err := s.Roles().Create(ctx, role("dev")); !errors.Is(err, sts.ErrExists) {
		t.Errorf("got %v, want ErrExists", err)
	}
}

func testCase(t *testing.T, s sts.Store) {
	ctx := context.Background()
	if err := s.Roles().Create(ctx, role("Dev")); err != nil {
		t.Fatal(err)
	}
	if err := s.Roles().Create(ctx, role("dEV")); !errors.Is(err, sts.ErrExists) {
		t.Errorf("roles: got %v, want ErrExists", err)
	}
	if r, err := s.Roles().Get(ctx, account, "DEV"); err != nil || r.Name != "Dev" {
		t.Errorf("roles: got %+v, %v", r, err)
	}
	for _, id := range []string{"AKIAx", "AKIAX"} {
		if err := s.AccessKeys().Create(ctx, &sts.AccessKey{Account: account, ID: id}); err != nil {
			t.Errorf("access keys: %v", err)
		}
	}
	for _, name := range []string{"ann", "Ann"} {
		if err := s.MFADevices().Create(ctx, &sts.MFADevice{Account: account, Name: name}); err != nil {
			t.Errorf("MFA devices: %v", err)
		}
	}
	for _, url := range []string{"h/a", "h/A"} {
		if err := s.OIDCProviders().Create(ctx, &sts.OIDCProvider{Account: account, URL: url}); err != nil {
			t.Errorf("providers: %v", err)
		}
	}
}

func testAccounts(t *testing.T, s sts.Store) {
	ctx := context.Background()
	if err := s.Roles().Create(ctx, role("dev")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Roles().Get(ctx, "111111111111", "dev"); !errors.Is(err, sts.ErrNotFound) {
		t.Errorf("get: got %v", err)
	}
	if list, _, err := s.Roles().List(ctx, "111111111111", "", 10); err != nil || len(list) > 0 {
		t.Errorf("list: got %v, %v", list, err)
	}
	other := role("dev")
	other.Account = "111111111111"
	if err := s.Roles().Create(ctx, other); err != nil {
		t.Errorf("create: %v", err)
	}
}

func testNotFound(t *testing.T, s sts.Store) {
	ctx := context.Background()
	_, get := s.Users().Get(ctx, account, "x")
	_, update := s.Users().Update(ctx, account, "x", func(*sts.User) error { return nil })
	remove := s.Users().Delete(ctx, account, "x", func(*sts.User) error { return nil })
	for op, err := range map[string]error{"get": get, "update": update, "delete": remove} {
		if !errors.Is(err, sts.ErrNotFound) {
			t.Errorf("%s: got %v", op, err)
		}
	}
}

var errRefused = errors.New("refused")

func testUpdate(t *testing.T, s sts.Store) {
	ctx := context.Background()
	if err := s.AccessKeys().Create(ctx, &sts.AccessKey{Account: account, ID: "AKIA1", Secret: "s", Active: true}); err != nil {
		t.Fatal(err)
	}
	_, err := s.AccessKeys().Update(ctx, account, "AKIA1", func(k *sts.AccessKey) error { k.Secret = "x"; return errRefused })
	if !errors.Is(err, errRefused) {
		t.Errorf("got %v", err)
	}
	got, err := s.AccessKeys().Update(ctx, account, "AKIA1", func(k *sts.AccessKey) error { k.Active = false; return nil })
	if err != nil || got.Active || got.Secret != "s" {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err = s.AccessKeys().Get(ctx, account, "AKIA1"); err != nil || got.Active || got.Secret != "s" {
		t.Errorf("afterwards %+v, %v", got, err)
	}
}

func testParallel(t *testing.T, s sts.Store) {
	const writers = 50
	ctx := context.Background()
	if err := s.Users().Create(ctx, &sts.User{Account: account, Name: "ann"}); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			_, err := s.Users().Update(ctx, account, "ann", func(u *sts.User) error {
				u.AccessKeys = append(u.AccessKeys, fmt.Sprint(i))
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if u, err := s.Users().Get(ctx, account, "ann"); err != nil || len(u.AccessKeys) != writers {
		t.Errorf("got %d of %d, %v", len(u.AccessKeys), writers, err)
	}
}

func testDelete(t *testing.T, s sts.Store) {
	ctx := context.Background()
	if err := s.Roles().Create(ctx, role("dev")); err != nil {
		t.Fatal(err)
	}
	if err := s.Roles().Delete(ctx, account, "dev", func(*sts.Role) error { return errRefused }); !errors.Is(err, errRefused) {
		t.Errorf("got %v", err)
	}
	if _, err := s.Roles().Get(ctx, account, "dev"); err != nil {
		t.Errorf("gone: %v", err)
	}
	if err := s.Roles().Delete(ctx, account, "DEV", func(*sts.Role) error { return nil }); err != nil {
		t.Error(err)
	}
	if _, err := s.Roles().Get(ctx, account, "dev"); !errors.Is(err, sts.ErrNotFound) {
		t.Errorf("still there: %v", err)
	}
}

func testPages(t *testing.T, s sts.Store) {
	ctx := context.Background()
	names := []string{"a", "a-b", "a.b", "a_b", "ab", "b+c", "b=d", "c@d", "Z"}
	for _, n := range names {
		if err := s.Roles().Create(ctx, role(n)); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for after, turn := "", 0; turn <= len(names); turn++ {
		page, next, err := s.Roles().List(ctx, account, after, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page {
			got = append(got, r.Name)
		}
		if after = next; next == "" {
			break
		}
	}
	if strings.Join(got, " ") != "a a-b a.b a_b ab b+c b=d c@d Z" {
		t.Errorf("got %q", got)
	}
}

func testRename(t *testing.T, s sts.Store) {
	ctx := context.Background()
	for _, name := range []string{"ann", "bob"} {
		if err := s.Users().Create(ctx, &sts.User{Account: account, Name: name, ID: "AIDA" + name}); err != nil {
			t.Fatal(err)
		}
	}
	rename := func(from, to string) error {
		_, err := s.Users().Update(ctx, account, from, func(u *sts.User) error { u.Name = to; return nil })
		return err
	}
	if err := rename("ann", "BOB"); !errors.Is(err, sts.ErrExists) {
		t.Errorf("a taken name: got %v, want ErrExists", err)
	}
	for _, step := range [][2]string{{"ann", "Ann"}, {"ANN", "eve"}} {
		if err := rename(step[0], step[1]); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Users().Get(ctx, account, "ann"); !errors.Is(err, sts.ErrNotFound) {
		t.Errorf("the old name: got %v, want ErrNotFound", err)
	}
	if u, err := s.Users().Get(ctx, account, "eve"); err != nil || u.ID != "AIDAann" {
		t.Errorf("the new name: got %+v, %v", u, err)
	}
}

func testByID(t *testing.T, s sts.Store) {
	ctx := context.Background()
	if err := s.Users().Create(ctx, &sts.User{Account: account, Name: "Ann", ID: "AIDA1"}); err != nil {
		t.Fatal(err)
	}
	if err := s.Roles().Create(ctx, role("Dev")); err != nil {
		t.Fatal(err)
	}
	if u, err := s.UserByID(ctx, account, "AIDA1"); err != nil || u.Name != "Ann" {
		t.Errorf("got %+v, %v", u, err)
	}
	if r, err := s.RoleByID(ctx, account, "AROA1"); err != nil || r.Name != "Dev" {
		t.Errorf("got %+v, %v", r, err)
	}
	for _, at := range [][2]string{{account, "AIDA2"}, {account, "aida1"}, {"111111111111", "AIDA1"}} {
		if _, err := s.UserByID(ctx, at[0], at[1]); !errors.Is(err, sts.ErrNotFound) {
			t.Errorf("%v: got %v, want ErrNotFound", at, err)
		}
	}
}

func testLastUse(t *testing.T, s sts.Store) {
	ctx := context.Background()
	if u, err := s.LastUse(ctx, account, "AKIA1"); err != nil || u != (sts.Use{}) {
		t.Errorf("never used: got %+v, %v", u, err)
	}
	newest := sts.Use{Time: created, Service: "sts", Region: "us-east-1"}
	older := sts.Use{Time: created.Add(-time.Minute), Service: "iam", Region: "us-west-2"}
	for _, u := range []sts.Use{older, newest, older} {
		if err := s.RecordUse(ctx, account, "AKIA1", u); err != nil {
			t.Fatal(err)
		}
	}
	if u, err := s.LastUse(ctx, account, "AKIA1"); err != nil || u != newest {
		t.Errorf("got %+v, %v", u, err)
	}
	if u, err := s.LastUse(ctx, "111111111111", "AKIA1"); err != nil || u != (sts.Use{}) {
		t.Errorf("another account: got %+v, %v", u, err)
	}
	if err := s.ForgetUse(ctx, account, "AKIA1"); err != nil {
		t.Fatal(err)
	}
	if u, err := s.LastUse(ctx, account, "AKIA1"); err != nil || u != (sts.Use{}) {
		t.Errorf("forgotten: got %+v, %v", u, err)
	}
}

func testCancelled(t *testing.T, s sts.Store) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Roles().Create(ctx, role("dev")); !errors.Is(err, context.Canceled) {
		t.Errorf("create: got %v", err)
	}
	if _, err := s.Roles().Get(ctx, account, "dev"); !errors.Is(err, context.Canceled) {
		t.Errorf("get: got %v", err)
	}
}
