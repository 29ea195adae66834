package catalog_test

import (
	"errors"
	"maps"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/idp/samlidp/catalog"
)

func all(t *testing.T) []catalog.Template {
	t.Helper()
	list, err := catalog.All()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func examples(tpl catalog.Template) map[string]string {
	values := map[string]string{}
	for _, p := range tpl.Parameters {
		values[p.Name] = p.Example
	}
	return values
}

// TestTemplates holds every file to what the rest relies on.
func TestTemplates(t *testing.T) {
	for _, tpl := range all(t) {
		t.Run(tpl.ID, func(t *testing.T) {
			filled, err := tpl.Fill(examples(tpl))
			if err != nil {
				t.Fatal(err)
			}
			if tpl.Name == "" || filled.EntityID == "" || len(filled.ACS) == 0 || filled.NameIDFormat == "" || len(tpl.Steps) < 2 ||
				!filled.SignResponse && !filled.SignAssertion || !strings.HasPrefix(tpl.Documentation, "https://") {
				t.Errorf("something is missing: %+v", filled)
			}
			for _, acs := range filled.ACS {
				if u, err := url.Parse(acs); err != nil || u.Scheme != "https" || u.Host == "" || strings.Contains(acs, "{") {
					t.Errorf("answers go to %q", acs)
				}
			}
			for _, a := range filled.Attributes {
				if a.Name == "" || a.Value == "" || strings.Contains(a.Value, "{") {
					t.Errorf("attribute %+v", a)
				}
			}
		})
	}
}

func TestAllVendors(t *testing.T) {
	have := map[string]bool{}
	for _, tpl := range all(t) {
		have[tpl.ID] = true
	}
	for _, id := range strings.Fields("aws google-workspace github gitlab slack zoom salesforce atlassian datadog grafana jenkins nextcloud zendesk dropbox notion servicenow") {
		if !have[id] {
			t.Errorf("no template %s", id)
		}
	}
}

// TestParametersAreBounded puts nothing into an address that could lead elsewhere.
func TestParametersAreBounded(t *testing.T) {
	for _, tpl := range all(t) {
		for _, p := range tpl.Parameters {
			if _, err := regexp.Compile(p.Pattern); err != nil || p.Pattern == "" || p.Description == "" {
				t.Errorf("%s: parameter %+v", tpl.ID, p)
			}
			for _, evil := range []string{"", "evil.example/", "a b", `x"y`, "x<y", "x\ny", "{acs}", strings.Repeat("a", 600), "user@evil.example", p.Example + "?x", p.Example + "#"} {
				values := maps.Clone(examples(tpl))
				values[p.Name] = evil
				if _, err := tpl.Fill(values); !errors.Is(err, catalog.ErrParameter) {
					t.Errorf("%s: %s may be %q", tpl.ID, p.Name, evil)
				}
			}
		}
		values := examples(tpl)
		values["more"] = "x"
		if _, err := tpl.Fill(values); !errors.Is(err, catalog.ErrParameter) {
			t.Errorf("%s takes a parameter that it has not", tpl.ID)
		}
	}
	aws, ok, err := catalog.Find("aws")
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	if _, err := aws.Fill(nil); !errors.Is(err, catalog.ErrParameter) {
		t.Error("missing parameters")
	}
	if _, ok, _ := catalog.Find("nobody"); ok {
		t.Error("there is no such app")
	}
}
