package sp_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/userpool"
)

func expressed(expressions map[string]string) func(*userpool.Provider) {
	return func(p *userpool.Provider) { p.Settings.Expressions = expressions }
}

// TestExpressions: an expression takes the place of a mapping, sees all claims, and is
// written when the attribute's mode says.
func TestExpressions(t *testing.T) {
	w := newWorld(t, nil, func(p *userpool.Provider) {
		p.Settings.Expressions = map[string]string{
			"email":       `claims["mail"][0].lowerAscii()`,
			"custom:team": `claims[?"dept"].orValue(["none"]).map(d, d.split("/")[0])`,
			"name":        `claims["given"][0] + " " + claims["sn"][0]`,
			"username":    `claims["uid"][0].split("@")[0]`,
			"nickname":    `provider + ":" + subject`,
		}
		p.Settings.Sync = map[string]userpool.SyncMode{"name": userpool.SyncCreate}
	})
	u := w.signIn("1", "mail=Ana@Example.COM", "dept=ops/night", "given=Ana", "sn=B", "uid=ana@acme", "team=never")
	want := map[string]string{"email": "ana@example.com", "custom:team": "ops", "name": "Ana B", "nickname": "acme:1"}
	for name, value := range want {
		if u.Attributes[name] != value {
			t.Errorf("%s is %q, want %q", name, u.Attributes[name], value)
		}
	}
	if u.Username != "acme_ana" {
		t.Error(u.Username)
	}
	u = w.signIn("1", "mail=new@example.com", "given=Other", "sn=C")
	if u.Attributes["email"] != "new@example.com" || u.Attributes["name"] != "Ana B" || u.Attributes["custom:team"] != "none" {
		t.Error("later:", u.Attributes)
	}
}

// TestExpressionsThatFail leave their attribute out, and keep out who lacks a required one.
func TestExpressionsThatFail(t *testing.T) {
	w := newWorld(t, nil, expressed(map[string]string{"email": `claims["mail"][7]`, "nickname": `claims["n"]`, "custom:team": `claims["x"].map(a, claims["x"].map(b, a+b).join(""))`}))
	many := []string{"mail=a@example.com", "n=a", "n=b"}
	for range 900 {
		many = append(many, "x="+strings.Repeat("x", 500))
	}
	u := w.signIn("1", many...)
	if u.Attributes["email"] != "" || u.Attributes["nickname"] != "[a, b]" || u.Attributes["custom:team"] != "" {
		t.Error(u.Attributes)
	}
	w = newWorld(t, func(p *userpool.Pool) { p.Attribute("email").Required = true }, expressed(map[string]string{"email": `claims["mail"][0]`}))
	_, err := w.arrive(arrival("1", "other=x"))
	w.refused(err, userpool.ErrInvalidParameter, "attributes required: [email]")
}

// TestExpressionsVouchForNobody: an address that an expression put together is not
// verified by the provider's domains, and leads to no user; nor do several values.
func TestExpressionsVouchForNobody(t *testing.T) {
	for name, tt := range map[string]struct {
		expression, claim string
		linked            bool
	}{
		"as it was said":    {`claims["c"][0]`, "ana@acme.example", true},
		"in other letters":  {`claims["c"][0].lowerAscii()`, "Ana@ACME.example", true},
		"put together":      {`claims["c"][0] + "@acme.example"`, "ana", false},
		"taken apart":       {`claims["c"][0].split(" ")[1]`, "x ana@acme.example", false},
		"one of two values": {`["x@acme.example", claims["c"][0]]`, "ana@acme.example", false},
	} {
		w := newWorld(t, nil, func(p *userpool.Provider) {
			p.Settings.Domains, p.Settings.Link, p.Settings.Expressions = []string{"acme.example"}, userpool.LinkDomain, map[string]string{"email": tt.expression}
		})
		ana := w.local("ana", "email=ana@acme.example", "email_verified=true")
		u := w.signIn("1", "c="+tt.claim)
		if (u.Sub == ana.Sub) != tt.linked {
			t.Errorf("%s: signed in as %s", name, u.Username)
		}
		if !tt.linked && u.Verified("email") {
			t.Errorf("%s: verified", name)
		}
	}
}

// TestPreviewMapping shows what would be, and changes nothing.
func TestPreviewMapping(t *testing.T) {
	w := newWorld(t, nil, expressed(map[string]string{"email": `claims["mail"][0].lowerAscii()`, "nickname": `claims["none"][0]`}))
	w.acme.Settings.GroupsClaim, w.acme.Settings.Groups = "roles", map[string]string{"Admins": "admin"}
	got := sp.PreviewMapping(t.Context(), w.pool, w.acme, "7", sp.Claims{"mail": {"A@example.com"}, "team": {"blue"}, "roles": {"Admins", "Other"}})
	want := map[string]string{"email": "a@example.com", "custom:team": "blue"}
	if got.Username != "acme_7" || !maps.Equal(got.Attributes, want) || len(got.Groups) != 1 || got.Groups[0] != "admin" {
		t.Errorf("%+v", got)
	}
	if len(got.Problems) != 1 || got.Problems[0].Attribute != "nickname" || !strings.Contains(got.Problems[0].Text(), "no such key: none") {
		t.Errorf("%+v", got.Problems)
	}
	if _, err := w.store.User(t.Context(), w.pool.ID, "acme_7"); err == nil {
		t.Error("a user was made")
	}
}

// TestPreviewOfDoubtfulAddress shows an address as verified only where a sign-in would
// have it so.
func TestPreviewOfDoubtfulAddress(t *testing.T) {
	w := newWorld(t, nil, func(p *userpool.Provider) {
		p.Mapping = map[string]string{"email": "email"}
		p.Settings.Domains = []string{"example.com"}
	})
	for said, verified := range map[string]bool{"true": true, "": true, "false": false} {
		claims := sp.Claims{"email": {"a@example.com"}}
		if said != "" {
			claims["email_verified"] = []string{said}
		}
		got := sp.PreviewMapping(t.Context(), w.pool, w.acme, "7", claims).Attributes["email_verified"]
		if (got == "true") != verified {
			t.Errorf("said %q: verified %q", said, got)
		}
	}
}
