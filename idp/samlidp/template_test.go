package samlidp_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/idp/samlidp"
	"github.com/poolhouse/poolhouse/idp/samlidp/catalog"
	"github.com/poolhouse/poolhouse/userpool"
)

// TestTemplatesAreApps makes an application of every template and previews it.
func TestTemplatesAreApps(t *testing.T) {
	r := newRig(t, nil)
	all, err := catalog.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, tpl := range all {
		parameters := map[string]string{}
		for _, p := range tpl.Parameters {
			parameters[p.Name] = p.Example
		}
		a, err := r.apps.CreateFromTemplate(t.Context(), poolID, tpl.ID, parameters, samlidp.Spec{})
		if err != nil {
			t.Errorf("%s: %v", tpl.ID, err)
			continue
		}
		if a.Name != tpl.Name || len(a.ACS) != len(tpl.ACS) {
			t.Errorf("%s: %+v", tpl.ID, a)
		}
		if _, err := r.apps.Preview(t.Context(), poolID, a.ID, "alice"); err != nil {
			t.Errorf("%s: %v", tpl.ID, err)
		}
	}
}

// TestTemplatesTellVerifiedAddresses: an app that takes the address for the account gets
// none that a user only claims to have.
func TestTemplatesTellVerifiedAddresses(t *testing.T) {
	r := newRig(t, nil)
	all, err := catalog.All()
	if err != nil {
		t.Fatal(err)
	}
	var apps []*samlidp.Application
	for _, tpl := range all {
		if !slices.ContainsFunc(tpl.Attributes, func(a catalog.Attribute) bool { return a.Value == "email" }) {
			continue
		}
		parameters := map[string]string{}
		for _, p := range tpl.Parameters {
			parameters[p.Name] = p.Example
		}
		a, err := r.apps.CreateFromTemplate(t.Context(), poolID, tpl.ID, parameters, samlidp.Spec{NameIDFormat: ptr("transient")})
		if err != nil {
			t.Fatal(err)
		}
		apps = append(apps, a)
	}
	for _, verified := range []string{"true", "false", ""} {
		_, err := r.db.Userpool(r.ring).UpdateUser(t.Context(), poolID, "alice", func(u *userpool.User) error {
			if u.Attributes["email_verified"] = verified; verified == "" {
				delete(u.Attributes, "email_verified")
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range apps {
			told, err := r.apps.Preview(t.Context(), poolID, a.ID, "alice")
			if err != nil {
				t.Fatal(err)
			}
			has := slices.ContainsFunc(told.Attributes, func(a saml.Attribute) bool { return slices.Contains(valuesOf(a), "alice@example.org") })
			if has != (verified == "true") || len(told.Problems) > 0 {
				t.Errorf("%s, verified %q: told %v, problems %+v", a.Name, verified, has, told.Problems)
			}
		}
	}
}

func TestTemplateParameters(t *testing.T) {
	r := newRig(t, nil)
	a, err := r.apps.CreateFromTemplate(t.Context(), poolID, "slack", map[string]string{"workspace": "acme"}, samlidp.Spec{Name: ptr("Chat"), NameIDFormat: ptr("emailAddress")})
	if err != nil {
		t.Fatal(err)
	}
	if a.Name != "Chat" || a.NameIDFormat != "emailAddress" || !slices.Equal(a.ACS, []string{"https://acme.slack.com/sso/saml"}) || a.EntityID != "https://slack.com" {
		t.Errorf("%+v", a)
	}
	for name, create := range map[string]func() error{
		"no parameter": func() error {
			_, err := r.apps.CreateFromTemplate(t.Context(), poolID, "zoom", nil, samlidp.Spec{})
			return err
		},
		"an evil one": func() error {
			_, err := r.apps.CreateFromTemplate(t.Context(), poolID, "zoom", map[string]string{"vanity": "evil.example/"}, samlidp.Spec{})
			return err
		},
		"no template": func() error {
			_, err := r.apps.CreateFromTemplate(t.Context(), poolID, "nothing", nil, samlidp.Spec{})
			return err
		},
		"metadata beside": func() error {
			_, err := r.apps.CreateFromTemplate(t.Context(), poolID, "dropbox", nil, samlidp.Spec{MetadataXML: ptr("x")})
			return err
		},
	} {
		if err := create(); !errors.Is(err, userpool.ErrInvalidParameter) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
