package idp_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/idp/idptest"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/userpool"
)

type oneUser struct{ user *userpool.User }

func (o oneUser) UserBySub(context.Context, userpool.PoolID, string) (*userpool.User, error) {
	if o.user == nil {
		return nil, userpool.ErrUserNotFound
	}
	return o.user, nil
}

const pool userpool.PoolID = "us-east-1_Test00001"

func begin(t *testing.T, idle, life time.Duration) (*idp.Sessions, *idptest.Clock, string) {
	t.Helper()
	clock := idptest.NewClock()
	s := &idp.Sessions{Store: sqlstoretest.SQLite(t, clock.Now).IDP(), Users: oneUser{&userpool.User{Pool: pool, Sub: "s", Enabled: true}},
		Now: clock.Now, Idle: idle, Life: life}
	secret, _, err := s.Start(t.Context(), "", idp.SignIn{Pool: pool, Sub: "s", Methods: []string{"pwd"}})
	if err != nil {
		t.Fatal(err)
	}
	return s, clock, secret
}

func TestIdleAndAbsoluteLife(t *testing.T) {
	s, clock, secret := begin(t, 30*time.Minute, 2*time.Hour)
	for range 5 { // used every 20 minutes: lives
		clock.Add(20 * time.Minute)
		if _, _, err := s.Current(t.Context(), pool, secret); err != nil {
			t.Fatal("a used session died early:", err)
		}
	}
	clock.Add(20 * time.Minute) // two hours in all
	if _, _, err := s.Current(t.Context(), pool, secret); !errors.Is(err, idp.ErrSessionNotFound) {
		t.Error("outlived its limit:", err)
	}
	s, clock, secret = begin(t, 30*time.Minute, 2*time.Hour)
	clock.Add(30 * time.Minute)
	if _, _, err := s.Current(t.Context(), pool, secret); !errors.Is(err, idp.ErrSessionNotFound) {
		t.Error("outlived its idle time:", err)
	}
}

// TestUpstreamBoundsTheSession: a session ends when its provider says, whatever it is
// used for; one that has ended there never begins here.
func TestUpstreamBoundsTheSession(t *testing.T) {
	s, clock, _ := begin(t, 0, 8*time.Hour)
	start := func(up *idp.Upstream) (string, *idp.Session, error) {
		return s.Start(t.Context(), "", idp.SignIn{Pool: pool, Sub: "s", Upstream: up})
	}
	secret, sess, err := start(&idp.Upstream{Provider: "acme", Session: []byte("x"), Ends: clock.Now().Add(90 * time.Minute)})
	if err != nil || sess.Upstream.Provider != "acme" {
		t.Fatal(err)
	}
	for range 4 {
		clock.Add(20 * time.Minute)
		if _, _, err := s.Current(t.Context(), pool, secret); err != nil {
			t.Fatal("died early:", err)
		}
	}
	clock.Add(10 * time.Minute)
	if _, _, err := s.Current(t.Context(), pool, secret); !errors.Is(err, idp.ErrSessionNotFound) {
		t.Error("outlived the session upstream:", err)
	}
	for name, up := range map[string]*idp.Upstream{
		"over":     {Provider: "acme", Ends: clock.Now()},
		"too long": {Provider: "acme", Session: make([]byte, idp.MaxUpstreamSession+1)},
	} {
		if _, _, err := start(up); !errors.Is(err, idp.ErrUpstreamSession) {
			t.Error(name, err)
		}
	}
	if _, sess, err := start(&idp.Upstream{Provider: "acme"}); err != nil || !sess.Limit.Equal(clock.Now().Truncate(time.Microsecond).Add(8*time.Hour)) {
		t.Error("without an end:", err)
	}
}

func TestStartEndsTheOldSession(t *testing.T) {
	s, _, old := begin(t, 0, 0)
	secret, _, err := s.Start(t.Context(), old, idp.SignIn{Pool: pool, Sub: "s"})
	if err != nil || secret == old {
		t.Fatal(err)
	}
	if _, _, err := s.Current(t.Context(), pool, old); !errors.Is(err, idp.ErrSessionNotFound) {
		t.Error("the old session lives:", err)
	}
	if _, _, err := s.Start(t.Context(), "made up", idp.SignIn{Pool: pool, Sub: "s"}); err != nil {
		t.Error("an unknown cookie stops the sign-in:", err)
	}
}

func TestSessionOfDeletedUser(t *testing.T) {
	s, _, secret := begin(t, 0, 0)
	s.Users = oneUser{}
	if _, _, err := s.Current(t.Context(), pool, secret); !errors.Is(err, idp.ErrSessionNotFound) {
		t.Error(err)
	}
}

func TestStoreHoldsNoSecret(t *testing.T) {
	s, _, secret := begin(t, 0, 0)
	if _, err := s.Store.Get(t.Context(), pool, idp.Handle(secret)); !errors.Is(err, idp.ErrSessionNotFound) {
		t.Error("a session is found by its secret")
	}
}

// TestRoot: clients know a session by the same sid while the same user signs in
// again, and by another one after anybody else did.
func TestRoot(t *testing.T) {
	s, clock, secret := begin(t, 0, 0)
	var ended []idp.Handle
	s.Ending = func(_ context.Context, sess *idp.Session) error { ended = append(ended, sess.Root); return nil }
	first, err := s.Store.Get(t.Context(), pool, idp.HandleOf(secret))
	if err != nil || first.Root != first.ID {
		t.Fatalf("%+v, %v", first, err)
	}
	start := func(sub string) *idp.Session {
		t.Helper()
		next, sess, err := s.Start(t.Context(), secret, idp.SignIn{Pool: pool, Sub: sub})
		if err != nil {
			t.Fatal(err)
		}
		secret = next
		return sess
	}
	if again := start("s"); again.Root != first.Root || again.ID == first.ID || len(ended) != 0 {
		t.Errorf("the same user: root %s, ended %v", again.Root, ended)
	}
	other := start("other")
	if other.Root == first.Root || len(ended) != 1 || ended[0] != first.Root {
		t.Errorf("another user: root %s, ended %v", other.Root, ended)
	}
	clock.Add(idp.DefaultSessionLife)
	if late := start("other"); late.Root == other.Root || len(ended) != 1 {
		t.Errorf("after the session ran out: root %s, ended %v", late.Root, ended)
	}
	if err := s.End(t.Context(), pool, secret); err != nil || len(ended) != 2 {
		t.Errorf("signed out: %v, ended %v", err, ended)
	}
	if err := s.End(t.Context(), pool, secret); err != nil || len(ended) != 2 {
		t.Errorf("signed out twice: %v, ended %v", err, ended)
	}
}

// TestEndingThatFails: a sign-out that cannot be told does not look like one.
func TestEndingThatFails(t *testing.T) {
	s, _, secret := begin(t, 0, 0)
	broken := errors.New("broken")
	s.Ending = func(context.Context, *idp.Session) error { return broken }
	if err := s.End(t.Context(), pool, secret); !errors.Is(err, broken) {
		t.Error(err)
	}
	if _, _, err := s.Start(t.Context(), secret, idp.SignIn{Pool: pool, Sub: "other"}); !errors.Is(err, broken) {
		t.Error(err)
	}
	if _, _, err := s.Current(t.Context(), pool, secret); err != nil {
		t.Error("the session ended all the same:", err)
	}
}

func TestSIDsAreApart(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range []userpool.PoolID{"a", "b"} {
		for _, root := range []idp.Handle{"a", "b"} {
			for _, c := range []userpool.ClientID{"a", "b"} {
				seen[idp.SID(p, root, c)] = true
			}
		}
	}
	if len(seen) != 8 {
		t.Errorf("%d of 8 differ", len(seen))
	}
}
