package userpool_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

// rotating returns a world whose client rotates refresh tokens.
func rotating(t testing.TB, grace time.Duration) *world {
	w := newWorld(t)
	w.client = w.addClient("rotatingclient000000000000", func(c *userpool.Client) {
		c.RotateRefresh, c.RefreshGrace = true, grace
	})
	return w
}

func (w *world) refresh(token string) (*userpool.TokenSet, error) {
	return w.tokens.Refresh(w.Context(), w.client, userpool.RefreshRequest{Token: token})
}

const reuse = "Refresh Token has been used before"

func TestRefresh(t *testing.T) {
	w := newWorld(t)
	first := w.mustSignIn()
	w.Advance(10 * time.Minute)
	for _, flow := range []string{"REFRESH_TOKEN_AUTH", "REFRESH_TOKEN"} {
		step, err := w.initiate(w.client, flow, "REFRESH_TOKEN", first.RefreshToken)
		w.check(err)
		set := step.Result
		before, after := claims(t, first.AccessToken), claims(t, set.AccessToken)
		if set.RefreshToken != "" {
			t.Error("a refresh token came with it")
		}
		for _, same := range []string{"sub", "auth_time", "origin_jti", "scope", "client_id", "username"} {
			if before[same] != after[same] {
				t.Errorf("%s changed", same)
			}
		}
		if before["jti"] == after["jti"] || after["iat"] != float64(w.Now().Unix()) {
			t.Errorf("claims %v", after)
		}
		if c := claims(t, set.IDToken); c["email"] != "alice@example.com" || c["auth_time"] != before["auth_time"] {
			t.Errorf("ID claims %v", c)
		}
	}
	if _, err := w.tokens.VerifyAccess(t.Context(), first.AccessToken); err != nil {
		t.Errorf("the first access token died: %v", err)
	}
}

func TestRefreshTokenLooksLikeAJWE(t *testing.T) {
	w := newWorld(t)
	token := w.mustSignIn().RefreshToken
	if parts := strings.Split(token, "."); len(parts) != 5 || !strings.HasPrefix(token, "eyJ") {
		t.Errorf("token %s", token)
	}
	if h := decodePart(t, token, 0); h["enc"] != "A256GCM" || h["cty"] != "JWT" {
		t.Errorf("header %v", h)
	}
}

func TestRefusedRefreshes(t *testing.T) {
	const invalid = "Invalid Refresh Token"
	for _, tt := range []struct {
		name string
		do   func(w *world, set *userpool.TokenSet) (token string)
		kind error
		text string
	}{
		{"absent", func(*world, *userpool.TokenSet) string { return "" }, userpool.ErrInvalidParameter, "Missing required parameter REFRESH_TOKEN"},
		{"garbage", func(*world, *userpool.TokenSet) string { return "garbage" }, userpool.ErrNotAuthorized, invalid},
		{"access token", func(_ *world, s *userpool.TokenSet) string { return s.AccessToken }, userpool.ErrNotAuthorized, invalid},
		{"cut", func(_ *world, s *userpool.TokenSet) string { return s.RefreshToken[:len(s.RefreshToken)-2] }, userpool.ErrNotAuthorized, invalid},
		{"extended", func(_ *world, s *userpool.TokenSet) string { return s.RefreshToken + "AA" }, userpool.ErrNotAuthorized, invalid},
		{"line break", func(_ *world, s *userpool.TokenSet) string { return s.RefreshToken + "\n" }, userpool.ErrNotAuthorized, invalid},
		{"shifted cuts", shifted, userpool.ErrNotAuthorized, invalid},
		{"a megabyte of dots", func(*world, *userpool.TokenSet) string { return strings.Repeat(".", 1<<20) }, userpool.ErrNotAuthorized, invalid},
		{"other client", func(w *world, s *userpool.TokenSet) string {
			w.client = w.addClient("secondclient00000000000000", func(c *userpool.Client) {})
			return s.RefreshToken
		}, userpool.ErrNotAuthorized, invalid},
		{"other pool", func(w *world, s *userpool.TokenSet) string {
			w.client = w.addClient("foreignclient0000000000000", func(c *userpool.Client) { c.Pool = otherPool })
			return s.RefreshToken
		}, userpool.ErrNotAuthorized, invalid},
		{"expired", func(w *world, s *userpool.TokenSet) string { w.Advance(24 * time.Hour); return s.RefreshToken },
			userpool.ErrNotAuthorized, "Refresh Token has expired"},
		{"revoked", func(w *world, s *userpool.TokenSet) string {
			w.check(w.tokens.Revoke(w.Context(), w.client, s.RefreshToken))
			return s.RefreshToken
		}, userpool.ErrNotAuthorized, "Refresh Token has been revoked"},
		{"signed out", func(w *world, s *userpool.TokenSet) string {
			w.signOut("alice")
			return s.RefreshToken
		}, userpool.ErrNotAuthorized, "Refresh Token has been revoked"},
		{"disabled", func(w *world, s *userpool.TokenSet) string {
			w.changeUser("alice", func(u *userpool.User) { u.Enabled = false })
			return s.RefreshToken
		}, userpool.ErrNotAuthorized, "User is disabled."},
		{"deleted", func(w *world, s *userpool.TokenSet) string {
			w.check(w.store.DeleteUser(w.Context(), worldPool, "alice"))
			return s.RefreshToken
		}, userpool.ErrUserNotFound, "User does not exist."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			set := w.mustSignIn()
			token := tt.do(w, set)
			_, err := w.initiate(w.client, "REFRESH_TOKEN_AUTH", "REFRESH_TOKEN", token)
			wantFault(t, err, tt.kind, tt.text)
		})
	}
}

// shifted moves a byte from one part of the token to the next: the same sealed
// value in another spelling.
func shifted(w *world, s *userpool.TokenSet) string {
	parts := strings.Split(s.RefreshToken, ".")
	parts[2], parts[3] = parts[2][:12], parts[2][12:]+parts[3]
	return strings.Join(parts, ".")
}

// A foreign client that tries a token does no harm to its owner.
func TestForeignClientHarmsNobody(t *testing.T) {
	w := rotating(t, 0)
	set := w.mustSignIn()
	second := w.addClient("secondclient00000000000000", func(c *userpool.Client) { c.RotateRefresh = true })
	_, err := w.tokens.Refresh(t.Context(), second, userpool.RefreshRequest{Token: set.RefreshToken})
	wantFault(t, err, userpool.ErrNotAuthorized, "Invalid Refresh Token")
	wantFault(t, w.tokens.Revoke(t.Context(), second, set.RefreshToken), userpool.ErrNotAuthorized, "Invalid Refresh Token")
	if _, err := w.refresh(set.RefreshToken); err != nil {
		t.Error(err)
	}
}

func TestRefreshSecretHash(t *testing.T) {
	w := newWorld(t)
	c := w.addClient("secretclient00000000000000", func(c *userpool.Client) { c.Secret = "s3cret" })
	set, err := w.tokens.Issue(t.Context(), &userpool.Grant{Pool: w.pool, Client: c, User: w.alice, Native: true, Scopes: []string{userpool.ScopeAdmin}})
	w.check(err)
	try := func(hash string) error {
		_, err := w.initiate(c, "REFRESH_TOKEN_AUTH", "REFRESH_TOKEN", set.RefreshToken, "SECRET_HASH", hash)
		return err
	}
	w.check(try(userpool.SecretHash("s3cret", c.ID, "alice")))
	w.check(try(userpool.SecretHash("s3cret", c.ID, w.alice.Sub)))
	wantFault(t, try(userpool.SecretHash("s3cret", c.ID, "bob")), userpool.ErrNotAuthorized, "SecretHash does not match for the client: "+string(c.ID))
	wantFault(t, try(""), userpool.ErrNotAuthorized, "Client "+string(c.ID)+" is configured with secret but SECRET_HASH was not received")
}

func TestRotation(t *testing.T) {
	w := rotating(t, 0)
	_, err := w.initiate(w.client, "REFRESH_TOKEN_AUTH", "REFRESH_TOKEN", w.mustSignIn().RefreshToken)
	wantFault(t, err, userpool.ErrInvalidParameter, "REFRESH_TOKEN_AUTH is not enabled for the client.")
	token, start := w.mustSignIn().RefreshToken, w.Now()
	for range 5 {
		w.Advance(time.Hour)
		set, err := w.refresh(token)
		w.check(err)
		if set.RefreshToken == "" || set.RefreshToken == token {
			t.Fatal("no successor")
		}
		if c := claims(t, set.AccessToken); c["auth_time"] != float64(start.Unix()) {
			t.Errorf("auth_time = %v", c["auth_time"])
		}
		token = set.RefreshToken
	}
	w.Advance(19 * time.Hour) // the successor keeps the expiry of the first
	_, err = w.refresh(token)
	wantFault(t, err, userpool.ErrNotAuthorized, "Refresh Token has expired")
}

func TestReuseKillsTheFamily(t *testing.T) {
	w := rotating(t, 0)
	other := w.mustSignIn()
	first := w.mustSignIn()
	second, err := w.refresh(first.RefreshToken)
	w.check(err)
	_, err = w.refresh(first.RefreshToken)
	wantFault(t, err, userpool.ErrTokenReuse, reuse)
	_, err = w.refresh(second.RefreshToken)
	wantFault(t, err, userpool.ErrNotAuthorized, "Refresh Token has been revoked")
	_, err = w.tokens.VerifyAccess(t.Context(), second.AccessToken)
	wantFault(t, err, userpool.ErrNotAuthorized, "Access Token has been revoked")
	if _, err := w.refresh(other.RefreshToken); err != nil {
		t.Errorf("another sign-in died too: %v", err)
	}
}

// TestReuseByAnotherClock: without a grace period a loser whose clock is behind the
// winner's has lost all the same.
func TestReuseByAnotherClock(t *testing.T) {
	w := rotating(t, 0)
	first := w.mustSignIn()
	if _, err := w.refresh(first.RefreshToken); err != nil {
		t.Fatal(err)
	}
	w.Advance(-time.Millisecond)
	_, err := w.refresh(first.RefreshToken)
	wantFault(t, err, userpool.ErrTokenReuse, reuse)
}

func TestGrace(t *testing.T) {
	w := rotating(t, 10*time.Second)
	first := w.mustSignIn()
	a, err := w.refresh(first.RefreshToken)
	w.check(err)
	w.Advance(10*time.Second - time.Microsecond)
	b, err := w.refresh(first.RefreshToken) // a fresh set, whose answer got lost
	w.check(err)
	for _, set := range []*userpool.TokenSet{a, b} {
		if _, _, err := w.tokens.ParseRefresh(t.Context(), w.client, set.RefreshToken); err != nil {
			t.Error(err)
		}
	}
	w.Advance(time.Microsecond)
	_, err = w.refresh(first.RefreshToken)
	wantFault(t, err, userpool.ErrTokenReuse, reuse)
}

// Two generations back is reuse, grace or not.
func TestGraceCoversOneGeneration(t *testing.T) {
	w := rotating(t, time.Minute)
	first := w.mustSignIn()
	second, err := w.refresh(first.RefreshToken)
	w.check(err)
	_, err = w.refresh(second.RefreshToken)
	w.check(err)
	_, err = w.refresh(first.RefreshToken)
	wantFault(t, err, userpool.ErrTokenReuse, reuse)
}

// Rotation that was switched off does not bring used tokens back.
func TestUsedTokenStaysUsed(t *testing.T) {
	w := rotating(t, 0)
	first := w.mustSignIn()
	_, err := w.refresh(first.RefreshToken)
	w.check(err)
	w.client.RotateRefresh = false
	_, err = w.refresh(first.RefreshToken)
	wantFault(t, err, userpool.ErrTokenReuse, reuse)
}

// fifty redeems one token 50 times at once and counts the successes.
func (w *world) fifty(token string) (won []*userpool.TokenSet) {
	w.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			set, err := w.refresh(token)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				won = append(won, set)
			case !errors.Is(err, userpool.ErrTokenReuse) && !errors.Is(err, userpool.ErrNotAuthorized):
				w.Error(err)
			}
		})
	}
	wg.Wait()
	return won
}

func TestParallelRotation(t *testing.T) {
	w := rotating(t, 0)
	if won := w.fifty(w.mustSignIn().RefreshToken); len(won) != 1 {
		t.Errorf("%d of 50 won", len(won))
	}
}

// Within the grace period all get a set, and the family has turned once.
func TestParallelRotationInGrace(t *testing.T) {
	w := rotating(t, time.Minute)
	won := w.fifty(w.mustSignIn().RefreshToken)
	if len(won) != 50 {
		t.Fatalf("%d of 50 won", len(won))
	}
	for _, set := range won {
		if set.Family.Generation != 1 {
			t.Fatalf("generation %d", set.Family.Generation)
		}
	}
	if _, err := w.refresh(won[0].RefreshToken); err != nil {
		t.Error(err)
	}
}

func TestRevoke(t *testing.T) {
	w := newWorld(t)
	kept, set := w.mustSignIn(), w.mustSignIn()
	for _, token := range []string{set.AccessToken, set.IDToken} {
		err := w.tokens.Revoke(t.Context(), w.client, token)
		wantFault(t, err, userpool.ErrUnsupportedTokenType, "The token is not a refresh token")
	}
	for range 2 { // twice is no error
		w.check(w.tokens.Revoke(t.Context(), w.client, set.RefreshToken))
	}
	_, err := w.tokens.VerifyAccess(t.Context(), set.AccessToken)
	wantFault(t, err, userpool.ErrNotAuthorized, "Access Token has been revoked")
	if _, err := w.tokens.VerifyAccess(t.Context(), kept.AccessToken); err != nil {
		t.Errorf("another sign-in died too: %v", err)
	}
	w.Advance(48 * time.Hour)
	w.check(w.tokens.Revoke(t.Context(), w.client, set.RefreshToken)) // long expired
}

// A store that fails is never taken for a success.
func TestStoreFailures(t *testing.T) {
	w := rotating(t, 0)
	set := w.mustSignIn()
	broken := &userpool.Tokens{Store: brokenFamilies{w.store}, Keys: w.tokens.Keys, Now: w.Now, Issuer: issuer}
	if err := broken.Revoke(t.Context(), w.client, set.RefreshToken); !errors.Is(err, errBroken) {
		t.Errorf("revoke: %v", err)
	}
	if got, err := broken.Refresh(t.Context(), w.client, userpool.RefreshRequest{Token: set.RefreshToken}); !errors.Is(err, errBroken) || got != nil {
		t.Errorf("refresh: %v, %v", got, err)
	}
	if _, err := w.refresh(set.RefreshToken); err != nil {
		t.Errorf("the token was lost: %v", err)
	}
}

var errBroken = errors.New("disk full")

// brokenFamilies cannot write families.
type brokenFamilies struct{ userpool.Store }

func (brokenFamilies) TurnFamily(context.Context, userpool.PoolID, string, int, time.Time) error {
	return errBroken
}

func (brokenFamilies) UpdateFamily(context.Context, userpool.PoolID, string, func(*userpool.Family) error) (*userpool.Family, error) {
	return nil, errBroken
}
