package identity_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/sts"
	"github.com/poolhouse/poolhouse/sts/identity"
)

const backend = "login.example"

func withBackend(s *identity.Settings) { s.DeveloperProvider = backend }

// developer returns a token for a user of the backend.
func (w *world) developer(p *identity.Pool, id identity.ID, user string) (string, identity.ID, error) {
	return w.DeveloperToken(ctx, identity.DeveloperRequest{Pool: p.ID, Identity: id, Logins: map[string]string{backend: user}})
}

func (w *world) mustDeveloper(p *identity.Pool, id identity.ID, user string) (string, identity.ID) {
	w.t.Helper()
	token, id, err := w.developer(p, id, user)
	if err != nil {
		w.t.Fatal(err)
	}
	return token, id
}

func poolToken(token string) map[string]string {
	return map[string]string{"cognito-identity.amazonaws.com": token}
}

func TestDeveloperToken(t *testing.T) {
	w := newWorld(t)
	off := false
	p := w.pool(func(s *identity.Settings) { withBackend(s); s.AllowClassic = &off }) // the basic flow is for apps
	w.role(userRole, p, "authenticated")
	w.setRoles(p, nil)
	raw, id := w.mustDeveloper(p, "", "u1")
	claims := verifyByJWKS(t, w, raw)
	if claims["exp"].(float64)-claims["iat"].(float64) != 900 || claims["sub"] != string(id) || claims["aud"] != string(p.ID) {
		t.Errorf("claims %v", claims)
	}
	if _, again := w.mustDeveloper(p, "", "u1"); again != id {
		t.Errorf("the user has two identities: %s, %s", id, again)
	}
	c, err := w.credentials(id, poolToken(raw), "")
	if err != nil || !slices.Equal(c.Providers, []string{backend}) || c.Role != userRole {
		t.Errorf("credentials %+v, %v", c, err)
	}
	_, err = w.credentials(id, poolToken(raw), rootRole)
	wantFault(t, "a role that nothing offers", err, identity.ErrNotAuthorized, "forbidden")
	both := poolToken(raw)
	both[awsName] = w.idToken("alice", nil)
	_, err = w.credentials(id, both, "")
	wantFault(t, "another login beside it", err, identity.ErrInvalidParameter, "only login")
	w.clock.Advance(15 * time.Minute)
	_, err = w.credentials(id, poolToken(raw), "")
	wantFault(t, "after its time", err, identity.ErrNotAuthorized, "expired")
}

// A token is worth something for its own pool and identity alone, and only one that the
// backend asked for.
func TestDeveloperTokenElsewhere(t *testing.T) {
	w := newWorld(t)
	p, other, none := w.pool(withBackend), w.pool(withBackend), w.pool(nil)
	raw, id := w.mustDeveloper(p, "", "u1")
	_, neighbour := w.mustDeveloper(p, "", "u2")
	_, foreign := w.mustDeveloper(other, "", "u1")
	const mismatch = "Logins don't match"
	for name, tt := range map[string]struct {
		id          identity.ID
		token, text string
	}{
		"another user":                      {neighbour, raw, mismatch},
		"a guest":                           {w.id(p, nil), raw, mismatch},
		"another pool":                      {foreign, raw, mismatch},
		"a pool without a backend":          {w.id(none, nil), raw, "not from a supported provider"},
		"an identity that is not there":     {"us-east-1:none", raw, "not from a supported provider"},
		"changed":                           {id, raw[:len(raw)-8] + "AAAAAAAA", "Not a valid OpenId Connect identity token."},
		"a user pool's token":               {id, w.idToken("alice", nil), "Not a valid OpenId Connect identity token."},
		"a token of the basic flow":         {w.basic(p, "alice"), w.basicToken(p, "alice"), mismatch},
		"a guest's token of the basic flow": {w.id(p, nil), w.guestToken(p), mismatch},
	} {
		_, err := w.credentials(tt.id, poolToken(tt.token), "")
		wantFault(t, name, err, identity.ErrNotAuthorized, tt.text)
	}
	for name, logins := range map[string]map[string]string{"pool token": poolToken(raw), "user": {backend: "u1"}} {
		_, err := w.GetID(ctx, p.ID, logins, "")
		wantFault(t, name+" in GetId", err, identity.ErrNotAuthorized, "supported provider")
		_, _, err = w.token(id, logins)
		wantFault(t, name+" in GetOpenIdToken", err, identity.ErrNotAuthorized, "supported provider")
		wantFault(t, name+" in UnlinkIdentity", w.unlink(id, logins, []string{backend}), identity.ErrNotAuthorized, "supported provider")
	}
}

func (w *world) basic(p *identity.Pool, sub string) identity.ID {
	return w.id(p, map[string]string{awsName: w.idToken(sub, nil)})
}

func (w *world) basicToken(p *identity.Pool, sub string) string {
	w.t.Helper()
	token, _, err := w.token(w.basic(p, sub), map[string]string{awsName: w.idToken(sub, nil)})
	if err != nil {
		w.t.Fatal(err)
	}
	return token
}

func (w *world) guestToken(p *identity.Pool) string {
	w.t.Helper()
	token, _, err := w.token(w.id(p, nil), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return token
}

func TestDeveloperRequests(t *testing.T) {
	w := newWorld(t)
	p, other := w.pool(withBackend), w.pool(withBackend)
	_, foreign := w.mustDeveloper(other, "", "u1")
	_, id := w.mustDeveloper(p, "", "u1")
	guest := w.id(p, nil)
	many := map[string]string{}
	for i := range 51 {
		many[strings.Repeat("k", i+1)] = "v"
	}
	user := map[string]string{backend: "u1"}
	for name, tt := range map[string]struct {
		in   identity.DeveloperRequest
		kind error
	}{
		"a day and a second":      {identity.DeveloperRequest{Logins: user, Life: 86401 * time.Second}, identity.ErrInvalidParameter},
		"no time":                 {identity.DeveloperRequest{Logins: user, Life: -time.Second}, identity.ErrInvalidParameter},
		"no user":                 {identity.DeveloperRequest{Logins: map[string]string{awsName: w.idToken("alice", nil)}}, identity.ErrInvalidParameter},
		"an empty user":           {identity.DeveloperRequest{Logins: map[string]string{backend: ""}}, identity.ErrInvalidParameter},
		"a user with a zero byte": {identity.DeveloperRequest{Logins: map[string]string{backend: "a\x00b"}}, identity.ErrInvalidParameter},
		"a user of 1025 bytes":    {identity.DeveloperRequest{Logins: map[string]string{backend: strings.Repeat("ü", 513)}}, identity.ErrInvalidParameter},
		"51 tags":                 {identity.DeveloperRequest{Logins: user, Tags: many}, identity.ErrInvalidParameter},
		"a tag that AWS keeps":    {identity.DeveloperRequest{Logins: user, Tags: map[string]string{"AWS:x": "y"}}, identity.ErrInvalidParameter},
		"a tag twice":             {identity.DeveloperRequest{Logins: user, Tags: map[string]string{"A": "y", "a": "z"}}, identity.ErrInvalidParameter},
		"a bad login beside it":   {identity.DeveloperRequest{Logins: map[string]string{backend: "u7", awsName: "junk"}}, identity.ErrNotAuthorized},
		"another pool's identity": {identity.DeveloperRequest{Logins: user, Identity: foreign}, identity.ErrNotFound},
		"another user's identity": {identity.DeveloperRequest{Logins: map[string]string{backend: "u1"}, Identity: guest}, identity.ErrDeveloperUser},
		"no such identity":        {identity.DeveloperRequest{Logins: user, Identity: "us-east-1:none"}, identity.ErrNotFound},
	} {
		tt.in.Pool = p.ID
		if _, _, err := w.DeveloperToken(ctx, tt.in); !errors.Is(err, tt.kind) {
			t.Errorf("%s: %v, want %v", name, err, tt.kind)
		}
	}
	if _, _, _, err := w.LookupDeveloper(ctx, identity.Lookup{Pool: p.ID, User: "u7"}); !errors.Is(err, identity.ErrNotFound) {
		t.Errorf("a refused request made a user: %v", err)
	}
	if _, got := w.mustDeveloper(p, id, "u1"); got != id {
		t.Errorf("its own identity: %s", got)
	}
	if _, got := w.mustDeveloper(p, guest, "u8"); got != guest {
		t.Errorf("a guest became %s", got)
	}
}

// A token ends with the login that it was made for, whatever its time says.
func TestTokensEndWithTheirLogin(t *testing.T) {
	w := newWorld(t)
	p := w.pool(withBackend)
	w.role(userRole, p, "*")
	w.setRoles(p, nil)
	buys := func(token string) bool {
		_, err := w.sts.AssumeRoleWithToken(ctx, sts.WebTokenRequest{RoleARN: userRole, SessionName: "test", Token: token})
		return err == nil
	}
	raw, id := w.mustDeveloper(p, "", "u1")
	w.mustDeveloper(p, id, "u2") // so that the identity lives on
	guest := w.id(p, nil)
	asGuest, _, err := w.token(guest, nil)
	if err != nil || !buys(raw) || !buys(asGuest) {
		t.Fatalf("good tokens are refused, %v", err)
	}
	if err := w.UnlinkDeveloper(ctx, p.ID, id, backend, "u1"); err != nil {
		t.Fatal(err)
	}
	if buys(raw) {
		t.Error("a token of a user who was unlinked buys a role")
	}
	_, err = w.credentials(id, poolToken(raw), "")
	wantFault(t, "credentials of a user who was unlinked", err, identity.ErrNotAuthorized, "Not a valid")
	if _, _, err := w.token(guest, map[string]string{awsName: w.idToken("alice", nil)}); err != nil {
		t.Fatal(err)
	}
	if buys(asGuest) {
		t.Error("a guest's token speaks for the user whom the guest became")
	}
}

func TestDeveloperUsers(t *testing.T) {
	w := newWorld(t)
	p, none := w.pool(withBackend), w.pool(nil)
	_, one := w.mustDeveloper(p, "", "b")
	for _, user := range []string{"c", "a"} {
		w.mustDeveloper(p, one, user)
	}
	look := func(q identity.Lookup) (identity.ID, string, string, error) {
		q.Pool = p.ID
		id, users, next, err := w.LookupDeveloper(ctx, q)
		return id, strings.Join(users, " "), next, err
	}
	for _, tt := range []struct {
		q           identity.Lookup
		users, next string
	}{
		{identity.Lookup{Identity: one}, "a b c", ""},
		{identity.Lookup{User: "c"}, "a b c", ""},
		{identity.Lookup{Identity: one, User: "b"}, "b", ""},
		{identity.Lookup{Identity: one, Limit: 2}, "a b", "b"},
		{identity.Lookup{Identity: one, Limit: 2, After: "b"}, "c", ""},
	} {
		if id, users, next, err := look(tt.q); id != one || users != tt.users || next != tt.next || err != nil {
			t.Errorf("%+v: %s %q %q, %v", tt.q, id, users, next, err)
		}
	}
	_, _, _, err := look(identity.Lookup{Identity: w.id(none, nil)})
	wantFault(t, "an identity of another pool", err, identity.ErrNotFound, "not found")
	_, _, _, err = w.LookupDeveloper(ctx, identity.Lookup{Pool: none.ID, User: "b"})
	wantFault(t, "a pool without a backend", err, identity.ErrInvalidParameter, "developer provider")
	wantFault(t, "another provider", w.UnlinkDeveloper(ctx, p.ID, one, "x", "b"), identity.ErrInvalidParameter, "developer provider")

	_, two := w.mustDeveloper(p, "", "z")
	if id, err := w.MergeDevelopers(ctx, p.ID, backend, "a", "z"); err != nil || id != two {
		t.Errorf("merged into %s, %v; want the destination's %s", id, err, two)
	}
	if i, err := w.Identity(ctx, one); err != nil || !i.Disabled || i.MergedInto != two {
		t.Errorf("the source is %+v, %v", i, err)
	}
	if id, err := w.MergeDevelopers(ctx, p.ID, backend, "z", "z"); err != nil || id != two {
		t.Errorf("a user merged with itself: %s, %v", id, err)
	}
	_, _, err = w.developer(p, one, "new")
	wantFault(t, "the identity that was merged away", err, identity.ErrNotAuthorized, "forbidden")
}
