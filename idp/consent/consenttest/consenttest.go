// Package consenttest holds the contract suite of consent.Store.
package consenttest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/idp/consent"
	"github.com/poolhouse/poolhouse/idp/idptest"
	"github.com/poolhouse/poolhouse/userpool"
)

const (
	poolA   userpool.PoolID   = "us-east-1_AAAAAAAAA"
	poolB   userpool.PoolID   = "us-east-1_BBBBBBBBB"
	clientA userpool.ClientID = "aaaaaaaaaa0123456789abcdef"
	clientB userpool.ClientID = "bbbbbbbbbb0123456789abcdef"
)

// A fixture is an empty store beside pools with alice and a client each.
type fixture struct {
	*testing.T
	consent.Store
	users userpool.Store
	clock *idptest.Clock
}

// TestStore runs every check on a store of its own. open returns an empty store and
// that of the users and clients that consents refer to.
func TestStore(t *testing.T, open func(t *testing.T, now func() time.Time) (consent.Store, userpool.Store)) {
	for name, check := range map[string]func(*fixture){
		"round trip": roundTrip, "revoke": revoke, "pools are apart": apart, "nobody's": nobodys, "ends with user and client": ends,
		"nothing is lost in a race": race, "odd texts": odd,
	} {
		t.Run(name, func(t *testing.T) {
			clock := idptest.NewClock()
			f := &fixture{T: t, clock: clock}
			f.Store, f.users = open(t, clock.Now)
			f.seed()
			check(f)
		})
	}
}

func (f *fixture) must(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) seed() {
	ctx, now := f.Context(), f.clock.Now()
	for pool, client := range map[userpool.PoolID]userpool.ClientID{poolA: clientA, poolB: clientB} {
		f.must(f.users.CreatePool(ctx, &userpool.Pool{ID: pool, Name: "Test", Created: now, Modified: now}))
		f.must(f.users.CreateClient(ctx, &userpool.Client{ID: client, Pool: pool, Name: "App", Created: now, Modified: now}))
		f.must(f.users.CreateUser(ctx, &userpool.User{Pool: pool, Username: "alice", Sub: "sub-alice", Status: userpool.Confirmed, Enabled: true,
			Created: now, Modified: now}))
	}
}

func (f *fixture) sample() *consent.Consent {
	return &consent.Consent{Pool: poolA, Sub: "sub-alice", Client: clientA, Scopes: []string{"email", "openid"}, Claims: []string{"name"},
		Resources: []string{"https://api.example"}, Modified: f.clock.Now()}
}

func (f *fixture) get(pool userpool.PoolID, client userpool.ClientID) *consent.Consent {
	f.Helper()
	c, err := f.Consent(f.Context(), pool, "sub-alice", client)
	f.must(err)
	return c
}

func (f *fixture) want(err, kind error) {
	f.Helper()
	if !errors.Is(err, kind) {
		f.Errorf("got %v, want %v", err, kind)
	}
}

func roundTrip(f *fixture) {
	_, err := f.Consent(f.Context(), poolA, "sub-alice", clientA)
	f.want(err, consent.ErrNotFound)
	want := f.sample()
	f.must(f.Allow(f.Context(), want))
	want.Given = want.Modified
	if got := f.get(poolA, clientA); !reflect.DeepEqual(got, want) {
		f.Errorf("got %+v, want %+v", got, want)
	}
	f.clock.Add(time.Hour)
	f.must(f.Allow(f.Context(), &consent.Consent{Pool: poolA, Sub: "sub-alice", Client: clientA, Scopes: []string{"api/read", "email"}, Modified: f.clock.Now()}))
	want.Scopes, want.Modified = []string{"api/read", "email", "openid"}, f.clock.Now()
	if got := f.get(poolA, clientA); !reflect.DeepEqual(got, want) {
		f.Errorf("added: got %+v, want %+v", got, want)
	}
	all, err := f.Consents(f.Context(), poolA, "sub-alice")
	f.must(err)
	if len(all) != 1 || !reflect.DeepEqual(all[0], want) {
		f.Errorf("list %+v", all)
	}
}

func revoke(f *fixture) {
	f.must(f.Allow(f.Context(), f.sample()))
	f.must(f.Revoke(f.Context(), poolA, "sub-alice", clientA))
	_, err := f.Consent(f.Context(), poolA, "sub-alice", clientA)
	f.want(err, consent.ErrNotFound)
	f.want(f.Revoke(f.Context(), poolA, "sub-alice", clientA), consent.ErrNotFound)
}

// apart: the same sub in another pool is somebody else (S24).
func apart(f *fixture) {
	f.must(f.Allow(f.Context(), f.sample()))
	_, err := f.Consent(f.Context(), poolB, "sub-alice", clientA)
	f.want(err, consent.ErrNotFound)
	f.want(f.Revoke(f.Context(), poolB, "sub-alice", clientA), consent.ErrNotFound)
	all, err := f.Consents(f.Context(), poolB, "sub-alice")
	f.must(err)
	if len(all) != 0 {
		f.Errorf("list %+v", all)
	}
	f.get(poolA, clientA)
}

func nobodys(f *fixture) {
	for name, change := range map[string]func(*consent.Consent){
		"user":           func(c *consent.Consent) { c.Sub = "sub-nobody" },
		"user by name":   func(c *consent.Consent) { c.Sub = "alice" },
		"client":         func(c *consent.Consent) { c.Client = "nobody" },
		"another pool's": func(c *consent.Consent) { c.Client = clientB },
	} {
		c := f.sample()
		change(c)
		if err := f.Allow(f.Context(), c); !errors.Is(err, consent.ErrNotFound) {
			f.Errorf("%s: %v", name, err)
		}
	}
}

func ends(f *fixture) {
	f.must(f.Allow(f.Context(), f.sample()))
	f.must(f.users.DeleteClient(f.Context(), poolA, clientA))
	_, err := f.Consent(f.Context(), poolA, "sub-alice", clientA)
	f.want(err, consent.ErrNotFound)
	f.must(f.Allow(f.Context(), &consent.Consent{Pool: poolB, Sub: "sub-alice", Client: clientB, Modified: f.clock.Now()}))
	f.must(f.users.DeleteUser(f.Context(), poolB, "alice"))
	_, err = f.Consent(f.Context(), poolB, "sub-alice", clientB)
	f.want(err, consent.ErrNotFound)
}

func race(f *fixture) {
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			c := f.sample()
			c.Scopes = []string{fmt.Sprintf("api/%02d", i)}
			if err := f.Allow(context.Background(), c); err != nil {
				f.Error(err)
			}
		})
	}
	all.Wait()
	if got := f.get(poolA, clientA); len(got.Scopes) != 50 {
		f.Errorf("%d scopes of 50", len(got.Scopes))
	}
}

func odd(f *fixture) {
	c := f.sample()
	c.Scopes = []string{`https://api.example/"it's"`, "ünï/ß"}
	f.must(f.Allow(f.Context(), c))
	if got := f.get(poolA, clientA); !reflect.DeepEqual(got.Scopes, c.Scopes) {
		f.Errorf("scopes %q", got.Scopes)
	}
}
