package samlidp_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/idp/samlidp"
	"github.com/poolhouse/poolhouse/userpool"
)

// told signs alice in and returns her attributes by name.
func (r *rig) told(t *testing.T, change func(*saml.AuthnRequest)) map[string]saml.Attribute {
	t.Helper()
	p, _ := r.ask(t, change)
	all := map[string]saml.Attribute{}
	for _, s := range r.verified(t, p).Assertion.AttributeStatements {
		for _, a := range s.Attributes {
			all[a.Name] = a
		}
	}
	return all
}

func valuesOf(a saml.Attribute) (all []string) {
	for _, v := range a.Values {
		all = append(all, v.Value)
	}
	return all
}

const (
	formatURI   = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
	formatBasic = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"
)

func TestAttributeNames(t *testing.T) {
	r := newRig(t, func(s *samlidp.Spec) {
		s.Attributes = []samlidp.Attribute{
			{Name: "urn:oid:0.9.2342.19200300.100.1.3", FriendlyName: "mail", Value: "email"},
			{Name: "https://aws.amazon.com/SAML/Attributes/Role", Value: `"r"`},
			{Name: "mail", Value: "email"}, {Name: "custom:x", Value: `"y"`},
			{Name: "own", NameFormat: "urn:f", Value: "email"},
		}
	})
	got := r.told(t, nil)
	for name, want := range map[string]string{
		"urn:oid:0.9.2342.19200300.100.1.3": formatURI, "https://aws.amazon.com/SAML/Attributes/Role": formatURI,
		"mail": formatBasic, "custom:x": formatBasic, "own": "urn:f",
	} {
		if got[name].NameFormat != want {
			t.Errorf("%s has format %q", name, got[name].NameFormat)
		}
	}
	if got["urn:oid:0.9.2342.19200300.100.1.3"].FriendlyName != "mail" {
		t.Error("no friendly name")
	}
}

func TestExpressions(t *testing.T) {
	r := newRig(t, func(s *samlidp.Spec) {
		s.Attributes = []samlidp.Attribute{
			{Name: "local", Expression: `user.email.split("@")[0]`},
			{Name: "level", Expression: `"ops" in groups ? ["admin", "user"] : ["user"]`},
			{Name: "app", Expression: `app.name + " " + app.entityId`},
			{Name: "none", Expression: `"nobody" in groups ? ["x"] : []`},
			{Name: "fails", Expression: `user.department`},
			{Name: "name", Value: "name"},
		}
	})
	got := r.told(t, nil)
	for name, want := range map[string][]string{
		"local": {"alice"}, "level": {"admin", "user"}, "app": {"The Wiki " + spEntity}, "none": nil, "fails": nil, "name": {`Alice <"&'>`},
	} {
		if v := valuesOf(got[name]); !slices.Equal(v, want) {
			t.Errorf("%s is %q, want %q", name, v, want)
		}
	}
}

func TestGroupFilters(t *testing.T) {
	for name, tt := range map[string]struct {
		settings samlidp.Settings
		want     []string
	}{
		"prefix":                  {samlidp.Settings{GroupPrefixes: []string{"st"}}, []string{"staff"}},
		"pattern of a whole name": {samlidp.Settings{GroupPattern: "op"}, nil},
		"pattern":                 {samlidp.Settings{GroupPattern: "op.|x"}, []string{"ops"}},
		"either":                  {samlidp.Settings{GroupPattern: "ops", GroupPrefixes: []string{"staff"}}, []string{"ops", "staff"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, func(s *samlidp.Spec) {
				s.Attributes, s.Settings = []samlidp.Attribute{{Name: "groups", Value: "groups"}}, &tt.settings
			})
			if got := valuesOf(r.told(t, nil)["groups"]); !slices.Equal(got, tt.want) {
				t.Errorf("told %q", got)
			}
		})
	}
}

const consuming = `<AttributeConsumingService xmlns="urn:oasis:names:tc:SAML:2.0:metadata" index="1"><ServiceName xml:lang="en">a</ServiceName>` +
	`<RequestedAttribute Name="mail" NameFormat="` + formatBasic + `" isRequired="true"/><RequestedAttribute Name="phone" isRequired="true"/></AttributeConsumingService>` +
	`<AttributeConsumingService xmlns="urn:oasis:names:tc:SAML:2.0:metadata" index="2"><ServiceName xml:lang="en">b</ServiceName>` +
	`<RequestedAttribute Name="groups"><AttributeValue xmlns="urn:oasis:names:tc:SAML:2.0:assertion">ops</AttributeValue></RequestedAttribute></AttributeConsumingService>`

func withConsuming(s *samlidp.Spec) {
	*s.MetadataXML = strings.Replace(*s.MetadataXML, "</SPSSODescriptor>", consuming+"</SPSSODescriptor>", 1)
	s.Attributes = []samlidp.Attribute{{Name: "mail", Value: "email"}, {Name: "groups", Value: "groups"}, {Name: "name", Value: "name"},
		{Name: "asked", Expression: `requested`}}
	s.Settings = &samlidp.Settings{OnlyRequested: true}
}

// TestOnlyRequested tells an app what its metadata asks for and no more, by the
// service that the request names.
func TestOnlyRequested(t *testing.T) {
	r := newRig(t, withConsuming)
	if got := r.told(t, nil); len(got) != 1 || !slices.Equal(valuesOf(got["mail"]), []string{"alice@example.org"}) {
		t.Errorf("by default %v", got)
	}
	got := r.told(t, func(q *saml.AuthnRequest) { q.AttributeConsumingServiceIndex = "2" })
	if len(got) != 1 || !slices.Equal(valuesOf(got["groups"]), []string{"ops"}) {
		t.Errorf("by index %v", got)
	}
}

func TestEntityAttributes(t *testing.T) {
	r := newRig(t, func(s *samlidp.Spec) {
		ext := `<Extensions xmlns="urn:oasis:names:tc:SAML:2.0:metadata"><a:EntityAttributes xmlns:a="urn:oasis:names:tc:SAML:metadata:attribute">` +
			`<Attribute xmlns="urn:oasis:names:tc:SAML:2.0:assertion" Name="http://macedir.org/entity-category"><AttributeValue>urn:research</AttributeValue></Attribute>` +
			`</a:EntityAttributes></Extensions>`
		at := strings.Index(*s.MetadataXML, "<SPSSODescriptor")
		*s.MetadataXML = (*s.MetadataXML)[:at] + ext + (*s.MetadataXML)[at:]
		is := `"urn:research" in entity["http://macedir.org/entity-category"] ? [user.email] : []`
		s.Attributes = []samlidp.Attribute{{Name: "mail", Expression: is}, {Name: "no", Expression: strings.Replace(is, "urn:research", "urn:other", 1)}}
	})
	if got := r.told(t, nil); len(got) != 1 || !slices.Equal(valuesOf(got["mail"]), []string{"alice@example.org"}) {
		t.Errorf("told %v", got)
	}
}

func TestPreview(t *testing.T) {
	r := newRig(t, func(s *samlidp.Spec) {
		withConsuming(s)
		s.Settings.OnlyRequested = false
		s.Attributes = append(s.Attributes, samlidp.Attribute{Name: "fails", Expression: `user.department`})
	})
	told, err := r.apps.Preview(t.Context(), poolID, r.app.ID, "alice")
	if err != nil {
		t.Fatal(err)
	}
	p, _ := r.ask(t, nil)
	if got := r.verified(t, p).Assertion.Subject.NameID; *got != *told.NameID {
		t.Errorf("the preview says %+v, the app is told %+v", told.NameID, got)
	}
	var names, problems []string
	for _, a := range told.Attributes {
		names = append(names, a.Name)
	}
	for _, p := range told.Problems {
		problems = append(problems, p.Attribute+": "+p.Message)
	}
	if !slices.Equal(names, []string{"mail", "groups", "name", "asked"}) {
		t.Errorf("attributes %q", names)
	}
	if len(problems) != 2 || !strings.Contains(problems[0], "fails: ") || !strings.Contains(problems[0], "department") || !strings.Contains(problems[1], "phone: ") {
		t.Errorf("problems %q", problems)
	}
}

func TestPreviewRefuses(t *testing.T) {
	r := newRig(t, func(s *samlidp.Spec) { s.NameIDFormat, s.NameIDAttribute = ptr("kerberos"), ptr("custom:principal") })
	if _, err := r.apps.Preview(t.Context(), poolID, r.app.ID, "alice"); !errors.Is(err, samlidp.ErrNoName) {
		t.Errorf("without a name: %v", err)
	}
	if _, err := r.apps.Preview(t.Context(), poolID, r.app.ID, "nobody"); !errors.Is(err, userpool.ErrUserNotFound) {
		t.Errorf("nobody: %v", err)
	}
	if _, err := r.apps.Preview(t.Context(), poolID, "nothing", "alice"); !errors.Is(err, samlidp.ErrNotFound) {
		t.Errorf("no app: %v", err)
	}
}

func TestNameFormats(t *testing.T) {
	for name, tt := range map[string]struct{ format, expression, value, urn string }{
		"kerberos":  {"kerberos", `user.username + "@EXAMPLE.ORG"`, "alice@EXAMPLE.ORG", "urn:oasis:names:tc:SAML:2.0:nameid-format:kerberos"},
		"Windows":   {"WindowsDomainQualifiedName", `"EXAMPLE\\" + user.username`, `EXAMPLE\alice`, "urn:oasis:names:tc:SAML:1.1:nameid-format:WindowsDomainQualifiedName"},
		"X.509":     {"X509SubjectName", `"CN=" + user.username`, "CN=alice", "urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName"},
		"entity":    {"entity", `"https://people.example/" + user.sub`, "https://people.example/sub-alice", "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"},
		"by email":  {"unspecified", `user.email`, "alice@example.org", string(saml.UnspecifiedNameIDFormat)},
		"by groups": {"unspecified", `"ops" in groups ? "operator" : "user"`, "operator", string(saml.UnspecifiedNameIDFormat)},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, func(s *samlidp.Spec) {
				s.NameIDFormat, s.Settings = &tt.format, &samlidp.Settings{NameIDExpression: tt.expression}
			})
			p, _ := r.ask(t, nil)
			if n := r.verified(t, p).Assertion.Subject.NameID; n.Value != tt.value || n.Format != tt.urn || n.NameQualifier != "" {
				t.Errorf("name %+v", n)
			}
		})
	}
}

// TestNameOfUnverifiedAddress names nobody by an address that anybody could claim.
func TestNameOfUnverifiedAddress(t *testing.T) {
	r := newRig(t, func(s *samlidp.Spec) {
		s.NameIDFormat, s.Settings = ptr("unspecified"), &samlidp.Settings{NameIDExpression: `user.email`}
	})
	_, err := r.db.Userpool(r.ring).UpdateUser(t.Context(), poolID, "alice", func(u *userpool.User) error {
		u.Attributes["email_verified"] = "false"
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	p, _ := r.ask(t, nil)
	wantRefusal(t, r, p, saml.StatusUnknownPrincipal)
}

func TestNoName(t *testing.T) {
	r := newRig(t, func(s *samlidp.Spec) {
		s.NameIDFormat, s.Attributes = ptr("none"), []samlidp.Attribute{{Name: "mail", Value: "email"}}
	})
	p, _ := r.ask(t, nil)
	if a := r.verified(t, p).Assertion; a.Subject.NameID != nil || len(a.AttributeStatements) != 1 {
		t.Errorf("subject %+v", a.Subject)
	}
	p, _ = r.ask(t, func(q *saml.AuthnRequest) { q.Subject = &saml.Subject{NameID: &saml.NameID{Value: "alice"}} })
	wantRefusal(t, r, p, saml.StatusUnknownPrincipal)
}
