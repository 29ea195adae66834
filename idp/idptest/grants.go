package idptest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/userpool"
)

// Grants are a store of grants and the pools and families that it shares a database with.
type Grants struct {
	idp.GrantStore
	Users userpool.Store
}

// TestGrants runs every check of idp.GrantStore on a store of its own.
func TestGrants(t *testing.T, open func(t *testing.T, now func() time.Time) Grants) {
	checks := map[string]func(*testing.T, Grants, *Clock){
		"round trip":          grantRoundTrip,
		"redeem":              grantRedeem,
		"one of many redeems": grantRedeemRace,
		"replay":              grantReplay,
		"replay of unused":    grantReplayOfUnused,
		"pools are apart":     grantPools,
		"clean-up in batches": grantCleanUp,
	}
	for name, check := range checks {
		t.Run(name, func(t *testing.T) {
			clock := NewClock()
			s := open(t, clock.Now)
			for _, id := range []userpool.PoolID{poolA, poolB} {
				if err := s.Users.CreatePool(t.Context(), &userpool.Pool{ID: id, Name: "Pool", Created: clock.Now(), Modified: clock.Now()}); err != nil {
					t.Fatal(err)
				}
			}
			check(t, s, clock)
		})
	}
}

const client userpool.ClientID = "abcdefghij0123456789abcdef"

func newGrant(t *testing.T, s Grants, c *Clock) *idp.Grant {
	t.Helper()
	_, code := idp.NewSecret()
	_, session := idp.NewSecret()
	g := &idp.Grant{Code: code, Pool: poolA, Client: client, Sub: "alice", Session: session,
		Scopes: []string{"openid", "https://api.example/read"}, Nonce: "n'1", AuthTime: c.Now().Add(-time.Minute),
		Challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", RedirectURI: "https://app.example/cb?x=1",
		Resource: "https://api.example", Particulars: userpool.Particulars{SessionID: "sid", Claims: []byte(`{"userinfo":{"name":null}}`),
			Confirmation: &userpool.Confirmation{Thumbprint: "jkt"}}, Created: c.Now(), Expires: c.Now().Add(idp.CodeLife)}
	if err := s.CreateGrant(context.Background(), g); err != nil {
		t.Fatal(err)
	}
	return g
}

func newFamily(pool userpool.PoolID, id string, c *Clock) *userpool.Family {
	return &userpool.Family{ID: id, Pool: pool, Client: client, Sub: "alice", Created: c.Now(), Expires: c.Now().Add(time.Hour)}
}

// families returns which of the families are there.
func (s Grants) families(t *testing.T, ids ...string) (found []string) {
	t.Helper()
	for _, id := range ids {
		f, err := s.Users.Family(t.Context(), poolA, id)
		if err == nil && f.Client == client {
			found = append(found, id)
		} else if !errors.Is(err, userpool.ErrNotFound) {
			t.Error(f, err)
		}
	}
	return found
}

func redeemed(t *testing.T, s Grants, c *Clock) *idp.Grant {
	t.Helper()
	g := newGrant(t, s, c)
	if err := s.Redeem(context.Background(), g.Code, newFamily(poolA, "family-1", c), c.Now()); err != nil {
		t.Fatal(err)
	}
	return g
}

func grantRoundTrip(t *testing.T, s Grants, c *Clock) {
	want := newGrant(t, s, c)
	got, err := s.Grant(context.Background(), poolA, want.Code)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	wantErr(t, s.CreateGrant(context.Background(), want), idp.ErrGrantExists)
	_, err = s.Grant(context.Background(), poolA, "unknown")
	wantErr(t, err, idp.ErrGrantNotFound)
}

func grantRedeem(t *testing.T, s Grants, c *Clock) {
	g := newGrant(t, s, c)
	c.Add(time.Second)
	if err := s.Redeem(context.Background(), g.Code, newFamily(poolA, "family-1", c), c.Now()); err != nil {
		t.Fatal(err)
	}
	got, err := s.Grant(context.Background(), poolA, g.Code)
	if err != nil || got.RedeemedBy != client || got.Family != "family-1" || got.Replayed || !got.Redeemed.Equal(c.Now()) {
		t.Errorf("after redemption: %+v, %v", got, err)
	}
	wantErr(t, s.Redeem(context.Background(), g.Code, newFamily(poolA, "family-2", c), c.Now()), idp.ErrGrantUsed)
	wantErr(t, s.Redeem(context.Background(), "unknown", newFamily(poolA, "family-3", c), c.Now()), idp.ErrGrantUsed)
	if got := s.families(t, "family-1", "family-2", "family-3"); !slices.Equal(got, []string{"family-1"}) {
		t.Errorf("families %v", got)
	}
	again := newGrant(t, s, c)
	if err := s.Redeem(context.Background(), again.Code, newFamily(poolA, "family-1", c), c.Now()); err == nil {
		t.Error("a family that is there already")
	}
	if got, err := s.Grant(context.Background(), poolA, again.Code); err != nil || got.RedeemedBy != "" {
		t.Errorf("the code was spent without its family: %+v, %v", got, err)
	}
}

func grantRedeemRace(t *testing.T, s Grants, c *Clock) {
	g := newGrant(t, s, c)
	var n atomic.Int32
	won := race(t, 50, idp.ErrGrantUsed, func() error {
		return s.Redeem(context.Background(), g.Code, newFamily(poolA, fmt.Sprint("family-", n.Add(1)), c), c.Now())
	})
	if won != 1 {
		t.Errorf("%d callers redeemed one code", won)
	}
	var all []string
	for i := range n.Load() {
		all = append(all, fmt.Sprint("family-", i+1))
	}
	if got := s.families(t, all...); len(got) != 1 {
		t.Errorf("families %v", got)
	}
}

func grantReplay(t *testing.T, s Grants, c *Clock) {
	ctx, g := context.Background(), redeemed(t, s, c)
	if family, err := s.MarkReplayed(ctx, poolA, g.Code); err != nil || family != "family-1" {
		t.Errorf("got family %q, %v", family, err)
	}
	if got, err := s.Grant(ctx, poolA, g.Code); err != nil || !got.Replayed || got.Family != "family-1" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func grantReplayOfUnused(t *testing.T, s Grants, c *Clock) {
	g := newGrant(t, s, c)
	_, err := s.MarkReplayed(context.Background(), poolA, g.Code)
	wantErr(t, err, idp.ErrGrantNotFound)
	if got, err := s.Grant(context.Background(), poolA, g.Code); err != nil || got.Replayed {
		t.Errorf("got %+v, %v", got, err)
	}
}

func grantPools(t *testing.T, s Grants, c *Clock) {
	ctx, g := context.Background(), newGrant(t, s, c)
	_, err := s.Grant(ctx, poolB, g.Code)
	wantErr(t, err, idp.ErrGrantNotFound)
	wantErr(t, s.Redeem(ctx, g.Code, newFamily(poolB, "family-1", c), c.Now()), idp.ErrGrantUsed)
	if err := s.Redeem(ctx, g.Code, newFamily(poolA, "family-1", c), c.Now()); err != nil {
		t.Error("another pool's attempt used the code:", err)
	}
}

func grantCleanUp(t *testing.T, s Grants, c *Clock) {
	for range 5 {
		newGrant(t, s, c)
	}
	c.Add(idp.CodeLife + idp.CodeMemory - time.Microsecond)
	cleanUp(t, 0, s.DeleteExpiredGrants)
	fresh := newGrant(t, s, c)
	c.Add(time.Microsecond)
	cleanUp(t, 5, s.DeleteExpiredGrants)
	if _, err := s.Grant(context.Background(), poolA, fresh.Code); err != nil {
		t.Error("clean-up took a fresh grant:", err)
	}
}
