// Package samltest is the contract suite of samlidp.Store.
package samltest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/idp/samlidp"
	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/userpool"
)

// Stores are the store under test and the pools and users that it refers to.
type Stores struct {
	Apps  samlidp.Store
	Pools userpool.Store
}

const (
	poolA = userpool.PoolID("us-east-1_Aaaaaaaaa")
	poolB = userpool.PoolID("us-east-1_Bbbbbbbbb")
)

var when = time.Date(2026, 11, 23, 12, 0, 0, 123456000, time.UTC)

// TestStore runs every check on a store of its own. open returns empty stores
// and registers their clean-up with t.
func TestStore(t *testing.T, open func(t *testing.T) Stores) {
	checks := map[string]func(*testing.T, Stores){
		"create, read, delete":       testLife,
		"every field is kept":        testFields,
		"entity IDs are unique":      testUnique,
		"pools are apart":            testPools,
		"update is atomic":           testUpdate,
		"parallel updates all count": testParallel,
		"pages":                      testPages,
		"cancelled":                  testCancelled,
		"due once":                   testDue,
		"settings of pools":          testPoolSettings,
		"names are remembered":       testNames,
	}
	for name, check := range checks {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			for _, id := range []userpool.PoolID{poolA, poolB} {
				if err := s.Pools.CreatePool(t.Context(), &userpool.Pool{ID: id, Name: "p", Created: when, Modified: when}); err != nil {
					t.Fatal(err)
				}
			}
			check(t, s)
		})
	}
}

func app(pool userpool.PoolID, id string) *samlidp.Application {
	return &samlidp.Application{
		ID: samlidp.ApplicationID(id), Pool: pool, Name: "Wiki", EntityID: "https://sp.example/" + id,
		ACS: []string{"https://sp.example/acs", "https://sp.example/acs2"}, MetadataXML: "<x a=\"ü\"/>",
		MetadataURL: "https://sp.example/metadata", NameIDFormat: "urn:x", NameIDAttribute: "custom:id",
		Attributes: []samlidp.Attribute{{Name: "mail", NameFormat: "urn:f", Value: "email"}, {Name: "x", Value: `"y"`},
			{Name: "z", FriendlyName: "Z", Expression: `user["custom:team"]`}},
		SignResponse: true, EncryptAssertion: true,
		Settings: samlidp.Settings{SignatureAlgorithm: "ecdsa-sha256", EncryptIfOffered: true, EncryptionAlgorithm: "aes128-cbc",
			NameIDExpression: "user.sub", SigningKeyID: "k", SubjectID: "none", MetadataSigner: "s", MetadataEntityID: "i", RequireSignedRequests: true, RelayState: "r", RelayStateFixed: true, GroupPrefixes: []string{"a", "b"}, GroupPattern: "x.*", OnlyRequested: true},
		Fresh:   samlidp.Freshness{Due: when.Add(time.Minute), Fetched: when, ETag: "e", Failures: 2, Problem: "p", Changed: when, Difference: []string{"d"}},
		Created: when, Modified: when.Add(time.Hour),
	}
}

func create(t *testing.T, s Stores, a *samlidp.Application) {
	t.Helper()
	if err := s.Apps.CreateApplication(t.Context(), a); err != nil {
		t.Fatal(err)
	}
}

func want(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("error %v, want %v", err, want)
	}
}

func testLife(t *testing.T, s Stores) {
	ctx := t.Context()
	_, err := s.Apps.Application(ctx, poolA, "one")
	want(t, err, samlidp.ErrNotFound)
	want(t, s.Apps.DeleteApplication(ctx, poolA, "one"), samlidp.ErrNotFound)
	create(t, s, app(poolA, "one"))
	want(t, s.Apps.DeleteApplication(ctx, poolA, "one"), nil)
	_, err = s.Apps.ApplicationByEntityID(ctx, poolA, "https://sp.example/one")
	want(t, err, samlidp.ErrNotFound)
	want(t, s.Apps.CreateApplication(ctx, app("us-east-1_Nowhere00", "one")), userpool.ErrPoolNotFound)
}

func testFields(t *testing.T, s Stores) {
	a := app(poolA, "one")
	create(t, s, a)
	byID, err := s.Apps.Application(t.Context(), poolA, "one")
	want(t, err, nil)
	byEntity, err := s.Apps.ApplicationByEntityID(t.Context(), poolA, a.EntityID)
	want(t, err, nil)
	for _, got := range []*samlidp.Application{byID, byEntity} {
		if !reflect.DeepEqual(got, a) {
			t.Errorf("got %+v\nwant %+v", got, a)
		}
	}
}

func testUnique(t *testing.T, s Stores) {
	create(t, s, app(poolA, "one"))
	want(t, s.Apps.CreateApplication(t.Context(), app(poolA, "one")), samlidp.ErrExists)
	twin := app(poolA, "two")
	twin.EntityID = "https://sp.example/one"
	want(t, s.Apps.CreateApplication(t.Context(), twin), samlidp.ErrExists)
	twin.EntityID = "https://sp.example/ONE" // another name: entity IDs are compared exactly
	create(t, s, twin)
	_, err := s.Apps.UpdateApplication(t.Context(), poolA, "two", func(a *samlidp.Application) error {
		a.EntityID = "https://sp.example/one"
		return nil
	})
	want(t, err, samlidp.ErrExists)
}

func testPools(t *testing.T, s Stores) {
	ctx := t.Context()
	create(t, s, app(poolA, "one"))
	create(t, s, app(poolB, "one")) // same ID, same entity, another pool
	want(t, s.Apps.DeleteApplication(ctx, poolA, "one"), nil)
	_, err := s.Apps.Application(ctx, poolB, "one")
	want(t, err, nil)
	want(t, s.Pools.DeletePool(ctx, poolB), nil)
	_, err = s.Apps.Application(ctx, poolB, "one")
	want(t, err, samlidp.ErrNotFound)
}

func testUpdate(t *testing.T, s Stores) {
	ctx := t.Context()
	_, err := s.Apps.UpdateApplication(ctx, poolA, "one", func(*samlidp.Application) error { return nil })
	want(t, err, samlidp.ErrNotFound)
	create(t, s, app(poolA, "one"))
	refused := errors.New("refused")
	_, err = s.Apps.UpdateApplication(ctx, poolA, "one", func(a *samlidp.Application) error {
		a.Name = "changed"
		return refused
	})
	want(t, err, refused)
	got, err := s.Apps.UpdateApplication(ctx, poolA, "one", func(a *samlidp.Application) error {
		a.EntityID, a.Attributes, a.Modified = "urn:new", nil, when.Add(2*time.Hour)
		return nil
	})
	want(t, err, nil)
	stored, err := s.Apps.ApplicationByEntityID(ctx, poolA, "urn:new")
	want(t, err, nil)
	if !reflect.DeepEqual(got, stored) || got.Name != "Wiki" {
		t.Errorf("returned %+v\nstored %+v", got, stored)
	}
}

func testParallel(t *testing.T, s Stores) {
	create(t, s, app(poolA, "one"))
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			_, err := s.Apps.UpdateApplication(t.Context(), poolA, "one", func(a *samlidp.Application) error {
				a.Attributes = append(a.Attributes, samlidp.Attribute{Name: fmt.Sprint(len(a.Attributes))})
				return nil
			})
			want(t, err, nil)
		})
	}
	wg.Wait()
	a, err := s.Apps.Application(t.Context(), poolA, "one")
	want(t, err, nil)
	if len(a.Attributes) != 53 {
		t.Errorf("%d attributes, want 53: a write was lost", len(a.Attributes))
	}
}

func testPages(t *testing.T, s Stores) {
	for i := range 5 {
		create(t, s, app(poolA, fmt.Sprintf("app%d", i)))
	}
	create(t, s, app(poolB, "app9"))
	var seen []samlidp.ApplicationID
	token := ""
	for range 3 {
		apps, next, err := s.Apps.Applications(t.Context(), poolA, token, 2)
		want(t, err, nil)
		for _, a := range apps {
			seen = append(seen, a.ID)
		}
		if token = next; token == "" {
			break
		}
	}
	if fmt.Sprint(seen) != "[app0 app1 app2 app3 app4]" || token != "" {
		t.Errorf("seen %v, last token %q", seen, token)
	}
}

func testCancelled(t *testing.T, s Stores) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Apps.Application(ctx, poolA, "one")
	want(t, err, context.Canceled)
}

func testDue(t *testing.T, s Stores) {
	ctx := t.Context()
	for i, id := range []string{"never", "later", "now"} {
		a := app(poolA, id)
		a.Fresh = samlidp.Freshness{}
		if i > 0 {
			a.Fresh.Due = when.Add(time.Duration(2-i) * time.Hour)
		}
		create(t, s, a)
	}
	until := when.Add(10 * time.Minute)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var claimed []string
	for range 10 {
		wg.Go(func() {
			a, err := s.Apps.ClaimDue(ctx, when, until)
			if errors.Is(err, samlidp.ErrNotFound) {
				return
			}
			want(t, err, nil)
			mu.Lock()
			defer mu.Unlock()
			claimed = append(claimed, string(a.ID))
			if !a.Fresh.Due.Equal(until) {
				t.Errorf("due again at %s", a.Fresh.Due)
			}
		})
	}
	wg.Wait()
	if len(claimed) != 1 || claimed[0] != "now" {
		t.Errorf("claimed %q", claimed)
	}
	a, err := s.Apps.ClaimDue(ctx, until, until.Add(time.Hour))
	want(t, err, nil)
	if a == nil || a.ID != "now" {
		t.Errorf("after the lease %+v", a)
	}
}

func testPoolSettings(t *testing.T, s Stores) {
	ctx := t.Context()
	p, err := s.Apps.PoolSettings(ctx, poolA)
	want(t, err, nil)
	if !reflect.DeepEqual(p, &samlidp.PoolSettings{Pool: poolA}) {
		t.Errorf("settings of a pool without any: %+v", p)
	}
	for _, name := range []string{"one", "two"} {
		p = &samlidp.PoolSettings{Pool: poolA, Scopes: []string{"example.org", "b"}, ErrorURL: "https://e", Modified: when,
			Display:      samlxml.Display{Language: "de", Name: name, Logo: "https://l", LogoWidth: 1, LogoHeight: 2},
			Organization: samlxml.Organization{Name: "o"}, Contacts: []samlxml.Contact{{Kind: "support", Email: "mailto:a@b"}}}
		want(t, s.Apps.PutPoolSettings(ctx, p), nil)
		got, err := s.Apps.PoolSettings(ctx, poolA)
		want(t, err, nil)
		if !reflect.DeepEqual(got, p) {
			t.Errorf("got %+v, want %+v", got, p)
		}
	}
	p.Pool = "us-east-1_Nowhere00"
	want(t, s.Apps.PutPoolSettings(ctx, p), userpool.ErrPoolNotFound)
	want(t, s.Pools.DeletePool(ctx, poolA), nil)
	if p, err := s.Apps.PoolSettings(ctx, poolA); err != nil || len(p.Scopes) > 0 {
		t.Errorf("a deleted pool has settings %+v, %v", p, err)
	}
}

func testNames(t *testing.T, s Stores) {
	ctx := t.Context()
	create(t, s, app(poolA, "one"))
	create(t, s, app(poolA, "two"))
	for _, pool := range []userpool.PoolID{poolA, poolB} {
		want(t, s.Pools.CreateUser(ctx, &userpool.User{Pool: pool, Username: "alice", Sub: "sub", Created: when, Modified: when}), nil)
	}
	named := func(pool userpool.PoolID, id samlidp.ApplicationID, expect bool) {
		t.Helper()
		got, err := s.Apps.IsNamed(ctx, pool, id, "sub")
		want(t, err, nil)
		if got != expect {
			t.Errorf("%s/%s: named is %v", pool, id, got)
		}
	}
	for range 2 { // the second time changes nothing
		want(t, s.Apps.AddName(ctx, poolA, "one", "sub"), nil)
	}
	want(t, s.Apps.AddName(ctx, poolA, "gone", "sub"), nil)
	want(t, s.Apps.AddName(ctx, poolA, "two", "nobody"), nil)
	named(poolA, "one", true)
	named(poolA, "two", false)
	named(poolB, "one", false)
	named(poolA, "gone", false)
	want(t, s.Apps.DeleteApplication(ctx, poolA, "one"), nil)
	named(poolA, "one", false)
	want(t, s.Apps.AddName(ctx, poolA, "two", "sub"), nil)
	want(t, s.Pools.DeleteUser(ctx, poolA, "alice"), nil)
	named(poolA, "two", false)
}
