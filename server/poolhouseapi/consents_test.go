package poolhouseapi_test

import (
	"errors"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/idp/consent"
	"github.com/poolhouse/poolhouse/internal/keyring/keyringtest"
	"github.com/poolhouse/poolhouse/server/poolhouseapi"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/userpool"
)

func TestConsents(t *testing.T) {
	db := sqlstoretest.SQLite(t, time.Now)
	store := db.Userpool(keyringtest.New(t))
	a := &poolhouseapi.API{Consents: db.Consents(), Pools: &userpool.Service{Store: store, Now: time.Now}}
	err := errors.Join(store.CreatePool(t.Context(), &userpool.Pool{ID: pool, Name: "p"}),
		store.CreateClient(t.Context(), &userpool.Client{ID: "app", Pool: pool}),
		store.CreateUser(t.Context(), &userpool.User{Pool: pool, Username: "bob", Sub: "s", Enabled: true}),
		db.Consents().Allow(t.Context(), &consent.Consent{Pool: pool, Sub: "s", Client: "app", Scopes: []string{"openid"}, Modified: time.Now()}))
	if err != nil {
		t.Fatal(err)
	}
	list := func() []poolhouseapi.ConsentType {
		out, err := a.ListConsents(t.Context(), &poolhouseapi.ListConsentsInput{UserPoolId: ptr(pool), Username: ptr("bob")})
		if err != nil {
			t.Fatal(err)
		}
		return out.Consents
	}
	if all := list(); len(all) != 1 || *all[0].ClientId != "app" || all[0].Scopes[0] != "openid" || all[0].CreationDate == nil {
		t.Errorf("%+v", all)
	}
	revoke := func(user, client string) error {
		_, err := a.RevokeConsent(t.Context(), &poolhouseapi.RevokeConsentInput{UserPoolId: ptr(pool), Username: &user, ClientId: &client})
		return err
	}
	if err := revoke("nobody", "app"); !errors.Is(err, userpool.ErrUserNotFound) {
		t.Errorf("nobody's: %v", err)
	}
	if err := revoke("bob", "app"); err != nil || len(list()) != 0 {
		t.Errorf("%v", err)
	}
	if err := revoke("bob", "app"); !errors.Is(err, consent.ErrNotFound) {
		t.Errorf("again: %v", err)
	}
}
