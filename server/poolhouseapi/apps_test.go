package poolhouseapi_test

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/idp/samlidp"
	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/internal/keyring/keyringtest"
	"github.com/poolhouse/poolhouse/internal/outbound"
	"github.com/poolhouse/poolhouse/server/poolhouseapi"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/userpool"
)

const pool = "us-east-1_Test00001"

func ptr[T any](v T) *T { return &v }

func metadata(entity string) *string {
	return ptr(fmt.Sprintf(`<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="%s">
<SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
<AssertionConsumerService index="1" Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://sp.example/acs"/>
</SPSSODescriptor></EntityDescriptor>`, entity))
}

func newAPI(t *testing.T) *poolhouseapi.API {
	t.Helper()
	db := sqlstoretest.SQLite(t, time.Now)
	now := time.Now().UTC()
	ring := keyringtest.New(t)
	pools := db.Userpool(ring)
	err := pools.CreatePool(t.Context(), &userpool.Pool{ID: pool, Name: "p", Created: now, Modified: now})
	if err != nil {
		t.Fatal(err)
	}
	return &poolhouseapi.API{Pools: &userpool.Service{Store: pools, Now: time.Now}, Region: "eu-west-1", Account: "123456789012", Apps: &samlidp.Service{
		Store: db.SAML(), Fetcher: outbound.New(false), Users: pools, Keys: ring, Now: time.Now, Log: slog.New(slog.DiscardHandler),
		Issuer: func(p userpool.PoolID) string { return "https://login.example/" + string(p) },
	}}
}

// code is the wire code of an error.
func code(err error) string {
	if e, ok := poolhouseapi.Errors.Find(err); ok {
		return e.Code
	}
	return fmt.Sprint(err)
}

func TestLife(t *testing.T) {
	a, ctx := newAPI(t), t.Context()
	created, err := a.CreateSamlApplication(ctx, &poolhouseapi.CreateSamlApplicationInput{
		UserPoolId: ptr(pool), Name: ptr("Wiki"), MetadataXml: metadata("https://sp.example"),
		Attributes: []poolhouseapi.SamlAttributeType{{Name: ptr("mail"), Value: ptr("email")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	app := created.Application
	want := "https://login.example/" + pool + "/saml/init/" + *app.ApplicationId
	if *app.InitiateUrl != want || *app.EntityId != "https://sp.example" || *app.NameIdFormat != "persistent" ||
		!slices.Equal(app.AcsUrls, []string{"https://sp.example/acs"}) || app.MetadataUrl != nil || *app.Attributes[0].Value != "email" {
		t.Errorf("created %+v", app)
	}
	updated, err := a.UpdateSamlApplication(ctx, &poolhouseapi.UpdateSamlApplicationInput{
		UserPoolId: ptr(pool), ApplicationId: app.ApplicationId, Name: ptr("Docs"), SignResponse: ptr(true)})
	if err != nil {
		t.Fatal(err)
	}
	if u := updated.Application; *u.Name != "Docs" || !*u.SignResponse || !*u.SignAssertion || len(u.Attributes) != 1 {
		t.Errorf("updated %+v", u)
	}
	described, err := a.DescribeSamlApplication(ctx, &poolhouseapi.DescribeSamlApplicationInput{UserPoolId: ptr(pool), ApplicationId: app.ApplicationId})
	if err != nil || *described.Application.Name != "Docs" || *described.Application.MetadataXml == "" {
		t.Errorf("described %+v, %v", described, err)
	}
	del := &poolhouseapi.DeleteSamlApplicationInput{UserPoolId: ptr(pool), ApplicationId: app.ApplicationId}
	if _, err := a.DeleteSamlApplication(ctx, del); err != nil {
		t.Fatal(err)
	}
	if _, err := a.DeleteSamlApplication(ctx, del); code(err) != "ResourceNotFoundException" {
		t.Errorf("deleted twice: %v", err)
	}
}

func TestErrors(t *testing.T) {
	a := newAPI(t)
	create := func(change func(*poolhouseapi.CreateSamlApplicationInput)) string {
		in := &poolhouseapi.CreateSamlApplicationInput{UserPoolId: ptr(pool), Name: ptr("Wiki"), MetadataXml: metadata("https://one.example")}
		change(in)
		_, err := a.CreateSamlApplication(t.Context(), in)
		return code(err)
	}
	nothing := func(*poolhouseapi.CreateSamlApplicationInput) {}
	if got := create(nothing); got != "<nil>" {
		t.Fatal(got)
	}
	for name, tt := range map[string]struct {
		change func(*poolhouseapi.CreateSamlApplicationInput)
		want   string
	}{
		"taken":        {nothing, "ResourceConflictException"},
		"no pool":      {func(in *poolhouseapi.CreateSamlApplicationInput) { in.UserPoolId = ptr("us-east-1_None") }, "ResourceNotFoundException"},
		"no metadata":  {func(in *poolhouseapi.CreateSamlApplicationInput) { in.MetadataXml = nil }, "InvalidParameterException"},
		"bad metadata": {func(in *poolhouseapi.CreateSamlApplicationInput) { in.MetadataXml = ptr("<a/>") }, "InvalidParameterException"},
		"loopback URL": {func(in *poolhouseapi.CreateSamlApplicationInput) {
			in.MetadataXml, in.MetadataUrl = nil, ptr("https://127.0.0.1/")
		}, "InvalidParameterException"},
		"link-local": {func(in *poolhouseapi.CreateSamlApplicationInput) {
			in.MetadataXml, in.MetadataUrl = nil, ptr("https://169.254.169.254/")
		}, "InvalidParameterException"},
		"nothing signed": {func(in *poolhouseapi.CreateSamlApplicationInput) { in.SignAssertion = ptr(false) }, "InvalidParameterException"},
	} {
		if got := create(tt.change); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

func TestPages(t *testing.T) {
	a, ctx := newAPI(t), t.Context()
	for i := range 5 {
		_, err := a.CreateSamlApplication(ctx, &poolhouseapi.CreateSamlApplicationInput{
			UserPoolId: ptr(pool), Name: ptr("App"), MetadataXml: metadata(fmt.Sprintf("https://%d.example", i))})
		if err != nil {
			t.Fatal(err)
		}
	}
	seen := map[string]bool{}
	var token *string
	for range 3 {
		out, err := a.ListSamlApplications(ctx, &poolhouseapi.ListSamlApplicationsInput{UserPoolId: ptr(pool), MaxResults: ptr(int32(2)), NextToken: token})
		if err != nil {
			t.Fatal(err)
		}
		for _, app := range out.Applications {
			if app.MetadataXml != nil {
				t.Error("a list carries metadata documents")
			}
			seen[*app.ApplicationId] = true
		}
		token = out.NextToken
	}
	if len(seen) != 5 || token != nil {
		t.Errorf("%d seen, token %v", len(seen), token)
	}
	out, err := a.ListSamlApplications(ctx, &poolhouseapi.ListSamlApplicationsInput{UserPoolId: ptr(pool), MaxResults: ptr(int32(2))})
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range []*poolhouseapi.ListSamlApplicationsInput{
		{UserPoolId: ptr("us-east-1_Other"), NextToken: out.NextToken}, {UserPoolId: ptr(pool), NextToken: ptr("x!")},
	} {
		if _, err := a.ListSamlApplications(ctx, in); code(err) != "InvalidParameterException" {
			t.Errorf("foreign token: %v", err)
		}
	}
}

func TestResource(t *testing.T) {
	s := newAPI(t).Service()
	const arn = "arn:aws:poolhouse:eu-west-1:123456789012:userpool/" + pool
	for _, tt := range []struct {
		op   string
		in   any
		want string
	}{
		{"DescribeSamlApplication", &poolhouseapi.DescribeSamlApplicationInput{UserPoolId: ptr(pool), ApplicationId: ptr("x")}, arn + "/samlapplication/x"},
		{"ListSamlApplications", &poolhouseapi.ListSamlApplicationsInput{UserPoolId: ptr(pool)}, arn + "/samlapplication/*"},
		{"ListMessageDeliveries", &poolhouseapi.ListMessageDeliveriesInput{UserPoolId: ptr(pool)}, arn},
	} {
		if got := s.Resource(tt.op, tt.in); got != tt.want {
			t.Errorf("resource %q, want %q", got, tt.want)
		}
	}
}

// TestTable compares the tables with the model.
func TestTable(t *testing.T) {
	s := newAPI(t).Service()
	if err := errors.Join(awsapi.CheckErrors(s), awsapi.CheckOps(s)); err != nil {
		t.Error(err)
	}
	for _, op := range s.Ops {
		if op.Auth == awsapi.Public {
			t.Errorf("%s is open", op.Name)
		}
	}
}
