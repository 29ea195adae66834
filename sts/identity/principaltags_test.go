package identity_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/sts/identity"
)

// tags returns what policies see of the tags of credentials.
func (w *world) tags(c *identity.Credentials) string {
	w.t.Helper()
	_, who, err := w.sts.Credential(ctx, c.AccessKeyID, c.SessionToken)
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for _, tag := range []string{"client", "dept", "n", "username"} {
		if v := who.Keys["aws:PrincipalTag/"+tag]; v != nil {
			out = append(out, tag+"="+strings.Join(v, "|"))
		}
	}
	return strings.Join(out, " ")
}

func TestPrincipalTags(t *testing.T) {
	w := newWorld(t)
	p := w.pool(nil)
	w.role(userRole, p, "authenticated")
	w.setRoles(p, nil)
	of := func(claims map[string]any) string {
		logins := map[string]string{oidcName: w.oidcToken("a", claims)}
		c, err := w.credentials(w.id(p, logins), logins, "")
		if err != nil {
			return err.Error()
		}
		return w.tags(c)
	}
	set := func(m identity.TagMap) {
		t.Helper()
		if _, err := w.SetTagMap(ctx, p.ID, oidcName, m); err != nil {
			t.Fatal(err)
		}
	}
	if got := of(map[string]any{"d": "x"}); got != "" {
		t.Errorf("without a map: %s", got)
	}
	set(identity.TagMap{Tags: map[string]string{"dept": "d", "n": "count"}})
	for _, tt := range []struct {
		claims map[string]any
		want   string
	}{
		{map[string]any{"d": "eng", "count": 3}, "dept=eng n=3"},
		{map[string]any{"d": []string{"eng"}, "count": true}, "dept=eng n=true"},
		{map[string]any{"d": []string{"eng", "ops"}}, ""}, // which of them?
		{nil, ""},
		{map[string]any{"d": "tab\there"}, "identity: invalid identity pool configuration"},
	} {
		if got := of(tt.claims); got != tt.want && (tt.want == "" || !strings.HasPrefix(got, tt.want)) {
			t.Errorf("%v: %q, want %q", tt.claims, got, tt.want)
		}
	}
	set(identity.TagMap{UseDefaults: true, Tags: map[string]string{"dept": "d"}})
	if got := of(map[string]any{"d": "eng"}); got != "client=app username=a" {
		t.Errorf("defaults: %s", got)
	}
	if m, err := w.TagMap(ctx, p.ID, oidcName); err != nil || fmt.Sprint(m.Tags) != "map[client:aud username:sub]" {
		t.Errorf("map %v, %v", m, err)
	}
	set(identity.TagMap{})
	if got := of(map[string]any{"d": "eng"}); got != "" {
		t.Errorf("after it was cleared: %s", got)
	}
}

// Tags need leave in the role's trust policy.
func TestTagSession(t *testing.T) {
	w := newWorld(t)
	p := w.pool(nil)
	w.strictRole(userRole, p)
	w.setRoles(p, nil)
	logins := map[string]string{oidcName: w.oidcToken("a", nil)}
	id := w.id(p, logins)
	if _, err := w.credentials(id, logins, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := w.SetTagMap(ctx, p.ID, oidcName, identity.TagMap{UseDefaults: true}); err != nil {
		t.Fatal(err)
	}
	_, err := w.credentials(id, logins, "")
	wantFault(t, "a role without sts:TagSession", err, identity.ErrConfiguration, "Check assigned IAM roles")
}

func TestTagMaps(t *testing.T) {
	w := newWorld(t)
	p := w.pool(withBackend)
	many, long := map[string]string{}, map[string]string{}
	for i := range 51 {
		many[fmt.Sprint("t", i)] = "c"
	}
	for i := range 5 {
		long[fmt.Sprint("t", i)] = strings.Repeat("c", 93)
	}
	for name, tt := range map[string]struct {
		provider string
		tags     map[string]string
	}{
		"51 tags":                 {awsName, many},
		"465 bytes of names":      {awsName, long},
		"a tag that AWS keeps":    {awsName, map[string]string{"aws:x": "c"}},
		"a tag twice":             {awsName, map[string]string{"x": "c", "X": "c"}},
		"no provider of the pool": {"accounts.google.com", map[string]string{"x": "c"}},
		"another client":          {awsName + ":other", map[string]string{"x": "c"}},
		"the backend":             {backend, map[string]string{"x": "c"}},
	} {
		_, err := w.SetTagMap(ctx, p.ID, tt.provider, identity.TagMap{Tags: tt.tags})
		wantFault(t, name, err, identity.ErrInvalidParameter, "")
	}
	long["t0"] = strings.Repeat("c", 88)
	if _, err := w.SetTagMap(ctx, p.ID, ownName, identity.TagMap{Tags: long}); err != nil {
		t.Errorf("460 bytes: %v", err)
	}
	if m, err := w.TagMap(ctx, p.ID, awsName); err != nil || len(m.Tags) != 5 {
		t.Errorf("by the other name: %v, %v", m, err)
	}
	if _, err := w.SetTagMap(ctx, p.ID, awsName+":"+client, identity.TagMap{UseDefaults: true}); err != nil {
		t.Errorf("of one client: %v", err)
	}
}
