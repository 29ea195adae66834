package sts_test

import (
	"context"
	"encoding/base64"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/ephemeral"
	"github.com/poolhouse/poolhouse/sts"
)

// A watch counts what is written to a collection.
type watch[T any] struct {
	sts.Collection[T]
	writes *int
}

func (w watch[T]) Create(ctx context.Context, e *T) error {
	*w.writes++
	return w.Collection.Create(ctx, e)
}

func (w watch[T]) Update(ctx context.Context, account, name string, fn func(*T) error) (*T, error) {
	*w.writes++
	return w.Collection.Update(ctx, account, name, fn)
}

// A watchedStore counts writes of every kind.
type watchedStore struct {
	sts.Store
	writes *int
}

func (w watchedStore) Roles() sts.Collection[sts.Role] {
	return watch[sts.Role]{w.Store.Roles(), w.writes}
}
func (w watchedStore) Users() sts.Collection[sts.User] {
	return watch[sts.User]{w.Store.Users(), w.writes}
}
func (w watchedStore) AccessKeys() sts.Collection[sts.AccessKey] {
	return watch[sts.AccessKey]{w.Store.AccessKeys(), w.writes}
}
func (w watchedStore) MFADevices() sts.Collection[sts.MFADevice] {
	return watch[sts.MFADevice]{w.Store.MFADevices(), w.writes}
}
func (w watchedStore) Settings() sts.Collection[sts.Settings] {
	return watch[sts.Settings]{w.Store.Settings(), w.writes}
}

// A watchedEphemeral counts what is remembered for a while.
type watchedEphemeral struct {
	ephemeral.Store
	writes *int
}

func (w watchedEphemeral) Claim(ctx context.Context, namespace, key string, e time.Time) (bool, error) {
	*w.writes++
	return w.Store.Claim(ctx, namespace, key, e)
}

func (w watchedEphemeral) Put(ctx context.Context, namespace, key string, value []byte, e time.Time) error {
	*w.writes++
	return w.Store.Put(ctx, namespace, key, value, e)
}

// Credentials of every kind are issued and verified a thousand times over, and no
// store hears of it: the ten-millionth costs what the first did. Only what may
// happen once, an assertion or a one-time password, leaves a mark.
func TestCredentialsAreNotStored(t *testing.T) {
	e, _ := newWebEnv(t)
	e.outbound()
	e.role("open", anybody, allowAll)
	ann := e.user("ann", allowAll)
	if _, err := e.Settings(e.ctx); err != nil {
		t.Fatal(err)
	}
	writes := 0
	e.Store, e.Ephemeral = watchedStore{e.Store, &writes}, watchedEphemeral{e.Ephemeral, &writes}
	token := jwt("RS256", map[string]any{"iss": farIssuer, "aud": "client", "sub": "alice"})
	ways := map[string]func() (sts.Credentials, error){
		"AssumeRole": func() (sts.Credentials, error) {
			r, err := e.tryAssume(ann, "open", nil)
			return r.Credentials, err
		},
		"AssumeRoleWithWebIdentity": func() (sts.Credentials, error) {
			r, err := e.present("far", token)
			return r.Credentials, err
		},
		"GetSessionToken": func() (sts.Credentials, error) { return e.SessionToken(e.ctx, ann, sts.SessionTokenRequest{}) },
		"GetFederationToken": func() (sts.Credentials, error) {
			r, err := e.FederationToken(e.ctx, ann, sts.FederationRequest{Name: "guest"})
			return r.Credentials, err
		},
		"AssumeRoot": func() (sts.Credentials, error) {
			return e.AssumeRoot(e.ctx, ann, sts.AssumeRootRequest{Target: account, TaskARN: auditTask})
		},
	}
	for name, issue := range ways {
		for range 1000 {
			c, err := issue()
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if _, _, err := e.Credential(e.ctx, c.AccessKeyID, c.SessionToken); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
	if _, err := e.IdentityToken(e.ctx, ann, sts.IdentityTokenRequest{Audience: []string{"a"}, Algorithm: "ES384"}); err != nil {
		t.Fatal(err)
	}
	if writes != 0 {
		t.Errorf("%d writes for 5000 credentials", writes)
	}
}

// BenchmarkIssue issues and verifies: the figure is the same however many were
// issued before, as nothing is kept of them.
func BenchmarkIssue(b *testing.B) {
	e := newEnv(b)
	e.role("open", anybody, allowAll)
	ann := e.user("ann", allowAll)
	b.ReportAllocs()
	for b.Loop() {
		r, err := e.tryAssume(ann, "open", nil)
		if err != nil {
			b.Fatal(err)
		}
		if _, _, err := e.Credential(e.ctx, r.Credentials.AccessKeyID, r.Credentials.SessionToken); err != nil {
			b.Fatal(err)
		}
	}
}

// The token of one session with the key of another, in each combination.
func TestTokensAndKeysBelongTogether(t *testing.T) {
	e := newEnv(t)
	e.role("open", anybody, allowAll)
	ann := e.user("ann", allowAll)
	a, b := e.assume(ann, "open", nil).Credentials, e.assume(ann, "open", nil).Credentials
	for _, pair := range [][2]string{{a.AccessKeyID, b.SessionToken}, {b.AccessKeyID, a.SessionToken}, {a.AccessKeyID, ""}, {ann.AccessKeyID, a.SessionToken}} {
		if _, _, err := e.Credential(e.ctx, pair[0], pair[1]); err != sts.ErrUnknownCredential {
			t.Errorf("got %v", err)
		}
	}
	raw, err := base64.StdEncoding.DecodeString(a.SessionToken)
	if err != nil {
		t.Fatal(err)
	}
	for i := range raw {
		raw[i] ^= 1
		if _, _, err := e.Credential(e.ctx, a.AccessKeyID, base64.StdEncoding.EncodeToString(raw)); err != sts.ErrUnknownCredential {
			t.Fatalf("byte %d changed: %v", i, err)
		}
		raw[i] ^= 1
	}
}
