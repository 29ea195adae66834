package poolhouseapi_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/keyring/keyringtest"
	"github.com/poolhouse/poolhouse/server/poolhouseapi"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/userpool"
)

// A mailbox counts what is sent.
type mailbox struct{ n int }

func (m *mailbox) Send(context.Context, userpool.Mail) error {
	m.n++
	return nil
}

func TestRecoveryCodes(t *testing.T) {
	keys, box := keyringtest.New(t), &mailbox{}
	db := sqlstoretest.SQLite(t, time.Now)
	store := db.Userpool(keys)
	tokens := &userpool.Tokens{Store: store, Keys: keys, Now: time.Now, Issuer: func(p userpool.PoolID) string { return "http://localhost/" + string(p) }}
	a := &poolhouseapi.API{Tokens: tokens, Pools: &userpool.Service{Store: store, Ephemeral: db.Ephemeral(), Keys: keys, Messages: box, Now: time.Now, Log: slog.New(slog.DiscardHandler)}}
	p := &userpool.Pool{ID: pool, Name: "p"}
	c := &userpool.Client{ID: "app", Pool: pool}
	u := &userpool.User{Pool: pool, Username: "bob", Sub: "s", Enabled: true, Status: userpool.Confirmed,
		Attributes: map[string]string{"email": "bob@example.com", "email_verified": "true"}}
	if err := errors.Join(store.CreatePool(t.Context(), p), store.CreateClient(t.Context(), c), store.CreateUser(t.Context(), u)); err != nil {
		t.Fatal(err)
	}
	set, err := tokens.Issue(t.Context(), &userpool.Grant{Pool: p, Client: c, User: u, Native: true, Scopes: []string{userpool.ScopeAdmin}})
	if err != nil {
		t.Fatal(err)
	}
	left := func() int32 {
		out, err := a.GetRecoveryCodes(t.Context(), &poolhouseapi.GetRecoveryCodesInput{AccessToken: &set.AccessToken})
		if err != nil {
			t.Fatal(err)
		}
		return *out.Remaining
	}
	if n := left(); n != 0 {
		t.Errorf("%d before there are any", n)
	}
	own, err := a.CreateRecoveryCodes(t.Context(), &poolhouseapi.CreateRecoveryCodesInput{AccessToken: &set.AccessToken})
	if err != nil || len(own.Codes) != 10 || len(own.Codes[0]) != 14 || left() != 10 || box.n != 1 {
		t.Fatalf("%+v, %v", own, err)
	}
	helped, err := a.AdminCreateRecoveryCodes(t.Context(), &poolhouseapi.AdminCreateRecoveryCodesInput{UserPoolId: ptr(pool), Username: ptr("bob")})
	if err != nil || len(helped.Codes) != 10 || helped.Codes[0] == own.Codes[0] || left() != 10 || box.n != 2 {
		t.Fatalf("%+v, %v", helped, err)
	}
	if _, err := a.CreateRecoveryCodes(t.Context(), &poolhouseapi.CreateRecoveryCodesInput{AccessToken: &set.IDToken}); !errors.Is(err, userpool.ErrNotAuthorized) {
		t.Errorf("by an ID token: %v", err)
	}
}
