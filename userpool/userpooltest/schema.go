package userpooltest

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/poolhouse/poolhouse/userpool"
)

var schemaChecks = []storeCheck{
	{"attributes under other names", testAttributeKeys},
	{"who mentions an attribute", testMentions},
	{"change of an attribute", testChangeAttribute},
	{"values of an attribute", testAttributeValues},
	{"erased attributes", testEraseAttributes},
	{"import that runs", testImportRuns},
}

func withSchema(schema ...userpool.SchemaAttribute) func(*userpool.Pool) {
	return func(p *userpool.Pool) { p.Schema = schema }
}

func (f *fixture) attributes(t *testing.T, pool userpool.PoolID, name string) map[string]string {
	t.Helper()
	u, err := f.User(ctx, pool, name)
	check(t, err)
	return u.Attributes
}

func wantAttributes(t *testing.T, what string, got map[string]string, want ...string) {
	t.Helper()
	m := map[string]string{}
	for i := 0; i < len(want); i += 2 {
		m[want[i]] = want[i+1]
	}
	if !maps.Equal(got, m) {
		t.Fatalf("%s: %v, want %v", what, got, m)
	}
}

// testAttributeKeys: every way to read and write a user has the names of the schema,
// at once, and no value changes hands.
func testAttributeKeys(t *testing.T, f *fixture) {
	f.pool(t, poolA, withSchema(userpool.SchemaAttribute{Name: "custom:team"}, userpool.SchemaAttribute{Name: "custom:old"}))
	f.pool(t, poolB)
	f.user(t, poolA, "bob", "custom:team", "blue", "custom:old", "x", "email", "b@x")
	f.user(t, poolB, "bob", "custom:team", "green")
	_, err := f.UpdatePool(ctx, poolA, func(p *userpool.Pool) error {
		p.Schema = []userpool.SchemaAttribute{{Name: "custom:squad", Key: "custom:team"}, {Name: "custom:team", Key: "custom:team~2"}}
		p.RemovedKeys = []string{"custom:old"}
		return nil
	})
	check(t, err)
	wantAttributes(t, "renamed", f.attributes(t, poolA, "bob"), "custom:squad", "blue", "email", "b@x")
	wantAttributes(t, "of another pool", f.attributes(t, poolB, "bob"), "custom:team", "green")
	listed, _, err := f.Users(ctx, poolA, userpool.UserFilter{Attribute: "email", Value: "b@x"}, "", 1)
	check(t, err)
	wantAttributes(t, "listed", listed[0].Attributes, "custom:squad", "blue", "email", "b@x")

	// The new attribute of the old name is another one, and a name that is no more
	// cannot be written.
	u, err := f.UpdateUser(ctx, poolA, "bob", func(u *userpool.User) error {
		u.Attributes["custom:team"], u.Attributes["custom:old"] = "second", "back"
		u.Attributes["custom:squad"] = "red"
		return nil
	})
	check(t, err)
	equal(t, "squad", u.Attributes["custom:squad"], "red")
	wantAttributes(t, "updated", f.attributes(t, poolA, "bob"), "custom:squad", "red", "custom:team", "second", "email", "b@x")
	f.user(t, poolA, "eve", "custom:squad", "s", "custom:team", "t", "custom:old", "x")
	wantAttributes(t, "new user", f.attributes(t, poolA, "eve"), "custom:squad", "s", "custom:team", "t")

	// Whoever read the schema before a change means what the name meant then.
	_, err = f.UpdatePool(ctx, poolA, func(p *userpool.Pool) error {
		p.Schema[1].Name = "custom:crew"
		return nil
	})
	check(t, err)
	_, err = f.UpdateUser(ctx, poolA, "bob", func(u *userpool.User) error {
		delete(u.Attributes, "custom:squad")
		u.Attributes["custom:team"] = "late"
		return nil
	})
	check(t, err)
	wantAttributes(t, "late", f.attributes(t, poolA, "bob"), "custom:squad", "late", "custom:crew", "second", "email", "b@x")
}

func (f *fixture) mentioning(t *testing.T, pool userpool.PoolID) {
	t.Helper()
	check(t, f.CreateClient(ctx, &userpool.Client{ID: "c1", Pool: pool, Secret: "s", ReadAttributes: []string{"custom:team"}, WriteAttributes: []string{"email", "custom:team"}}))
	check(t, f.CreateClient(ctx, &userpool.Client{ID: "c2", Pool: pool, ReadAttributes: []string{"email"}}))
	check(t, f.CreateProvider(ctx, &userpool.Provider{Pool: pool, Name: "Corp", Type: "OIDC", Details: map[string]string{"client_secret": "x"},
		Mapping: map[string]string{"custom:team": "department", "email": "email"}}))
	check(t, f.CreateProvider(ctx, &userpool.Provider{Pool: pool, Name: "Other", Type: "OIDC", Mapping: map[string]string{"email": "email"}}))
}

var teamMentions = []userpool.Mention{
	{Place: userpool.MentionRead, ID: "c1", Alone: true}, {Place: userpool.MentionWrite, ID: "c1"}, {Place: userpool.MentionMapping, ID: "Corp"},
}

func testMentions(t *testing.T, f *fixture) {
	f.pool(t, poolA)
	f.pool(t, poolB)
	f.mentioning(t, poolA)
	got, err := f.Mentions(ctx, poolA, "custom:team")
	check(t, err)
	if !reflect.DeepEqual(got, teamMentions) {
		t.Fatalf("mentions %+v, want %+v", got, teamMentions)
	}
	for pool, attribute := range map[userpool.PoolID]string{poolA: "custom:other", poolB: "custom:team"} {
		got, err := f.Mentions(ctx, pool, attribute)
		check(t, err)
		equal(t, "mentions of "+attribute, len(got), 0)
	}
}

func testChangeAttribute(t *testing.T, f *fixture) {
	f.pool(t, poolA, withSchema(userpool.SchemaAttribute{Name: "custom:team"}))
	f.mentioning(t, poolA)
	change := func(from, to string, fn func(*userpool.Pool, []userpool.Mention) error) error {
		_, err := f.ChangeAttribute(ctx, poolA, from, to, fn)
		return err
	}
	lists := func() string {
		c, err := f.Client(ctx, "c1")
		check(t, err)
		p, err := f.Provider(ctx, poolA, "Corp")
		check(t, err)
		equal(t, "secret", c.Secret+p.Details["client_secret"], "sx")
		return fmt.Sprint(c.ReadAttributes, c.WriteAttributes, p.Mapping)
	}
	const before = "[custom:team] [email custom:team] map[custom:team:department email:email]"
	wantErr(t, change("custom:team", "custom:squad", func(p *userpool.Pool, got []userpool.Mention) error {
		p.Name = "changed"
		if !reflect.DeepEqual(got, teamMentions) {
			t.Errorf("mentions %+v", got)
		}
		return userpool.ErrPrecondition
	}), userpool.ErrPrecondition)
	p, err := f.Pool(ctx, poolA)
	check(t, err)
	equal(t, "after a refusal", p.Name+lists(), "pool"+before)
	nothing := func(*userpool.Pool, []userpool.Mention) error { return nil }
	check(t, change("custom:team", "custom:squad", nothing))
	equal(t, "renamed", lists(), "[custom:squad] [email custom:squad] map[custom:squad:department email:email]")
	check(t, change("custom:squad", "", nothing))
	equal(t, "removed", lists(), "[] [email] map[email:email]")
	_, err = f.ChangeAttribute(ctx, "us-east-1_X", "custom:team", "", nothing)
	wantErr(t, err, userpool.ErrPoolNotFound)
}

func testAttributeValues(t *testing.T, f *fixture) {
	f.pool(t, poolA, withSchema(userpool.SchemaAttribute{Name: "custom:squad", Key: "custom:team"}))
	f.pool(t, poolB)
	for i := range 5 {
		f.user(t, poolA, fmt.Sprint("user", i), "custom:squad", fmt.Sprint("team", i), "name", "custom:squad")
	}
	f.user(t, poolA, "none", "name", `"custom:team":"no"`)
	f.user(t, poolB, "bob", "custom:squad", "elsewhere")
	var seen []string
	check(t, f.AttributeValues(ctx, poolA, "custom:squad", func(v string) { seen = append(seen, v) }))
	if want := []string{"team0", "team1", "team2", "team3", "team4"}; !slices.Equal(seen, want) {
		t.Fatalf("values %v, want %v", seen, want)
	}
	wantErr(t, f.AttributeValues(ctx, "us-east-1_X", "name", func(string) {}), userpool.ErrPoolNotFound)
}

// testEraseAttributes: what was removed is really gone, batch by batch, and nothing
// else is: the keys are made known again to see it.
func testEraseAttributes(t *testing.T, f *fixture) {
	f.pool(t, poolA, withSchema(userpool.SchemaAttribute{Name: "custom:a"}, userpool.SchemaAttribute{Name: "custom:b"}))
	f.pool(t, poolB)
	for i := range 7 {
		f.user(t, poolA, fmt.Sprint("user", i), "custom:a", "1", "custom:b", "2", "name", "N")
	}
	f.user(t, poolB, "bob", "custom:a", "1")
	for _, name := range []string{"custom:a", "custom:b"} {
		_, err := f.ChangeAttribute(ctx, poolA, name, "", func(p *userpool.Pool, _ []userpool.Mention) error {
			p.RemovedKeys = append(p.RemovedKeys, name)
			return nil
		})
		check(t, err)
	}
	wantAttributes(t, "at once", f.attributes(t, poolA, "user3"), "name", "N")
	rounds := 0
	for ; ; rounds++ {
		n, err := f.EraseAttributes(ctx, 3)
		check(t, err)
		if n == 0 {
			break
		}
		equal(t, "users looked at", n, 3)
	}
	equal(t, "rounds", rounds, 6) // three for each of two keys
	_, err := f.UpdatePool(ctx, poolA, func(p *userpool.Pool) error { p.RemovedKeys = nil; return nil })
	check(t, err)
	for i := range 7 {
		wantAttributes(t, "erased", f.attributes(t, poolA, fmt.Sprint("user", i)), "name", "N")
	}
	wantAttributes(t, "of another pool", f.attributes(t, poolB, "bob"), "custom:a", "1")
}

func testImportRuns(t *testing.T, f *fixture) {
	f.pool(t, poolA)
	f.pool(t, poolB)
	f.importJob(t, poolA, "import-1", userpool.ImportCreated)
	for status, want := range map[userpool.ImportStatus]bool{userpool.ImportCreated: false, userpool.ImportPending: true, userpool.ImportInProgress: true,
		userpool.ImportStopping: true, userpool.ImportStopped: false, userpool.ImportFailed: false, userpool.ImportSucceeded: false} {
		_, err := f.UpdateImport(ctx, poolA, "import-1", func(j *userpool.ImportJob) error { j.Status = status; return nil })
		check(t, err)
		runs, err := f.ImportRuns(ctx, poolA)
		check(t, err)
		equal(t, string(status), runs, want)
		runs, err = f.ImportRuns(ctx, poolB)
		check(t, err)
		equal(t, "in another pool", runs, false)
	}
}
