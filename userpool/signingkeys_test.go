package userpool_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/jose"
	"github.com/poolhouse/poolhouse/internal/keyring"
	"github.com/poolhouse/poolhouse/userpool"
)

// A verifier is somebody else's: it keeps the key set for as long as it may.
type verifier struct {
	w    *world
	mu   sync.Mutex
	keys jose.Keys
	read time.Time
}

func (v *verifier) set() jose.Keys {
	v.mu.Lock()
	defer v.mu.Unlock()
	if now := v.w.Now(); v.keys == nil || now.Sub(v.read) >= 5*time.Minute {
		v.keys, v.read = v.w.published(), now
	}
	return v.keys
}

// TestRotationUnderLoad rotates while tokens are issued, and nobody who keeps the key
// set for its max-age meets a key that is not in it.
func TestRotationUnderLoad(t *testing.T) {
	w := newWorld(t)
	g := w.openIDGrant("rotatingclient000000000000", func(c *userpool.Client) { c.OpenID.IDToken.Algorithm = jose.ES256 })
	w.issue(g)
	other := &userpool.Tokens{Store: w.store, Keys: w.otherRing(), Now: w.Now, Issuer: issuer}
	signed := map[string]bool{} // kids of access tokens
	v := &verifier{w: w}
	v.set()
	for range 2 {
		for _, access := range []bool{true, false} {
			_, err := w.tokens.RotateKey(t.Context(), worldPool, access, "")
			w.check(err)
		}
		_, err := w.tokens.RotateKey(t.Context(), worldPool, false, jose.ES256)
		w.check(err)
		for step := range 40 { // twenty minutes
			w.Advance(30 * time.Second)
			set := v.set() // before the tokens: it is never newer than they are
			var wg sync.WaitGroup
			for _, node := range []*userpool.Tokens{w.tokens, other} {
				wg.Go(func() {
					grant := *g
					tokens, err := node.Issue(t.Context(), &grant)
					if err != nil {
						t.Error(err)
						return
					}
					for _, raw := range []string{tokens.AccessToken, tokens.IDToken} {
						if _, _, err := jose.Verify(t.Context(), raw, set, jose.Asymmetric); err != nil {
							t.Errorf("step %d: %v", step, err)
						}
					}
					if _, err := w.tokens.VerifyAccess(t.Context(), tokens.AccessToken); err != nil {
						t.Errorf("step %d: %v", step, err)
					}
				})
			}
			wg.Wait()
			signed[decodePart(t, w.issue(g).AccessToken, 0)["kid"].(string)] = true
		}
		for _, scope := range userpool.KeyScopes(worldPool) { // as the server does each hour
			_, err := w.tokens.Keys.(*keyring.Keys).Renew(t.Context(), scope, keyring.DefaultSchedule)
			w.check(err)
		}
	}
	if len(signed) != 3 {
		t.Errorf("%d keys signed, want the first one and two more", len(signed))
	}
}

// A key that was stolen is good for nothing, at once, and tokens go on.
func TestRevokeKey(t *testing.T) {
	w := newWorld(t)
	stolen := w.signer(worldPool, "access")
	old := w.mustSignIn()
	header, body := decodePart(t, old.AccessToken, 0), decodePart(t, old.AccessToken, 1)
	next, err := w.tokens.RevokeKey(t.Context(), worldPool, header["kid"].(string))
	w.check(err)
	for _, raw := range []string{old.AccessToken, forge(t, stolen, header, body)} {
		_, err := w.tokens.VerifyAccess(t.Context(), raw)
		wantFault(t, err, userpool.ErrNotAuthorized, "Invalid Access Token")
	}
	if slices.ContainsFunc(w.published(), func(k jose.Key) bool { return k.ID == header["kid"] }) {
		t.Error("it is still published")
	}
	renewed := w.mustSignIn()
	if kid := decodePart(t, renewed.AccessToken, 0)["kid"]; kid != next.ID {
		t.Errorf("signed by %v, want %v", kid, next.ID)
	}
	if _, err := w.tokens.VerifyAccess(t.Context(), renewed.AccessToken); err != nil {
		t.Error(err)
	}
	if _, err := w.tokens.RevokeKey(t.Context(), otherPool, next.ID); err == nil {
		t.Error("another pool's key was revoked")
	}
	there := &userpool.Tokens{Store: w.store, Keys: w.otherRing(), Now: w.Now, Issuer: issuer}
	if _, err := there.VerifyAccess(t.Context(), renewed.AccessToken); err != nil {
		t.Error(err)
	}
	_, err = w.tokens.RevokeKey(t.Context(), worldPool, next.ID)
	w.check(err)
	w.Advance(10 * time.Second)
	if _, err := there.VerifyAccess(t.Context(), renewed.AccessToken); err == nil {
		t.Error("another node accepts it after ten seconds")
	}
}
