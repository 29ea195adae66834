package poolhouseapi_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/server/poolhouseapi"
	"github.com/poolhouse/poolhouse/userpool"
)

func TestIdentityProviderSettings(t *testing.T) {
	a, _ := openIDAPI(t)
	a.Pools.Region, a.Pools.Account = "us-east-1", "000000000000"
	made, err := a.Pools.CreatePool(t.Context(), userpool.NewPool("p"), nil)
	if err != nil {
		t.Fatal(err)
	}
	pool := made.ID
	for name, kind := range map[string]string{"corp": userpool.ProviderSAML, "acme": userpool.ProviderOIDC} {
		details := map[string]string{"MetadataFile": "<x/>"}
		if kind == userpool.ProviderOIDC {
			details = map[string]string{"client_id": "c", "attributes_request_method": "GET", "oidc_issuer": "https://idp.example", "authorize_scopes": "openid"}
		}
		if _, err := a.Pools.CreateProvider(t.Context(), &userpool.Provider{Pool: pool, Name: name, Type: kind, Details: details}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := a.Pools.CreateGroup(t.Context(), &userpool.Group{Pool: pool, Name: "admin"}); err != nil {
		t.Fatal(err)
	}
	put := func(provider, settings string) error {
		_, err := a.PutIdentityProviderSettings(t.Context(), &poolhouseapi.PutIdentityProviderSettingsInput{UserPoolId: ptr(string(pool)), ProviderName: &provider, Settings: &settings})
		return err
	}
	for provider, all := range map[string]string{
		"corp": `{"Sync":{"nickname":"create","email":"never"},"GroupsClaim":"groups","Groups":{"acme admins":"admin"},"Domains":["acme.example"],"Link":"domain","Expressions":{"email":"claims[\"mail\"][0]","username":"subject"},
			"SAML":{"SkewInSeconds":60,"PostRequests":true,"NameIDFormat":"urn:x","Contexts":["urn:y"],"ForceAuthn":true,"SubjectAttribute":"uid","SHA1":true,"CBC":true}}`,
		"acme": `{"Link":"proof","OIDC":{"Dialect":"microsoft","Tenants":["a"],"SignOut":true}}`,
	} {
		if err := put(provider, all); err != nil {
			t.Fatal(provider, err)
		}
		out, err := a.DescribeIdentityProviderSettings(t.Context(), &poolhouseapi.DescribeIdentityProviderSettingsInput{UserPoolId: ptr(string(pool)), ProviderName: &provider})
		if err != nil {
			t.Fatal(err)
		}
		var want, got any
		if json.Unmarshal([]byte(all), &want) != nil || json.Unmarshal([]byte(*out.Provider.Settings), &got) != nil || !reflect.DeepEqual(want, got) {
			t.Errorf("want %v\n got %v", want, got)
		}
	}
	for name, bad := range map[string][2]string{
		"no JSON":                  {"acme", `x`},
		"more than one":            {"acme", `{} {}`},
		"unknown member":           {"acme", `{"Colour":"blue"}`},
		"nanoseconds":              {"corp", `{"SAML":{"Skew":60}}`},
		"tolerance":                {"corp", `{"SAML":{"SkewInSeconds":601}}`},
		"negative tolerance":       {"corp", `{"SAML":{"SkewInSeconds":-1}}`},
		"no certificate":           {"corp", `{"SAML":{"MetadataKey":"x"}}`},
		"SAML of another type":     {"acme", `{"SAML":{"ForceAuthn":true}}`},
		"OIDC of another type":     {"corp", `{"OIDC":{"Tenants":["a"]}}`},
		"dialect":                  {"acme", `{"OIDC":{"Dialect":"klingon"}}`},
		"attribute":                {"acme", `{"Sync":{"colour":"login"}}`},
		"identities":               {"acme", `{"Sync":{"identities":"login"}}`},
		"expression of nothing":    {"acme", `{"Expressions":{"colour":"subject"}}`},
		"expression of sub":        {"acme", `{"Expressions":{"sub":"subject"}}`},
		"expression that is none":  {"acme", `{"Expressions":{"email":"claims["}}`},
		"expression of a number":   {"acme", `{"Expressions":{"email":"{1: 2}"}}`},
		"variable that is not":     {"acme", `{"Expressions":{"email":"user.email"}}`},
		"mode":                     {"acme", `{"Sync":{"email":"often"}}`},
		"group that is not there":  {"acme", `{"GroupsClaim":"g","Groups":{"a":"nobody"}}`},
		"groups without a claim":   {"acme", `{"Groups":{"a":"admin"}}`},
		"no host name":             {"acme", `{"Domains":["https://acme.example"]}`},
		"upper case":               {"acme", `{"Domains":["Acme.example"]}`},
		"top-level domain":         {"acme", `{"Domains":["example"]}`},
		"a domain twice":           {"acme", `{"Domains":["a.example","a.example"]}`},
		"link":                     {"acme", `{"Link":"always"}`},
		"link by domain, and none": {"acme", `{"Link":"domain"}`},
		"too many domains":         {"acme", `{"Domains":["a.example"` + strings.Repeat(`,"b.example"`, 100) + `]}`},
	} {
		if err := put(bad[0], bad[1]); code(err) != "InvalidParameterException" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := put("nobody", `{}`); code(err) != "ResourceNotFoundException" {
		t.Error(err)
	}
	if p, err := a.Pools.Provider(t.Context(), pool, "acme"); err != nil || p.Settings.Link != userpool.LinkProof {
		t.Error("a refusal changed something:", p.Settings, err)
	}
}

func TestPreviewIdentityProviderMapping(t *testing.T) {
	a, _ := openIDAPI(t)
	a.Pools.Region, a.Pools.Account = "us-east-1", "000000000000"
	pool, err := a.Pools.CreatePool(t.Context(), userpool.NewPool("p"), nil)
	if err != nil {
		t.Fatal(err)
	}
	details := map[string]string{"client_id": "c", "attributes_request_method": "GET", "oidc_issuer": "https://idp.example", "authorize_scopes": "openid"}
	if _, err := a.Pools.CreateProvider(t.Context(), &userpool.Provider{Pool: pool.ID, Name: "acme", Type: userpool.ProviderOIDC, Details: details,
		Mapping: map[string]string{"email": "mail"}}); err != nil {
		t.Fatal(err)
	}
	preview := func(claims string, settings *string) (*poolhouseapi.PreviewIdentityProviderMappingOutput, error) {
		return a.PreviewIdentityProviderMapping(t.Context(), &poolhouseapi.PreviewIdentityProviderMappingInput{UserPoolId: ptr(string(pool.ID)), ProviderName: ptr("acme"),
			Claims: &claims, Subject: ptr("7"), Settings: settings})
	}
	out, err := preview(`{"mail":"a@example.com","n":["x","y"]}`, ptr(`{"Expressions":{"nickname":"claims[\"n\"][1]","name":"claims[\"z\"][0]"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if *out.Username != "acme_7" || len(out.Attributes) != 2 || *out.Attributes[1].Name != "nickname" || *out.Attributes[1].Value != "y" || len(out.Problems) != 1 {
		t.Errorf("%+v", out)
	}
	if kept, err := a.Pools.Provider(t.Context(), pool.ID, "acme"); err != nil || kept.Settings.Expressions != nil {
		t.Errorf("the settings were kept: %+v %v", kept, err)
	}
	for name, bad := range map[string][2]string{"no object": {`[]`, `{}`}, "null": {`null`, `{}`}, "settings": {`{}`, `{"Expressions":{"email":"("}}`}, "groups": {`{}`, `{"GroupsClaim":"g","Groups":{"a":"nobody"}}`}} {
		if _, err := preview(bad[0], &bad[1]); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}
