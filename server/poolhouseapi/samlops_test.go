package poolhouseapi_test

import (
	"encoding/pem"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/server/poolhouseapi"
	"github.com/poolhouse/poolhouse/userpool"
)

// TestSamlSettings reads back what was set, and takes settings whole.
func TestSamlSettings(t *testing.T) {
	a := newAPI(t)
	want := &poolhouseapi.SamlSettingsType{SignatureAlgorithm: ptr("ecdsa-sha384"), SigningKeyId: ptr("k"), EncryptIfOffered: ptr(true),
		EncryptionAlgorithm: ptr("aes256-cbc"), NameIdExpression: ptr("user.sub"), SubjectId: ptr("none"),
		GroupPrefixes: []string{"a-"}, GroupPattern: ptr("x.*"), OnlyRequested: ptr(true), MetadataEntityId: ptr("https://sp.example/one"),
		RequireSignedRequests: ptr(false), RelayState: ptr("r"), RelayStateFixed: ptr(true), LogoutBySoap: ptr(true), MetadataQuery: ptr(false), MetadataValidDays: ptr(int32(0))}
	out, err := a.CreateSamlApplication(t.Context(), &poolhouseapi.CreateSamlApplicationInput{UserPoolId: ptr(pool), Name: ptr("x"),
		MetadataXml: metadata("https://sp.example/one"), Settings: want,
		Attributes: []poolhouseapi.SamlAttributeType{{Name: ptr("n"), FriendlyName: ptr("f"), Expression: ptr("user.sub")}}})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(out.Application.Settings, want) {
		t.Errorf("settings %+v", out.Application.Settings)
	}
	if at := out.Application.Attributes[0]; *at.Expression != "user.sub" || *at.FriendlyName != "f" || at.Value != nil {
		t.Errorf("attribute %+v", at)
	}
	if len(out.Application.Warnings) == 0 {
		t.Error("no warning of CBC")
	}
	changed, err := a.UpdateSamlApplication(t.Context(), &poolhouseapi.UpdateSamlApplicationInput{UserPoolId: ptr(pool),
		ApplicationId: out.Application.ApplicationId, Settings: &poolhouseapi.SamlSettingsType{MetadataEntityId: ptr("https://sp.example/one")}})
	if err != nil {
		t.Fatal(err)
	}
	if s := changed.Application.Settings; s.SignatureAlgorithm != nil || *s.OnlyRequested || len(changed.Application.Warnings) > 0 {
		t.Errorf("settings %+v", s)
	}
}

func TestSamlPool(t *testing.T) {
	a := newAPI(t)
	in := &poolhouseapi.SetSamlPoolInput{UserPoolId: ptr(pool), Scopes: []string{"example.org"}, ErrorUrl: ptr("https://example.org/e"), EnhancedClients: ptr(true),
		Display:      &poolhouseapi.SamlDisplayType{Name: ptr("n"), LogoUrl: ptr("https://example.org/l"), LogoWidth: ptr(int32(1)), LogoHeight: ptr(int32(2))},
		Organization: &poolhouseapi.SamlOrganizationType{Name: ptr("o"), DisplayName: ptr("o"), Url: ptr("https://example.org")},
		Contacts:     []poolhouseapi.SamlContactType{{ContactType: ptr("support"), EmailAddress: ptr("a@example.org")}}}
	if _, err := a.SetSamlPool(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	out, err := a.DescribeSamlPool(t.Context(), &poolhouseapi.DescribeSamlPoolInput{UserPoolId: in.UserPoolId})
	if err != nil {
		t.Fatal(err)
	}
	p := out.Pool
	if !slices.Equal(p.Scopes, in.Scopes) || !reflect.DeepEqual(p.Display, in.Display) || !reflect.DeepEqual(p.Organization, in.Organization) ||
		!reflect.DeepEqual(p.Contacts, in.Contacts) || !*p.EnhancedClients || *p.ErrorUrl != *in.ErrorUrl || *p.EntityId != "https://login.example/"+pool+"/saml/metadata" {
		t.Errorf("pool %+v", p)
	}
	if _, err := a.DescribeSamlPool(t.Context(), &poolhouseapi.DescribeSamlPoolInput{UserPoolId: ptr("us-east-1_Nowhere00")}); code(err) != "ResourceNotFoundException" {
		t.Errorf("no pool: %v", err)
	}
}

func TestSamlCertificates(t *testing.T) {
	a := newAPI(t)
	id := ptr(pool)
	at := time.Now().Add(time.Hour)
	started, err := a.StartSamlRollover(t.Context(), &poolhouseapi.StartSamlRolloverInput{UserPoolId: id, SwitchDate: &at})
	if err != nil {
		t.Fatal(err)
	}
	if c := started.Certificates; len(c) != 2 || *c[0].State != "ACTIVE" || *c[1].State != "NEXT" || c[1].SignsFrom == nil || *c[0].KeyType != "RSA_2048" || len(*c[0].Fingerprint) != 64 {
		t.Errorf("certificates %+v", c)
	}
	if block, _ := pem.Decode([]byte(*started.Certificates[0].Certificate)); block == nil {
		t.Error("no certificate in PEM")
	}
	if _, err := a.AbortSamlRollover(t.Context(), &poolhouseapi.AbortSamlRolloverInput{UserPoolId: id}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.AdvanceSamlRollover(t.Context(), &poolhouseapi.AdvanceSamlRolloverInput{UserPoolId: id}); code(err) != "PreconditionNotMetException" {
		t.Errorf("nothing to advance: %v", err)
	}
	if _, err := a.StartSamlRollover(t.Context(), &poolhouseapi.StartSamlRolloverInput{UserPoolId: id}); err != nil {
		t.Fatal(err)
	}
	switched, err := a.AdvanceSamlRollover(t.Context(), &poolhouseapi.AdvanceSamlRolloverInput{UserPoolId: id})
	if err != nil || len(switched.Certificates) != 2 || *switched.Certificates[1].State != "RETIRED" || switched.Certificates[1].PublishedUntil == nil {
		t.Errorf("%+v, %v", switched, err)
	}
	if _, err := a.ListSamlCertificates(t.Context(), &poolhouseapi.ListSamlCertificatesInput{UserPoolId: ptr("us-east-1_Nowhere00")}); code(err) != "ResourceNotFoundException" {
		t.Errorf("no pool: %v", err)
	}
}

func TestSamlTemplates(t *testing.T) {
	a := newAPI(t)
	list, err := a.ListApplicationTemplates(t.Context(), &poolhouseapi.ListApplicationTemplatesInput{})
	if err != nil || len(list.Templates) < 16 || len(list.Templates[0].Steps) == 0 || *list.Templates[0].TemplateId != "atlassian" {
		t.Fatalf("%+v, %v", list, err)
	}
	create := func(template *string, parameters map[string]string) (*poolhouseapi.CreateSamlApplicationOutput, error) {
		return a.CreateSamlApplication(t.Context(), &poolhouseapi.CreateSamlApplicationInput{UserPoolId: ptr(pool), TemplateId: template, TemplateParameters: parameters})
	}
	out, err := create(ptr("slack"), map[string]string{"workspace": "acme"})
	if err != nil || *out.Application.Name != "Slack" || *out.Application.EntityId != "https://slack.com" {
		t.Errorf("%+v, %v", out, err)
	}
	for name, err := range map[string]error{
		"unknown":    second(create(ptr("nothing"), nil)),
		"parameters": second(create(ptr("zoom"), map[string]string{"vanity": "x/"})),
		"neither":    second(create(nil, map[string]string{"vanity": "x"})),
	} {
		if code(err) != "InvalidParameterException" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestPreviewSamlApplication(t *testing.T) {
	a := newAPI(t)
	now := time.Now()
	err := a.Pools.Store.CreateUser(t.Context(), &userpool.User{Pool: pool, Username: "alice", Sub: "s", Enabled: true, Created: now, Modified: now})
	if err != nil {
		t.Fatal(err)
	}
	out, err := a.CreateSamlApplication(t.Context(), &poolhouseapi.CreateSamlApplicationInput{UserPoolId: ptr(pool), Name: ptr("x"),
		MetadataXml: metadata("https://sp.example/one"), Attributes: []poolhouseapi.SamlAttributeType{
			{Name: ptr("who"), Expression: ptr("[user.username, user.sub]")}, {Name: ptr("bad"), Expression: ptr("user.none")}}})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(username string) (*poolhouseapi.PreviewSamlApplicationOutput, error) {
		return a.PreviewSamlApplication(t.Context(), &poolhouseapi.PreviewSamlApplicationInput{UserPoolId: ptr(pool), ApplicationId: out.Application.ApplicationId, Username: &username})
	}
	p, err := ask("alice")
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Attributes) != 1 || !slices.Equal(p.Attributes[0].Values, []string{"alice", "s"}) || len(p.Problems) != 1 || *p.Problems[0].Attribute != "bad" ||
		awsapi.Value(p.NameId.Value) == "" || *p.NameId.SpNameQualifier != "https://sp.example/one" {
		t.Errorf("preview %+v", p)
	}
	if _, err := ask("nobody"); code(err) != "ResourceNotFoundException" {
		t.Errorf("nobody: %v", err)
	}
}
