package sqlstore_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/idp/samlidp"
	"github.com/poolhouse/poolhouse/internal/keyring/keyringtest"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/userpool"
)

// TestAttributesOfSAMLApplications: applications follow a renamed attribute in the
// same step, and lose a removed one.
func TestAttributesOfSAMLApplications(t *testing.T) {
	const pool = userpool.PoolID("us-east-1_A")
	db := sqlstoretest.SQLite(t, time.Now)
	s, apps := db.Userpool(keyringtest.New(t)), db.SAML()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(s.CreatePool(t.Context(), &userpool.Pool{ID: pool}))
	must(apps.CreateApplication(t.Context(), &samlidp.Application{Pool: pool, ID: "app", EntityID: "e", NameIDAttribute: "custom:team", Created: time.Now(), Modified: time.Now(),
		Attributes: []samlidp.Attribute{{Name: "team", Value: "custom:team"}, {Name: "mail", Value: "email"}, {Name: "x", Expression: `user["custom:team"] + user['custom:teams']`}}}))
	mentions, err := s.Mentions(t.Context(), pool, "custom:team")
	must(err)
	if got := fmt.Sprint(mentions); got != "[{Attributes app false} {NameIdAttribute app true} {Expressions app false}]" {
		t.Error(got)
	}
	for _, step := range []struct{ from, to, want string }{
		{"custom:team", "custom:squad", "custom:squad [{team   custom:squad } {mail   email } {x    user[\"custom:squad\"] + user['custom:teams']}]"},
		{"custom:squad", "", " [{mail   email } {x    user[\"custom:squad\"] + user['custom:teams']}]"},
	} {
		_, err := s.ChangeAttribute(t.Context(), pool, step.from, step.to, func(*userpool.Pool, []userpool.Mention) error { return nil })
		must(err)
		a, err := apps.Application(t.Context(), pool, "app")
		must(err)
		if got := fmt.Sprint(a.NameIDAttribute, " ", a.Attributes); got != step.want {
			t.Errorf("got %q, want %q", got, step.want)
		}
	}
}
