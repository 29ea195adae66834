package passkey_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/descope/virtualwebauthn"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"

	"github.com/poolhouse/poolhouse/userpool"
	"github.com/poolhouse/poolhouse/userpool/passkey"
)

// A token is an authenticator with one key, on a page that may be the wrong one.
type token struct {
	page virtualwebauthn.RelyingParty
	auth virtualwebauthn.Authenticator
	key  virtualwebauthn.Credential
}

func newToken(kind virtualwebauthn.KeyType) *token {
	return &token{page: virtualwebauthn.RelyingParty{ID: "example.com", Origin: "https://login.example.com"},
		auth: virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{UserHandle: []byte("sub")}),
		key:  newKey(kind)}
}

// newKey makes a key that is spelled right: the library leaves out the zero bytes that
// an EC coordinate begins with, which section 7.1.1 of RFC 9053 forbids.
func newKey(kind virtualwebauthn.KeyType) virtualwebauthn.Credential {
	for {
		c := virtualwebauthn.NewCredential(kind)
		if _, err := webauthncose.ParsePublicKey(c.Key.AttestationData()); err == nil {
			return c
		}
	}
}

var ceremony = userpool.PasskeyCeremony{RelyingParty: "example.com", User: []byte("sub"),
	Challenge: base64.RawURLEncoding.EncodeToString([]byte("0123456789abcdef"))}

func (k *token) make() []byte {
	return []byte(virtualwebauthn.CreateAttestationResponse(k.page, k.auth, k.key, virtualwebauthn.AttestationOptions{
		Challenge: []byte("0123456789abcdef"), RelyingPartyID: "example.com", UserID: "sub"}))
}

func (k *token) use() []byte {
	return []byte(virtualwebauthn.CreateAssertionResponse(k.page, k.auth, k.key, virtualwebauthn.AssertionOptions{
		Challenge: []byte("0123456789abcdef"), RelyingPartyID: "example.com"}))
}

func register(t *testing.T, k *token) *userpool.Passkey {
	t.Helper()
	made, err := passkey.Verifier{}.Register(ceremony, k.make())
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestPasskey(t *testing.T) {
	for _, kind := range []virtualwebauthn.KeyType{virtualwebauthn.KeyTypeEC2, virtualwebauthn.KeyTypeRSA} {
		k := newToken(kind)
		made := register(t, k)
		if made.ID != base64.RawURLEncoding.EncodeToString(k.key.ID) || made.RelyingParty != "example.com" || !made.UserVerified {
			t.Errorf("%s: %+v", kind, made)
		}
		k.key.Counter = 5
		use, err := passkey.Verifier{}.SignIn(ceremony, []*userpool.Passkey{made}, k.use())
		if err != nil {
			t.Fatal(err)
		}
		if use.ID != made.ID || use.Count != 5 || !use.UserVerified {
			t.Errorf("%s: %+v", kind, use)
		}
	}
}

// patch changes the client data that an answer carries.
func patch(t *testing.T, answer []byte, old, new string) []byte {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(answer, &m); err != nil {
		t.Fatal(err)
	}
	response := m["response"].(map[string]any)
	raw, err := base64.RawURLEncoding.DecodeString(response["clientDataJSON"].(string))
	if err != nil || !strings.Contains(string(raw), old) {
		t.Fatalf("%s has no %s: %v", raw, old, err)
	}
	response["clientDataJSON"] = base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(raw), old, new, 1)))
	out, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestRefusals(t *testing.T) {
	strict := ceremony
	strict.VerifyUser = true
	other := ceremony
	other.Challenge = base64.RawURLEncoding.EncodeToString([]byte("fedcba9876543210"))
	for _, tt := range []struct {
		name         string
		c            userpool.PasskeyCeremony
		spoil        func(k *token)
		change       func(t *testing.T, answer []byte) []byte
		made, signed error
	}{
		{"a page of another host", ceremony, func(k *token) { k.page.Origin = "https://example.com.evil.test" }, nil,
			userpool.ErrPasskeyOrigin, userpool.ErrPasskeyOrigin},
		{"another relying party", ceremony, func(k *token) { k.page.ID = "evil.test" }, nil,
			userpool.ErrPasskeyRelyingParty, userpool.ErrPasskeyRelyingParty},
		{"another challenge", other, nil, nil, userpool.ErrInvalidParameter, userpool.ErrInvalidParameter},
		{"user not verified", strict, func(k *token) { k.auth.Options.UserNotVerified = true }, nil,
			userpool.ErrPasskeyNotSupported, userpool.ErrInvalidParameter},
		{"user not present", ceremony, func(k *token) { k.auth.Options.UserNotPresent = true }, nil,
			userpool.ErrInvalidParameter, userpool.ErrInvalidParameter},
		{"a frame of another page", ceremony, nil, func(t *testing.T, a []byte) []byte {
			return patch(t, a, `"type"`, `"crossOrigin":true,"type"`)
		}, userpool.ErrInvalidParameter, userpool.ErrInvalidParameter},
		{"an answer to the other question", ceremony, nil, func(t *testing.T, a []byte) []byte {
			return patch(t, a, "webauthn.", "webauthn.other")
		}, userpool.ErrInvalidParameter, userpool.ErrInvalidParameter},
		{"not JSON", ceremony, nil, func(*testing.T, []byte) []byte { return []byte("{") }, userpool.ErrInvalidParameter, userpool.ErrInvalidParameter},
		{"a megabyte", ceremony, nil, func(*testing.T, []byte) []byte { return make([]byte, 1<<20) }, userpool.ErrInvalidParameter, userpool.ErrInvalidParameter},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k := newToken(virtualwebauthn.KeyTypeEC2)
			made := register(t, k)
			if tt.spoil != nil {
				tt.spoil(k)
			}
			change := tt.change
			if change == nil {
				change = func(_ *testing.T, a []byte) []byte { return a }
			}
			if _, err := (passkey.Verifier{}).Register(tt.c, change(t, k.make())); !errors.Is(err, tt.made) {
				t.Errorf("registration: %v, want %v", err, tt.made)
			}
			if _, err := (passkey.Verifier{}).SignIn(tt.c, []*userpool.Passkey{made}, change(t, k.use())); !errors.Is(err, tt.signed) {
				t.Errorf("sign-in: %v, want %v", err, tt.signed)
			}
		})
	}
}

func TestForeignKeys(t *testing.T) {
	k, other := newToken(virtualwebauthn.KeyTypeEC2), newToken(virtualwebauthn.KeyTypeEC2)
	made := register(t, k)
	if _, err := (passkey.Verifier{}).SignIn(ceremony, []*userpool.Passkey{made}, other.use()); !errors.Is(err, userpool.ErrInvalidParameter) {
		t.Errorf("a key that is not the user's: %v", err)
	}
	forged := *other
	forged.key.ID = k.key.ID
	if _, err := (passkey.Verifier{}).SignIn(ceremony, []*userpool.Passkey{made}, forged.use()); !errors.Is(err, userpool.ErrInvalidParameter) {
		t.Errorf("a signature by another key: %v", err)
	}
	k.auth.Options.UserHandle = []byte("somebody else")
	if _, err := (passkey.Verifier{}).SignIn(ceremony, []*userpool.Passkey{made}, k.use()); !errors.Is(err, userpool.ErrInvalidParameter) {
		t.Errorf("another user handle: %v", err)
	}
}

func FuzzAnswers(f *testing.F) {
	k := newToken(virtualwebauthn.KeyTypeEC2)
	made, err := passkey.Verifier{}.Register(ceremony, k.make())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(k.make())
	f.Add(k.use())
	f.Add([]byte(`{"id":"AA","rawId":"AA","type":"public-key","response":{}}`))
	f.Fuzz(func(t *testing.T, answer []byte) {
		c := ceremony
		c.Challenge = base64.RawURLEncoding.EncodeToString([]byte("a challenge that nobody signed"))
		if made, err := (passkey.Verifier{}).Register(c, answer); err == nil {
			t.Errorf("registered %+v", made)
		}
		if use, err := (passkey.Verifier{}).SignIn(c, []*userpool.Passkey{made}, answer); err == nil {
			t.Errorf("signed in %+v", use)
		}
	})
}
