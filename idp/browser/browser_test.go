package browser_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/idp/browser"
	"github.com/poolhouse/poolhouse/idp/idptest"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/userpool"
)

const pool userpool.PoolID = "us-east-1_Test00001"

type users struct{}

func (users) UserBySub(_ context.Context, p userpool.PoolID, sub string) (*userpool.User, error) {
	return &userpool.User{Pool: p, Sub: sub, Enabled: true}, nil
}

func open(t *testing.T, secure bool) *browser.Store {
	clock := idptest.NewClock()
	return &browser.Store{Secure: secure, Sessions: &idp.Sessions{Store: sqlstoretest.SQLite(t, clock.Now).IDP(), Users: users{}, Now: clock.Now}}
}

// visit is a request that carries what an earlier response set.
func visit(set *httptest.ResponseRecorder) *http.Request {
	r := httptest.NewRequest("GET", "/", nil)
	if set != nil {
		for _, c := range set.Result().Cookies() {
			r.AddCookie(c)
		}
	}
	return r
}

func signIn(t *testing.T, s *browser.Store, r *http.Request) *httptest.ResponseRecorder {
	t.Helper()
	rec := httptest.NewRecorder()
	if _, err := s.SignIn(rec, r, &userpool.User{Pool: pool, Sub: "s", Enabled: true}, "pwd"); err != nil {
		t.Fatal(err)
	}
	return rec
}

func TestCookie(t *testing.T) {
	for secure, name := range map[bool]string{true: "__Host-ph_session_" + string(pool), false: "ph_session_" + string(pool)} {
		c := signIn(t, open(t, secure), visit(nil)).Result().Cookies()[0]
		if c.Name != name || c.Secure != secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || len(c.Value) != 43 {
			t.Errorf("secure %v: %+v", secure, c)
		}
	}
}

func TestSignOut(t *testing.T) {
	s := open(t, false)
	in := signIn(t, s, visit(nil))
	cur, err := s.Current(visit(in), pool)
	if err != nil || cur.User.Sub != "s" || cur.Session.Methods[0] != "pwd" {
		t.Fatal(cur, err)
	}
	if _, err := s.Current(visit(in), "us-east-1_Other0001"); !errors.Is(err, idp.ErrSessionNotFound) {
		t.Error("signed in to another pool too:", err)
	}
	out := httptest.NewRecorder()
	if err := s.SignOut(out, visit(in), pool); err != nil {
		t.Fatal(err)
	}
	if c := out.Result().Cookies()[0]; c.MaxAge >= 0 || c.Value != "" {
		t.Errorf("the cookie stays: %+v", c)
	}
	if _, err := s.Current(visit(in), pool); !errors.Is(err, idp.ErrSessionNotFound) {
		t.Error("a kept cookie still works:", err)
	}
}

// TestSameRequest: a page that signs in sees the new session at once.
func TestSameRequest(t *testing.T) {
	s := open(t, false)
	r := visit(nil)
	if _, err := s.Current(r, pool); !errors.Is(err, idp.ErrSessionNotFound) {
		t.Fatal(err)
	}
	signIn(t, s, r)
	if _, err := s.Current(r, pool); err != nil {
		t.Error(err)
	}
}
