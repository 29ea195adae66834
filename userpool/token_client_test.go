package userpool_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/json"
	"errors"
	"hash"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/jose"
	"github.com/poolhouse/poolhouse/userpool"
)

// openIDGrant is what a code of a client with these settings is good for.
func (w *world) openIDGrant(id userpool.ClientID, change func(*userpool.Client)) *userpool.Grant {
	w.Helper()
	c := w.addClient(id, func(c *userpool.Client) {
		c.CallbackURLs, c.OAuthEnabled, c.OAuthFlows = []string{"https://app.example/cb"}, true, []string{"code"}
		c.OAuthScopes = []string{"openid", "email", "aws.cognito.signin.user.admin"}
		change(c)
	})
	return &userpool.Grant{Pool: w.pool, Client: c, User: w.alice, Scopes: slices.Clone(c.OAuthScopes)}
}

func (w *world) issue(g *userpool.Grant) *userpool.TokenSet {
	w.Helper()
	set, err := w.tokens.Issue(w.Context(), g)
	w.check(err)
	return set
}

// published is the pool's key set, as a verifier reads it.
func (w *world) published() jose.Keys {
	w.Helper()
	raw, err := w.tokens.JWKS(w.Context(), worldPool)
	w.check(err)
	keys, err := jose.ParseKeySet(raw)
	w.check(err)
	return keys
}

func TestAlgorithmsOfClients(t *testing.T) {
	hashes := map[string]func() hash.Hash{"256": sha256.New, "384": sha512.New384, "512": sha512.New, "DSA": sha512.New}
	w := newWorld(t)
	for i, alg := range jose.Asymmetric {
		t.Run(alg, func(t *testing.T) {
			g := w.openIDGrant(userpool.ClientID("algorithmclient00000000000"[:25]+string(rune('a'+i))), func(c *userpool.Client) {
				c.OpenID.IDToken.Algorithm, c.OpenID.AccessToken.Algorithm = alg, alg
			})
			set := w.issue(g)
			keys := w.published()
			for _, raw := range []string{set.AccessToken, set.IDToken} {
				if _, h, err := jose.Verify(t.Context(), raw, keys, []string{alg}); err != nil || h.Algorithm != alg {
					t.Errorf("by the published keys: %v", err)
				}
			}
			h := hashes[alg[len(alg)-3:]]()
			h.Write([]byte(set.AccessToken))
			if got, want := claims(t, set.IDToken)["at_hash"], b64.EncodeToString(h.Sum(nil)[:h.Size()/2]); got != want {
				t.Errorf("at_hash %v, want %v", got, want)
			}
			if c, err := w.tokens.SignedInUser(t.Context(), set.AccessToken); err != nil || c.User.Username != "alice" {
				t.Errorf("access token: %v", err)
			}
			if _, err := w.tokens.VerifyID(t.Context(), worldPool, set.IDToken); err != nil {
				t.Errorf("ID token: %v", err)
			}
			// Each kind of token has keys of its own, whatever the algorithm.
			_, err := w.tokens.VerifyAccess(t.Context(), set.IDToken)
			wantFault(t, err, userpool.ErrNotAuthorized, "Invalid Access Token")
			_, err = w.tokens.IDHint(t.Context(), worldPool, set.AccessToken)
			wantFault(t, err, userpool.ErrNotAuthorized, "Invalid Identity Token")
		})
	}
	if keys := w.published(); len(keys) != 2*len(jose.Asymmetric) {
		t.Errorf("%d keys", len(keys))
	}
}

// A pool that nobody asked more of publishes what Cognito's do.
func TestKeysAreMadeWhenTheyAreNeeded(t *testing.T) {
	w := newWorld(t)
	w.mustSignIn()
	for _, k := range w.published() {
		if k.Algorithm != jose.RS256 {
			t.Errorf("key for %s", k.Algorithm)
		}
	}
}

func TestProfileOfAccessTokens(t *testing.T) {
	w := newWorld(t)
	one := 1
	w.addGroup("admins", "", &one)
	g := w.openIDGrant("profileclient0000000000000", func(c *userpool.Client) { c.OpenID.JWTProfile = true })
	g.Scopes = append(g.Scopes, "https://api.example/v1/read", "https://api.example/v1/write")
	g.AuthTime = w.Now()
	g.Particulars = userpool.Particulars{ACR: "urn:mfa", Methods: []string{"pwd", "otp"}, SessionID: "sid-1"}
	set := w.issue(g)
	got := claims(t, set.AccessToken)
	for name, want := range map[string]any{"iss": issuer(worldPool), "sub": w.alice.Sub, "client_id": string(g.Client.ID),
		"aud": []any{issuer(worldPool), "https://api.example/v1"}, "acr": "urn:mfa", "amr": []any{"pwd", "otp"},
		"scope": strings.Join(g.Scopes, " "), "auth_time": float64(w.Now().Unix())} {
		if !reflect.DeepEqual(got[name], want) {
			t.Errorf("%s = %v, want %v", name, got[name], want)
		}
	}
	want := []string{"acr", "amr", "aud", "auth_time", "client_id", "exp", "iat", "iss", "jti", "origin_jti", "scope", "sub"}
	if names := keys(got); !slices.Equal(names, want) {
		t.Errorf("claims %v", names)
	}
	if typ := decodePart(t, set.AccessToken, 0)["typ"]; typ != "at+jwt" {
		t.Errorf("typ %v", typ)
	}
	c, err := w.tokens.SignedInUser(t.Context(), set.AccessToken)
	if err != nil || c.Username != "alice" || c.ACR != "urn:mfa" || c.Particulars.SessionID != "sid-1" {
		t.Errorf("%+v, %v", c, err)
	}
	if id := claims(t, set.IDToken); id["sid"] != "sid-1" || id["acr"] != "urn:mfa" {
		t.Errorf("ID token %v", id)
	}
	w.check(w.tokens.Revoke(t.Context(), g.Client, set.RefreshToken))
	_, err = w.tokens.VerifyAccess(t.Context(), set.AccessToken)
	wantFault(t, err, userpool.ErrNotAuthorized, "Access Token has been revoked")

	own, err := w.tokens.ClientCredentials(t.Context(), &userpool.Grant{Pool: w.pool, Client: g.Client, Scopes: []string{"api/read"}})
	w.check(err)
	if m := claims(t, own.AccessToken); m["aud"] != "api" || m["sub"] != string(g.Client.ID) || m["auth_time"] != nil {
		t.Errorf("of the client itself: %v", m)
	}
	if c, err := w.tokens.VerifyAccess(t.Context(), own.AccessToken); err != nil || c.User != nil {
		t.Errorf("of the client itself: %+v, %v", c, err)
	}
}

func TestResourcesOfAccessTokens(t *testing.T) {
	w := newWorld(t)
	g := w.openIDGrant("resourceclient000000000000", func(c *userpool.Client) { c.OpenID.JWTProfile = true })
	for name, tt := range map[string]struct {
		one  string
		many []string
		want any
	}{
		"one":         {"https://a.example", nil, "https://a.example"},
		"many":        {"", []string{"https://a.example", "https://b.example"}, []any{"https://a.example", "https://b.example"}},
		"one of many": {"https://b.example", []string{"https://a.example", "https://b.example"}, "https://b.example"},
		"none":        {"", nil, issuer(worldPool)},
	} {
		g.Resource, g.Particulars.Resources = tt.one, tt.many
		set := w.issue(g)
		if aud := claims(t, set.AccessToken)["aud"]; !reflect.DeepEqual(aud, tt.want) {
			t.Errorf("%s: aud = %v", name, aud)
		}
		again, err := w.tokens.Refresh(t.Context(), g.Client, userpool.RefreshRequest{Token: set.RefreshToken})
		w.check(err)
		if aud := claims(t, again.AccessToken)["aud"]; !reflect.DeepEqual(aud, tt.want) {
			t.Errorf("%s, refreshed: aud = %v", name, aud)
		}
	}
}

// A token that is bound to a key is worth nothing where nobody proves to hold it.
func TestBoundTokenIsRefusedByTheAPI(t *testing.T) {
	w := newWorld(t)
	g := w.openIDGrant("boundclient000000000000000", func(*userpool.Client) {})
	g.Particulars.Confirmation = &userpool.Confirmation{Thumbprint: "thumb"}
	g.Particulars.Actor, g.Particulars.Details = json.RawMessage(`{"sub":"x"}`), json.RawMessage(`[{"type":"pay"}]`)
	set := w.issue(g)
	c, err := w.tokens.VerifyAccess(t.Context(), set.AccessToken)
	if err != nil || c.Confirmation == nil || c.Confirmation.Thumbprint != "thumb" || string(c.Actor) != `{"sub":"x"}` ||
		string(c.Details) != `[{"type":"pay"}]` {
		t.Errorf("%+v, %v", c, err)
	}
	_, err = w.tokens.SignedInUser(t.Context(), set.AccessToken)
	wantFault(t, err, userpool.ErrNotAuthorized, "Access Token is bound to a key")
}

func TestPairwiseSubjects(t *testing.T) {
	w := newWorld(t)
	pairwise := func(id userpool.ClientID, callback string) *userpool.Grant {
		return w.openIDGrant(id, func(c *userpool.Client) {
			c.OpenID.Pairwise, c.TokenRevocation, c.CallbackURLs = true, false, []string{callback}
		})
	}
	one, same := pairwise("pairwiseone000000000000000", "https://one.example/cb"), pairwise("pairwisesame00000000000000", "https://one.example/other")
	other := pairwise("pairwiseother0000000000000", "https://other.example/cb")
	sub := func(g *userpool.Grant) any {
		set := w.issue(g)
		id, access := claims(t, set.IDToken), claims(t, set.AccessToken)
		if id["sub"] != access["sub"] {
			t.Error("the subjects of the two tokens differ")
		}
		if all := set.IDToken + set.AccessToken; w.tells(all, w.alice.Sub, `"alice"`) || id["sub"] == w.alice.Sub {
			t.Errorf("the tokens tell who it is: %v %v", id, access)
		}
		if c, err := w.tokens.SignedInUser(t.Context(), set.AccessToken); err != nil || c.User.Sub != w.alice.Sub || c.Username != "alice" {
			t.Errorf("the access token does not lead to its user: %v", err)
		}
		if c, err := w.tokens.IDHint(t.Context(), worldPool, set.IDToken); err != nil || c.Sub != w.alice.Sub {
			t.Errorf("the ID token does not lead to its user: %v", err)
		} else if _, err := w.tokens.Alive(t.Context(), c); err != nil {
			t.Error(err)
		}
		again, err := w.tokens.Refresh(t.Context(), g.Client, userpool.RefreshRequest{Token: set.RefreshToken})
		w.check(err)
		if claims(t, again.IDToken)["sub"] != id["sub"] {
			t.Error("the name changes with a refresh")
		}
		w.check(w.tokens.RevokeFamily(t.Context(), worldPool, set.Family.ID))
		_, err = w.tokens.VerifyAccess(t.Context(), set.AccessToken)
		wantFault(t, err, userpool.ErrNotAuthorized, "Access Token has been revoked")
		return id["sub"]
	}
	if sub(one) != sub(same) {
		t.Error("clients of one sector have different names for a user")
	}
	if sub(one) == sub(other) {
		t.Error("clients of two sectors can compare their users")
	}
	bob := w.addUser("bob", func(*userpool.User) {})
	first, err := w.tokens.Subject(t.Context(), one.Client, bob.Sub)
	w.check(err)
	if first == sub(one) {
		t.Error("two users have one name")
	}
}

// A token whose subject is another user's does not become theirs by its sign-in.
func TestPairwiseSubjectAndSignInAgree(t *testing.T) {
	w := newWorld(t)
	g := w.openIDGrant("pairwiseone000000000000000", func(c *userpool.Client) { c.OpenID.Pairwise = true })
	set := w.issue(g)
	header, body := decodePart(t, set.AccessToken, 0), decodePart(t, set.AccessToken, 1)
	raw := forge(t, w.signer(worldPool, "access"), header, with(body, "sub", "somebody-else"))
	_, err := w.tokens.VerifyAccess(t.Context(), raw)
	wantFault(t, err, userpool.ErrNotAuthorized, "Access Token has been revoked")
	header, body = decodePart(t, set.IDToken, 0), decodePart(t, set.IDToken, 1)
	for _, changed := range []map[string]any{with(body, "sub", "x"), without(body, "origin_jti")} {
		_, err = w.tokens.IDHint(t.Context(), worldPool, forge(t, w.signer(worldPool, "id"), header, changed))
		wantFault(t, err, userpool.ErrNotAuthorized, "Invalid Identity Token")
	}
}

// tells reports whether a token holds one of the words in clear.
func (w *world) tells(tokens string, words ...string) bool {
	for _, part := range strings.FieldsFunc(tokens, func(r rune) bool { return r == '.' }) {
		raw, _ := b64.DecodeString(part)
		if slices.ContainsFunc(words, func(word string) bool { return strings.Contains(string(raw), word) }) {
			return true
		}
	}
	return false
}

func TestEncryptedAnswers(t *testing.T) {
	w := newWorld(t)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	w.check(err)
	jwks, err := jose.EncodeKeySet(jose.Keys{{ID: "enc", Use: "enc", Material: &key.PublicKey}})
	w.check(err)
	own := []jose.PrivateKey{{ID: "enc", Private: key}}
	g := w.openIDGrant("encryptedclient00000000000", func(c *userpool.Client) {
		c.OpenID.JWKS = string(jwks)
		c.OpenID.IDToken = userpool.Sealing{Algorithm: jose.ES256, KeyManager: jose.RSAOAEP256, Content: "A256GCM"}
	})
	set := w.issue(g)
	plain, h, err := jose.Decrypt(set.IDToken, own, []string{jose.RSAOAEP256}, []string{"A256GCM"})
	if err != nil || h.ContentType != "JWT" {
		t.Fatalf("%+v, %v", h, err)
	}
	if _, err := w.tokens.VerifyID(t.Context(), worldPool, string(plain)); err != nil {
		t.Errorf("inside: %v", err)
	}
	for name, tt := range map[string]struct {
		s      userpool.Sealing
		signed bool
	}{
		"RS256 by default": {userpool.Sealing{}, true},
		"signed":           {userpool.Sealing{Algorithm: jose.PS256}, true},
		"both":             {userpool.Sealing{Algorithm: jose.EdDSA, KeyManager: jose.RSAOAEP}, true},
		"encrypted":        {userpool.Sealing{KeyManager: jose.RSAOAEP}, false},
	} {
		raw, err := w.tokens.SignFor(t.Context(), g.Client, tt.s, "test+jwt", map[string]string{"a": "b"})
		w.check(err)
		if tt.s.KeyManager != "" {
			plain, h, err := jose.Decrypt(raw, own, jose.KeyManagers, jose.Contents)
			if err != nil || (h.ContentType == "JWT") != tt.signed || h.Encryption != jose.DefaultContent {
				t.Fatalf("%s: %+v, %v", name, h, err)
			}
			raw = string(plain)
		}
		if tt.signed {
			payload, h, err := jose.Verify(t.Context(), raw, w.published(), jose.Asymmetric)
			if err != nil || h.Type != "test+jwt" {
				t.Fatalf("%s: %+v, %v", name, h, err)
			}
			raw = string(payload)
		}
		if raw != `{"a":"b"}` {
			t.Errorf("%s: %s", name, raw)
		}
	}
	nobody := w.openIDGrant("keylessclient0000000000000", func(c *userpool.Client) { c.OpenID.IDToken.KeyManager = jose.RSAOAEP })
	if _, err := w.tokens.Issue(t.Context(), nobody); !errors.Is(err, jose.ErrInvalid) {
		t.Errorf("without a key: %v", err)
	}
}

// Another node may have begun to sign with a key that this one has not heard of.
func TestKeyOfAnotherNode(t *testing.T) {
	w := newWorld(t)
	w.mustSignIn()
	if _, err := w.tokens.VerifyAccess(t.Context(), w.mustSignIn().AccessToken); err != nil {
		t.Fatal(err)
	}
	there := &userpool.Tokens{Store: w.store, Keys: w.otherRing(), Now: w.Now, Issuer: issuer}
	scope := userpool.KeyScopes(worldPool)[len(jose.Asymmetric)]
	_, err := there.Keys.Rotate(t.Context(), scope, time.Hour)
	w.check(err)
	set, err := there.Issue(t.Context(), w.openIDGrant("othernodeclient00000000000", func(*userpool.Client) {}))
	w.check(err)
	w.Advance(time.Second)
	if _, err := w.tokens.VerifyAccess(t.Context(), set.AccessToken); err != nil {
		t.Errorf("after a second: %v", err)
	}
	if id := decodePart(t, set.AccessToken, 0)["kid"]; !slices.ContainsFunc(w.published(), func(k jose.Key) bool { return k.ID == id }) {
		t.Error("the key is not published here")
	}
}
