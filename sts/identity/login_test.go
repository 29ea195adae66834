package identity_test

import (
	"encoding/base64"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/poolhouse/poolhouse/sts/identity"
)

func TestGetID(t *testing.T) {
	w := newWorld(t)
	p := w.pool(nil)
	one, two := w.id(p, nil), w.id(p, nil)
	if one == two {
		t.Error("two guests are one")
	}
	alice := w.id(p, map[string]string{awsName: w.idToken("alice", nil)})
	if again := w.id(p, map[string]string{ownName: w.idToken("alice", nil)}); again != alice {
		t.Errorf("the pool's own name leads to %s, AWS's to %s", again, alice)
	}
	if bob := w.id(p, map[string]string{awsName: w.idToken("bob", nil)}); bob == alice {
		t.Error("bob is alice")
	}
	if other := w.id(w.pool(nil), map[string]string{awsName: w.idToken("alice", nil)}); other == alice {
		t.Error("one identity in two pools")
	}
	both := w.id(p, map[string]string{awsName: w.idToken("alice", nil), oidcName: w.oidcToken("a", nil)})
	if again := w.id(p, map[string]string{oidcName: w.oidcToken("a", nil)}); both != alice || again != alice {
		t.Errorf("linked login leads to %s and %s, want %s", both, again, alice)
	}
	_, err := w.GetID(ctx, "us-east-1:00000000-0000-0000-0000-000000000000", nil, "")
	wantFault(t, "unknown pool", err, identity.ErrNotFound, "IdentityPool 'us-east-1:00000000-0000-0000-0000-000000000000' not found.")
}

func TestParallelGetID(t *testing.T) {
	w := newWorld(t)
	p := w.pool(nil)
	token := w.idToken("alice", nil)
	var (
		wg  sync.WaitGroup
		mu  sync.Mutex
		ids = map[identity.ID]bool{}
	)
	for range 50 {
		wg.Go(func() {
			id, err := w.GetID(ctx, p.ID, map[string]string{awsName: token}, "")
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			ids[id] = true
		})
	}
	wg.Wait()
	if len(ids) != 1 {
		t.Errorf("%d identities for one login", len(ids))
	}
}

func TestLoginTokens(t *testing.T) {
	w := newWorld(t)
	p := w.pool(func(s *identity.Settings) { s.LoginProviders = map[string]string{"api.twitter.com": "1"} })
	good := w.idToken("alice", nil)
	key, err := w.issuers.Signer(ctx, "issuer/https://"+oidcName, "RS256")
	if err != nil {
		t.Fatal(err)
	}
	ours := map[string]any{"iss": w.Issuer(userPool), "sub": "alice", "aud": client, "token_use": "id", "exp": w.clock.Now().Add(time.Hour).Unix()}
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + good[indexDot(good):lastDot(good)] + "."
	const supported, notToken = "Token is not from a supported provider of this identity pool.", "Not a valid OpenId Connect identity token."
	for name, tt := range map[string]struct{ provider, token, text string }{
		"provider not configured":  {"accounts.google.com", good, supported},
		"another user pool":        {"cognito-idp.us-east-1.amazonaws.com/us-east-1_Other0001", good, supported},
		"developer provider":       {"cognito-identity.amazonaws.com", good, supported},
		"no token":                 {awsName, "hunter2", notToken},
		"not JSON":                 {awsName, "e30.bm8.e30", notToken},
		"issuer of another":        {oidcName, good, "Invalid login token. Issuer doesn't match providerName"},
		"access token":             {awsName, w.idToken("alice", map[string]any{"aud": nil, "token_use": "access"}), "Invalid login token. Missing a required claim: aud"},
		"access token with aud":    {awsName, w.idToken("alice", map[string]any{"token_use": "access"}), notToken},
		"another client":           {awsName, w.idToken("alice", map[string]any{"aud": "client2"}), supported},
		"azp of another client":    {oidcName, w.oidcToken("a", map[string]any{"azp": "other"}), supported},
		"expired":                  {awsName, w.idToken("alice", map[string]any{"exp": w.clock.Now().Add(-identity.Skew).Unix()}), "Token is expired."},
		"no subject":               {awsName, w.idToken("", nil), "Missing a required claim: sub"},
		"signed by another issuer": {awsName, signWith(t, jose.RS256, key.Private, ours), notToken},
		"HS256":                    {awsName, signWith(t, jose.HS256, make([]byte, 32), ours), notToken},
		"none":                     {awsName, none, notToken},
		"signature changed":        {awsName, good[:len(good)-8] + "AAAAAAAA", notToken},
	} {
		_, err := w.GetID(ctx, p.ID, map[string]string{tt.provider: tt.token}, "")
		wantFault(t, name, err, identity.ErrNotAuthorized, tt.text)
	}
	_, err = w.GetID(ctx, p.ID, map[string]string{"api.twitter.com": "x"}, "")
	wantFault(t, "provider that is no more", err, identity.ErrInvalidParameter, "api.twitter.com")
	_, err = w.GetID(ctx, p.ID, map[string]string{awsName: good, ownName: w.idToken("bob", nil)}, "")
	wantFault(t, "one provider by two names", err, identity.ErrConflict, "same provider")
}

func indexDot(s string) int {
	for i := range s {
		if s[i] == '.' {
			return i
		}
	}
	return -1
}

func lastDot(s string) int { return len(s) - 1 - indexDot(reverse(s)) }

func reverse(s string) string {
	b := []byte(s)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}

func TestOneBadLoginLinksNothing(t *testing.T) {
	w := newWorld(t)
	p := w.pool(nil)
	alice := w.id(p, map[string]string{awsName: w.idToken("alice", nil)})
	logins := map[string]string{awsName: w.idToken("alice", nil), oidcName: w.oidcToken("a", map[string]any{"aud": "other"})}
	if _, err := w.GetID(ctx, p.ID, logins, ""); err == nil {
		t.Error("a bad login passed")
	}
	if i, err := w.Identity(ctx, alice); err != nil || len(i.Logins) != 1 {
		t.Errorf("logins %v, %v", i.Logins, err)
	}
	if id := w.id(p, map[string]string{oidcName: w.oidcToken("a", nil)}); id == alice {
		t.Error("the bad login was linked")
	}
}

func TestServerSideTokenCheck(t *testing.T) {
	w := newWorld(t)
	p := w.pool(func(s *identity.Settings) { s.UserPools[0].ServerSideCheck = true })
	lax := w.pool(nil)
	logins := map[string]string{awsName: w.idToken("alice", nil)}
	id := w.id(p, logins)
	w.out["alice"] = true
	_, _, err := w.token(id, logins)
	wantFault(t, "signed out", err, identity.ErrNotAuthorized, "no longer signed in")
	w.id(lax, logins) // a pool that does not ask goes by the token
}

func TestNoGuests(t *testing.T) {
	w := newWorld(t)
	p := w.pool(nil)
	old := w.id(p, nil)
	set := p.Settings
	set.AllowUnauthenticated = false
	if _, err := w.UpdatePool(ctx, p.ID, set); err != nil {
		t.Fatal(err)
	}
	const text = "Unauthenticated access is not supported for this identity pool."
	_, err := w.GetID(ctx, p.ID, nil, "")
	wantFault(t, "GetId", err, identity.ErrNotAuthorized, text)
	_, _, err = w.token(old, nil)
	wantFault(t, "GetOpenIdToken", err, identity.ErrNotAuthorized, text)
	_, err = w.credentials(old, nil, "")
	wantFault(t, "GetCredentialsForIdentity", err, identity.ErrNotAuthorized, text)
}

func TestGuestsPerAddress(t *testing.T) {
	w := newWorld(t)
	w.GuestsPerMinute = 2
	p := w.pool(nil)
	for want, source := range []string{"192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.2"} {
		_, err := w.GetID(ctx, p.ID, nil, source)
		if want == 2 {
			wantFault(t, "third", err, identity.ErrTooManyRequests, "Too many requests")
		} else if err != nil {
			t.Error(err)
		}
	}
	for want, source := range []string{"2001:db8::1", "2001:db8::2", "2001:db8::ffff:3", "2001:db8:0:1::1"} {
		if _, err := w.GetID(ctx, p.ID, nil, source); (err != nil) != (want == 2) {
			t.Errorf("%s: %v", source, err)
		}
	}
	w.clock.Advance(time.Minute)
	w.id(p, nil)
}

func FuzzLoginToken(f *testing.F) {
	f.Add("")
	f.Add("a.b.c")
	f.Add("e30.eyJpc3MiOiJodHRwOi8vMTI3LjAuMC4xOjgwODAvdXMtZWFzdC0xX1Rlc3QwMDAwMSIsImF1ZCI6ImEifQ.e30")
	f.Fuzz(func(t *testing.T, token string) {
		if claims, err := identity.Peek(token); err == nil && claims == nil {
			t.Error("neither claims nor an error")
		}
	})
}
