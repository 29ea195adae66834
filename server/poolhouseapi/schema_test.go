package poolhouseapi_test

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/internal/keyring/keyringtest"
	"github.com/poolhouse/poolhouse/server/poolhouseapi"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/userpool"
)

// poolAPI is the API over a pool with a custom attribute and users who have it.
func poolAPI(t *testing.T) (*poolhouseapi.API, *string) {
	t.Helper()
	keys := keyringtest.New(t)
	db := sqlstoretest.SQLite(t, time.Now)
	a := &poolhouseapi.API{Pools: &userpool.Service{Store: db.Userpool(keys), Ephemeral: db.Ephemeral(), Keys: keys, Now: time.Now,
		Region: "us-east-1", Account: "000000000000", Log: slog.New(slog.DiscardHandler)}}
	p, err := a.Pools.CreatePool(t.Context(), userpool.NewPool("p"), []userpool.SchemaAttribute{{Name: "team", Type: "String", Mutable: true, Max: "20"}})
	if err != nil {
		t.Fatal(err)
	}
	for i, team := range []string{"blue", "greenish"} {
		u := &userpool.User{Pool: p.ID, Username: fmt.Sprint("user", i), Sub: fmt.Sprint("sub", i), Enabled: true, Status: userpool.Confirmed, Created: time.Now(),
			Attributes: map[string]string{"custom:team": team, "email": fmt.Sprintf("user%d@example.com", i)}}
		if err := a.Pools.Store.CreateUser(t.Context(), u); err != nil {
			t.Fatal(err)
		}
	}
	return a, awsapi.Ptr(string(p.ID))
}

func wantError(t *testing.T, err error, code, text string) {
	t.Helper()
	e, ok := poolhouseapi.Errors.Find(err)
	if !ok || e.Code != code || e.Message != text {
		t.Errorf("%v, want %s: %s", err, code, text)
	}
}

func TestSchemaOperations(t *testing.T) {
	a, pool := poolAPI(t)
	ctx := t.Context()
	dry, err := a.RenameCustomAttribute(ctx, &poolhouseapi.RenameCustomAttributeInput{UserPoolId: pool, AttributeName: ptr("team"), NewName: ptr("squad"), DryRun: awsapi.Ptr(true)})
	if err != nil || *dry.Applied || *dry.Attribute.Name != "custom:squad" || *dry.UsersWithValue != 2 || *dry.UsersInViolation != 0 || dry.Mentions == nil {
		t.Fatalf("%+v %v", dry, err)
	}
	renamed, err := a.RenameCustomAttribute(ctx, &poolhouseapi.RenameCustomAttributeInput{UserPoolId: pool, AttributeName: ptr("team"), NewName: ptr("squad")})
	if err != nil || !*renamed.Applied || renamed.UsersWithValue != nil {
		t.Fatalf("%+v %v", renamed, err)
	}
	change := &poolhouseapi.UpdateCustomAttributeInput{UserPoolId: pool, AttributeName: ptr("custom:squad"), Maximum: ptr("5")}
	_, err = a.UpdateCustomAttribute(ctx, change)
	wantError(t, err, "PreconditionNotMetException", "1 users have a value of custom:squad that the new constraints refuse.")
	change.NewWritesOnly = awsapi.Ptr(true)
	updated, err := a.UpdateCustomAttribute(ctx, change)
	if err != nil || *updated.Attribute.Maximum != "5" || updated.Attribute.Minimum != nil || updated.UsersInViolation != nil {
		t.Fatalf("%+v %v", updated, err)
	}
	removed, err := a.RemoveCustomAttribute(ctx, &poolhouseapi.RemoveCustomAttributeInput{UserPoolId: pool, AttributeName: ptr("squad")})
	if err != nil || !*removed.Applied || *removed.Attribute.Name != "custom:squad" {
		t.Fatalf("%+v %v", removed, err)
	}
	_, err = a.RemoveCustomAttribute(ctx, &poolhouseapi.RemoveCustomAttributeInput{UserPoolId: pool, AttributeName: ptr("squad")})
	wantError(t, err, "ResourceNotFoundException", "The user pool has no custom attribute custom:squad.")
}

func TestSearchUsers(t *testing.T) {
	a, pool := poolAPI(t)
	in := &poolhouseapi.SearchUsersInput{UserPoolId: pool, Text: ptr("ER1@EXAM"), UserStatus: ptr("CONFIRMED"), Enabled: awsapi.Ptr(true)}
	out, err := a.SearchUsers(t.Context(), in)
	if err != nil || len(out.Users) != 1 || !*out.Complete || out.NextToken != nil {
		t.Fatalf("%+v %v", out, err)
	}
	u := out.Users[0]
	if *u.Username != "user1" || *u.UserStatus != "CONFIRMED" || !*u.Enabled || *u.Attributes[0].Value != "sub1" || *u.Attributes[1].Name != "custom:team" || *u.Attributes[1].Value != "greenish" {
		t.Errorf("%+v", u)
	}
	in.Enabled = awsapi.Ptr(false)
	if out, err = a.SearchUsers(t.Context(), in); err != nil || len(out.Users) != 0 {
		t.Errorf("%+v %v", out, err)
	}
	in = &poolhouseapi.SearchUsersInput{UserPoolId: pool, Text: ptr("example"), MaxResults: awsapi.Ptr(int32(1))}
	if out, err = a.SearchUsers(t.Context(), in); err != nil || len(out.Users) != 1 || out.NextToken == nil {
		t.Fatalf("%+v %v", out, err)
	}
	in.NextToken = out.NextToken
	if out, err = a.SearchUsers(t.Context(), in); err != nil || len(out.Users) != 1 || *out.Users[0].Username != "user1" || out.NextToken != nil {
		t.Errorf("%+v %v", out, err)
	}
	in.NextToken = ptr("forged")
	_, err = a.SearchUsers(t.Context(), in)
	wantError(t, err, "InvalidParameterException", "Invalid pagination token given.")
	_, err = a.SearchUsers(t.Context(), &poolhouseapi.SearchUsersInput{UserPoolId: pool, Text: ptr("ab")})
	wantError(t, err, "InvalidParameterException", "The text to search for has less than 3 characters, or 2 of Chinese, Japanese or Korean.")
}
