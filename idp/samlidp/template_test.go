package samlidp_test

import (
	"errors"
	"slices"
	"testing"

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
