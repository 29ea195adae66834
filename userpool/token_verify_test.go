package userpool_test

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

var b64 = base64.RawURLEncoding

// forge signs claims with any key under any header.
func forge(t testing.TB, key crypto.Signer, header, claims map[string]any) string {
	t.Helper()
	var parts []string
	for _, m := range []map[string]any{header, claims} {
		raw, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, b64.EncodeToString(raw))
	}
	signed := strings.Join(parts, ".")
	sum := sha256.Sum256([]byte(signed))
	sig, err := key.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + b64.EncodeToString(sig)
}

func (w *world) signer(pool userpool.PoolID, use string) crypto.Signer {
	w.Helper()
	k, err := w.tokens.Keys.Signer(w.Context(), "pool/"+string(pool)+"/"+use, "RS256")
	w.check(err)
	return k.Private
}

func without(m map[string]any, name string) map[string]any {
	out := maps.Clone(m)
	delete(out, name)
	return out
}

func with(m map[string]any, name string, value any) map[string]any {
	out := maps.Clone(m)
	out[name] = value
	return out
}

// Every forgery is made of a token that would be good.
func TestForgedAccessTokens(t *testing.T) {
	w := newWorld(t)
	good := w.mustSignIn().AccessToken
	header, body := decodePart(t, good, 0), decodePart(t, good, 1)
	parts := strings.Split(good, ".")
	own := w.signer(worldPool, "access")
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	w.check(err)
	if _, err := w.tokens.VerifyAccess(t.Context(), forge(t, own, header, body)); err != nil {
		t.Fatalf("the forge itself is broken: %v", err)
	}
	other := forge(t, w.signer(otherPool, "access"), with(header, "kid", kidOf(w, otherPool)), body)
	for name, token := range map[string]string{
		"empty":               "",
		"one part":            parts[0],
		"four parts":          good + ".",
		"no signature":        parts[0] + "." + parts[1] + ".",
		"cut":                 good[:len(good)-4],
		"extended":            good + "AAAA",
		"line break":          parts[0] + "." + parts[1] + ".\n" + parts[2],
		"padding":             good + "==",
		"stranger's key":      forge(t, stranger, header, body),
		"ID token's key":      forge(t, w.signer(worldPool, "id"), header, body),
		"ID token's kid":      forge(t, w.signer(worldPool, "id"), with(header, "kid", decodePart(t, w.mustSignIn().IDToken, 0)["kid"]), body),
		"other pool's key":    other,
		"alg none":            b64.EncodeToString([]byte(`{"alg":"none"}`)) + "." + parts[1] + ".",
		"alg none, signed":    forge(t, own, with(header, "alg", "none"), body),
		"RS512":               forge(t, own, with(header, "alg", "RS512"), body),
		"HS256 by public key": hs256(t, own, header, body),
		"no kid":              forge(t, own, without(header, "kid"), body),
		"unknown kid":         forge(t, own, with(header, "kid", "x"), body),
		"critical extension":  forge(t, own, with(header, "crit", []string{"x"}), body),
		"other use":           forge(t, own, header, with(body, "token_use", "id")),
		"no use":              forge(t, own, header, without(body, "token_use")),
		"other issuer":        forge(t, own, header, with(body, "iss", "https://evil.example/"+string(worldPool))),
		"other pool's issuer": forge(t, own, header, with(body, "iss", issuer(otherPool))),
		"no issuer":           forge(t, own, header, without(body, "iss")),
		"issuer path":         forge(t, own, header, with(body, "iss", issuer("x_y/../"+worldPool))),
		"no subject":          forge(t, own, header, without(body, "sub")),
		"claims no object":    forgeRaw(t, own, header, `[]`),
		"a megabyte of dots":  strings.Repeat(".", 1<<20),
		"a megabyte":          strings.Repeat("A", 1<<20) + "." + parts[1] + "." + parts[2],
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.tokens.VerifyAccess(t.Context(), token)
			wantFault(t, err, userpool.ErrNotAuthorized, "Invalid Access Token")
		})
	}
	_, err = w.tokens.VerifyAccess(t.Context(), forge(t, own, header, without(body, "exp")))
	wantFault(t, err, userpool.ErrNotAuthorized, "Access Token has expired")
	_, err = w.tokens.VerifyAccess(t.Context(), w.mustSignIn().IDToken)
	wantFault(t, err, userpool.ErrNotAuthorized, "Invalid Access Token")
}

func forgeRaw(t testing.TB, key crypto.Signer, header map[string]any, claims string) string {
	raw, err := json.Marshal(header)
	if err != nil {
		t.Fatal(err)
	}
	signed := b64.EncodeToString(raw) + "." + b64.EncodeToString([]byte(claims))
	sum := sha256.Sum256([]byte(signed))
	sig, err := key.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + b64.EncodeToString(sig)
}

func kidOf(w *world, pool userpool.PoolID) string {
	k, err := w.tokens.Keys.Signer(w.Context(), "pool/"+string(pool)+"/access", "RS256")
	w.check(err)
	return k.ID
}

// hs256 makes a token whose MAC key is the public key, as verifiers that let the
// token choose the algorithm would accept.
func hs256(t testing.TB, key crypto.Signer, header, body map[string]any) string {
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	h, _ := json.Marshal(with(header, "alg", "HS256"))
	b, _ := json.Marshal(body)
	signed := b64.EncodeToString(h) + "." + b64.EncodeToString(b)
	mac := hmac.New(sha256.New, der)
	mac.Write([]byte(signed))
	return signed + "." + b64.EncodeToString(mac.Sum(nil))
}

func TestAccessTokenEnds(t *testing.T) {
	for _, tt := range []struct {
		name string
		end  func(*world, *userpool.TokenSet)
		kind error
		text string
	}{
		{"expired", func(w *world, _ *userpool.TokenSet) { w.Advance(time.Hour) }, userpool.ErrNotAuthorized, "Access Token has expired"},
		{"revoked", func(w *world, s *userpool.TokenSet) { w.check(w.tokens.Revoke(w.Context(), w.client, s.RefreshToken)) },
			userpool.ErrNotAuthorized, "Access Token has been revoked"},
		{"signed out", func(w *world, _ *userpool.TokenSet) { w.signOut("alice") },
			userpool.ErrNotAuthorized, "Access Token has been revoked"},
		{"disabled", func(w *world, _ *userpool.TokenSet) {
			w.changeUser("alice", func(u *userpool.User) { u.Enabled = false })
		},
			userpool.ErrNotAuthorized, "User is disabled."},
		{"deleted", func(w *world, _ *userpool.TokenSet) { w.check(w.store.DeleteUser(w.Context(), worldPool, "alice")) },
			userpool.ErrUserNotFound, "User does not exist."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			set := w.mustSignIn()
			c, err := w.tokens.SignedInUser(t.Context(), set.AccessToken)
			if err != nil || c.User.Username != "alice" || c.Client != w.client.ID || c.Pool != worldPool {
				t.Fatalf("%+v, %v", c, err)
			}
			tt.end(w, set)
			_, err = w.tokens.VerifyAccess(t.Context(), set.AccessToken)
			wantFault(t, err, tt.kind, tt.text)
		})
	}
}

// Sign-out does not reach what comes after it, and nothing but its user.
func TestSignOutIsOfThePast(t *testing.T) {
	w := newWorld(t)
	plain := w.addClient("plainclient000000000000000", func(c *userpool.Client) { c.TokenRevocation = false })
	w.addUser("bob", func(u *userpool.User) {})
	bob, err := w.passwordSignIn(w.client, "bob", password)
	w.check(err)
	before, err := w.passwordSignIn(plain, "alice", password)
	w.check(err)
	w.Advance(time.Second)
	w.signOut("alice")
	_, err = w.tokens.VerifyAccess(t.Context(), before.AccessToken)
	wantFault(t, err, userpool.ErrNotAuthorized, "Access Token has been revoked")
	w.Advance(time.Second)
	after, err := w.passwordSignIn(plain, "alice", password)
	w.check(err)
	for _, token := range []string{bob.AccessToken, after.AccessToken} {
		if _, err := w.tokens.VerifyAccess(t.Context(), token); err != nil {
			t.Error(err)
		}
	}
}

func TestScopeOfAPI(t *testing.T) {
	w := newWorld(t)
	set, err := w.tokens.Issue(t.Context(), &userpool.Grant{Pool: w.pool, Client: w.client, User: w.alice, Scopes: []string{"openid", "email"}})
	w.check(err)
	_, err = w.tokens.SignedInUser(t.Context(), set.AccessToken)
	wantFault(t, err, userpool.ErrNotAuthorized, "Access Token does not have required scopes")
}

func TestVerifyID(t *testing.T) {
	w := newWorld(t)
	set := w.mustSignIn()
	c, err := w.tokens.VerifyID(t.Context(), worldPool, set.IDToken)
	if err != nil || c.Sub != w.alice.Sub || c.Client != w.client.ID || c.Raw["email"] != "alice@example.com" {
		t.Fatalf("%+v, %v", c, err)
	}
	header, body := decodePart(t, set.IDToken, 0), decodePart(t, set.IDToken, 1)
	own := w.signer(worldPool, "id")
	for name, token := range map[string]string{
		"access token": set.AccessToken,
		"access key":   forge(t, w.signer(worldPool, "access"), with(header, "kid", kidOf(w, worldPool)), body),
		"other use":    forge(t, own, header, with(body, "token_use", "access")),
		"no audience":  forge(t, own, header, without(body, "aud")),
		"audiences":    forge(t, own, header, with(body, "aud", []string{"a"})),
		"none":         b64.EncodeToString([]byte(`{"alg":"none"}`)) + "." + strings.Split(set.IDToken, ".")[1] + ".",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.tokens.VerifyID(t.Context(), worldPool, token)
			wantFault(t, err, userpool.ErrNotAuthorized, "Invalid Identity Token")
		})
	}
	_, err = w.tokens.VerifyID(t.Context(), otherPool, set.IDToken)
	wantFault(t, err, userpool.ErrNotAuthorized, "Invalid Identity Token")
	w.Advance(time.Hour)
	_, err = w.tokens.VerifyID(t.Context(), worldPool, set.IDToken)
	wantFault(t, err, userpool.ErrNotAuthorized, "Identity Token has expired")
	if _, err := w.tokens.IDHint(t.Context(), worldPool, set.IDToken); err != nil {
		t.Errorf("as a hint: %v", err)
	}
}

// A token is good as long as its key is published, and a new key takes over.
func TestKeyRotation(t *testing.T) {
	w := newWorld(t)
	before := w.mustSignIn()
	set, err := w.tokens.JWKS(t.Context(), worldPool)
	w.check(err)
	_, err = w.tokens.Keys.Rotate(t.Context(), "pool/"+string(worldPool)+"/access", 24*time.Hour)
	w.check(err)
	after := w.mustSignIn()
	if decodePart(t, before.AccessToken, 0)["kid"] == decodePart(t, after.AccessToken, 0)["kid"] {
		t.Error("the old key still signs")
	}
	for _, token := range []string{before.AccessToken, after.AccessToken} {
		if _, err := w.tokens.VerifyAccess(t.Context(), token); err != nil {
			t.Error(err)
		}
	}
	again, err := w.tokens.JWKS(t.Context(), worldPool)
	w.check(err)
	if string(set) == string(again) {
		t.Error("the key set is stale")
	}
}

// The key set alone is enough to verify a token.
func TestJWKS(t *testing.T) {
	w := newWorld(t)
	raw, err := w.tokens.JWKS(t.Context(), worldPool) // before anything was signed
	w.check(err)
	var set struct {
		Keys []struct{ Kid, Kty, Alg, Use, N, E string }
	}
	w.check(json.Unmarshal(raw, &set))
	if len(set.Keys) < 2 {
		t.Fatalf("%d keys", len(set.Keys))
	}
	tokens := w.mustSignIn()
	for _, token := range []string{tokens.AccessToken, tokens.IDToken} {
		i := slices.IndexFunc(set.Keys, func(k struct{ Kid, Kty, Alg, Use, N, E string }) bool { return k.Kid == decodePart(t, token, 0)["kid"] })
		if i < 0 {
			t.Fatal("the key is not in the set")
		}
		k := set.Keys[i]
		n, err := b64.DecodeString(k.N)
		w.check(err)
		if k.Kty != "RSA" || k.Alg != "RS256" || k.Use != "sig" || k.E != "AQAB" {
			t.Errorf("key %+v", k)
		}
		cut := strings.LastIndexByte(token, '.')
		sig, err := b64.DecodeString(token[cut+1:])
		w.check(err)
		sum := sha256.Sum256([]byte(token[:cut]))
		w.check(rsa.VerifyPKCS1v15(&rsa.PublicKey{N: new(big.Int).SetBytes(n), E: 65537}, crypto.SHA256, sum[:], sig))
	}
	if _, err := w.tokens.JWKS(t.Context(), "us-east-1_Nowhere01"); !errors.Is(err, userpool.ErrPoolNotFound) {
		t.Errorf("unknown pool: %v", err)
	}
	w.check(w.store.DeletePool(t.Context(), worldPool))
	w.Advance(time.Minute)
	if _, err := w.tokens.JWKS(t.Context(), worldPool); !errors.Is(err, userpool.ErrPoolNotFound) {
		t.Errorf("deleted pool: %v", err)
	}
}

func FuzzVerifyAccess(f *testing.F) {
	w := newWorld(f)
	good := w.mustSignIn()
	f.Add(good.AccessToken)
	f.Add(good.IDToken)
	f.Add(good.RefreshToken)
	f.Add("..")
	f.Add(strings.Repeat(".", 100))
	f.Fuzz(func(t *testing.T, raw string) {
		if _, err := w.tokens.VerifyAccess(t.Context(), raw); err == nil && raw != good.AccessToken {
			t.Fatalf("accepted %q", raw)
		}
		if _, err := w.tokens.VerifyID(t.Context(), worldPool, raw); err == nil && raw != good.IDToken {
			t.Fatalf("accepted ID token %q", raw)
		}
		if _, _, err := w.tokens.ParseRefresh(t.Context(), w.client, raw); err == nil && raw != good.RefreshToken {
			t.Fatalf("accepted refresh token %q", raw)
		}
	})
}
