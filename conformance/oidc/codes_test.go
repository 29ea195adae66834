package oidc_test

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"

	"golang.org/x/oauth2"
)

// testForeignCode presents the code and the refresh token of one app as another:
// refused, and the first one's are as good as before.
func testForeignCode(t *testing.T, r *rig) {
	id, secret := r.secretApp(t, nil)
	other := r.config(id, secret, oauth2.AuthStyleInHeader)
	g := r.grant(t, r.app, &r.Alice)
	_, err := g.redeem(t, other)
	wantOAuth(t, err, http.StatusBadRequest, "invalid_grant")
	token, err := g.redeem(t, r.app)
	if err != nil {
		t.Fatalf("another app's attempt spent the code: %v", err)
	}
	_, err = r.refresh(t, other, token.RefreshToken)
	wantOAuth(t, err, http.StatusBadRequest, "invalid_grant")
	_, err = g.redeem(t, other)
	wantOAuth(t, err, http.StatusBadRequest, "invalid_grant")
	if _, err := r.refresh(t, r.app, token.RefreshToken); err != nil {
		t.Errorf("another app's attempts ended the sign-in: %v", err)
	}
}

// testParallelRedemption redeems one code fifty times at once.
func testParallelRedemption(t *testing.T, r *rig) {
	g := r.grant(t, r.app, &r.Alice)
	errs := make([]error, 50)
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	for i := range errs {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-start
			_, errs[i] = g.redeem(t, r.app)
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
	won := 0
	for _, err := range errs {
		var e *oauth2.RetrieveError
		switch {
		case err == nil:
			won++
		case !errors.As(err, &e) || e.Response.StatusCode != http.StatusBadRequest || e.ErrorCode != "invalid_grant":
			t.Errorf("a loser is answered %v", err)
		}
	}
	if won != 1 {
		t.Errorf("%d of 50 redemptions won", won)
	}
}

// testVerifiers presents codes with a verifier that is wrong, none, or one that
// nobody announced.
func testVerifiers(t *testing.T, r *rig) {
	refused := func(t *testing.T, g grant, options ...oauth2.AuthCodeOption) {
		t.Helper()
		_, err := r.app.Exchange(t.Context(), g.code, options...)
		wantOAuth(t, err, http.StatusBadRequest, "invalid_grant")
	}
	t.Run("wrong, then none", func(t *testing.T) {
		g := r.grant(t, r.app, &r.Alice)
		refused(t, g, oauth2.VerifierOption(oauth2.GenerateVerifier()))
		refused(t, g)
	})
	t.Run("none, then right", func(t *testing.T) {
		g := r.grant(t, r.app, &r.Alice)
		refused(t, g)
	})
	t.Run("without a challenge", func(t *testing.T) {
		q := signInAt(t, r, r.authorizeURL(t, map[string]string{"code_challenge": "", "code_challenge_method": ""}))
		refused(t, grant{code: q.Get("code")}, oauth2.VerifierOption(oauth2.GenerateVerifier()))
	})
	t.Run("another redirect URI", func(t *testing.T) {
		g, app := r.grant(t, r.app, &r.Alice), r.app
		app.RedirectURL = "http://localhost/callback2"
		_, err := g.redeem(t, app)
		wantOAuth(t, err, http.StatusBadRequest, "invalid_grant")
	})
	t.Run("a truncated code", func(t *testing.T) {
		g := r.grant(t, r.app, &r.Alice)
		for _, code := range []string{g.code[:len(g.code)-1], g.code + "A", strings.ToUpper(g.code)} {
			_, err := grant{code: code, verifier: g.verifier}.redeem(t, r.app)
			wantOAuth(t, err, http.StatusBadRequest, "invalid_grant")
		}
	})
}
