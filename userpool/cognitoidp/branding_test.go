package cognitoidp_test

import (
	"encoding/json"
	"strings"
	"testing"

	idp "github.com/poolhouse/poolhouse/userpool/cognitoidp"
)

var png = append([]byte("\x89PNG\r\n\x1a\n"), "a picture"...)

func TestBrandingOperations(t *testing.T) {
	d, ctx := newDesk(t), t.Context()
	p := d.pool(idp.CreateUserPoolInput{})
	c := d.client(p, idp.CreateUserPoolClientInput{})
	in := &idp.CreateManagedLoginBrandingInput{UserPoolId: p.Id, ClientId: c.ClientId, Settings: json.RawMessage(`{"categories":{}}`),
		Assets: []idp.AssetType{{Category: ptr("FORM_LOGO"), ColorMode: ptr("LIGHT"), Extension: ptr("PNG"), Bytes: png, ResourceId: ptr("r 1")}}}
	made := ok[*idp.CreateManagedLoginBrandingOutput](t)(d.CreateManagedLoginBranding(ctx, in)).ManagedLoginBranding
	_, err := d.CreateManagedLoginBranding(ctx, in)
	refused(t, err, "ManagedLoginBrandingExistsException", "")
	got := ok[*idp.DescribeManagedLoginBrandingByClientOutput](t)(d.DescribeManagedLoginBrandingByClient(ctx,
		&idp.DescribeManagedLoginBrandingByClientInput{UserPoolId: p.Id, ClientId: c.ClientId})).ManagedLoginBranding
	same(t, "as it was made", text(t, got), text(t, made))
	same(t, "asset", string(got.Assets[0].Bytes)+*got.Assets[0].Extension+*got.Assets[0].ResourceId, string(png)+"PNGr 1")
	merged := ok[*idp.DescribeManagedLoginBrandingOutput](t)(d.DescribeManagedLoginBranding(ctx, &idp.DescribeManagedLoginBrandingInput{UserPoolId: p.Id,
		ManagedLoginBrandingId: made.ManagedLoginBrandingId, ReturnMergedResources: ptr(true)})).ManagedLoginBranding
	same(t, "merged", strings.Contains(string(merged.Settings), "primaryButton"), true)
	_, err = d.UpdateManagedLoginBranding(ctx, &idp.UpdateManagedLoginBrandingInput{UserPoolId: p.Id})
	refused(t, err, "InvalidParameterException", "ManagedLoginBrandingId")
	_, err = d.UpdateManagedLoginBranding(ctx, &idp.UpdateManagedLoginBrandingInput{UserPoolId: p.Id, ManagedLoginBrandingId: made.ManagedLoginBrandingId,
		UseCognitoProvidedValues: ptr(true), Settings: in.Settings})
	refused(t, err, "InvalidParameterException", "UseCognitoProvidedValues")
	updated := ok[*idp.UpdateManagedLoginBrandingOutput](t)(d.UpdateManagedLoginBranding(ctx, &idp.UpdateManagedLoginBrandingInput{UserPoolId: p.Id,
		ManagedLoginBrandingId: made.ManagedLoginBrandingId, UseCognitoProvidedValues: ptr(true)})).ManagedLoginBranding
	same(t, "default", *updated.UseCognitoProvidedValues && updated.Assets == nil && updated.CreationDate.Equal(*made.CreationDate), true)
	ok[*idp.DeleteManagedLoginBrandingOutput](t)(d.DeleteManagedLoginBranding(ctx, &idp.DeleteManagedLoginBrandingInput{UserPoolId: p.Id, ManagedLoginBrandingId: made.ManagedLoginBrandingId}))
	_, err = d.DescribeManagedLoginBranding(ctx, &idp.DescribeManagedLoginBrandingInput{UserPoolId: p.Id, ManagedLoginBrandingId: made.ManagedLoginBrandingId})
	refused(t, err, "ResourceNotFoundException", "branding")
}

func TestUICustomizationOperations(t *testing.T) {
	d, ctx := newDesk(t), t.Context()
	p := d.pool(idp.CreateUserPoolInput{})
	c := d.client(p, idp.CreateUserPoolClientInput{})
	get := func() *idp.UICustomizationType {
		return ok[*idp.GetUICustomizationOutput](t)(d.GetUICustomization(ctx, &idp.GetUICustomizationInput{UserPoolId: p.Id, ClientId: c.ClientId})).UICustomization
	}
	same(t, "none", text(t, get()), text(t, idp.UICustomizationType{}))
	set := ok[*idp.SetUICustomizationOutput](t)(d.SetUICustomization(ctx, &idp.SetUICustomizationInput{UserPoolId: p.Id, CSS: ptr(".label-customizable{font-weight:bold}"), ImageFile: png})).UICustomization
	same(t, "for all", text(t, get()), text(t, set))
	same(t, "client", *set.ClientId, "ALL")
	same(t, "address", strings.HasPrefix(*set.ImageUrl, "http://127.0.0.1:8080/"+*p.Id+"/branding/") && strings.HasSuffix(*set.ImageUrl, ".png"), true)
	_, err := d.SetUICustomization(ctx, &idp.SetUICustomizationInput{UserPoolId: p.Id, CSS: ptr("@import 'x'")})
	refused(t, err, "InvalidParameterException", "at-rules")
	_, err = d.GetUICustomization(ctx, &idp.GetUICustomizationInput{UserPoolId: p.Id, ClientId: ptr("nobody")})
	refused(t, err, "ResourceNotFoundException", "client")
}

func TestTermsOperations(t *testing.T) {
	d, ctx := newDesk(t), t.Context()
	p := d.pool(idp.CreateUserPoolInput{})
	c := d.client(p, idp.CreateUserPoolClientInput{})
	in := &idp.CreateTermsInput{UserPoolId: p.Id, ClientId: c.ClientId, TermsName: ptr("terms-of-use"), TermsSource: ptr("LINK"), Enforcement: ptr("NONE"),
		Links: map[string]string{"cognito:default": "https://x.test/"}}
	made := ok[*idp.CreateTermsOutput](t)(d.CreateTerms(ctx, in)).Terms
	_, err := d.CreateTerms(ctx, in)
	refused(t, err, "TermsExistsException", "terms-of-use")
	got := ok[*idp.DescribeTermsOutput](t)(d.DescribeTerms(ctx, &idp.DescribeTermsInput{UserPoolId: p.Id, TermsId: made.TermsId})).Terms
	same(t, "as it was made", text(t, got), text(t, made))
	updated := ok[*idp.UpdateTermsOutput](t)(d.UpdateTerms(ctx, &idp.UpdateTermsInput{UserPoolId: p.Id, TermsId: made.TermsId,
		Links: map[string]string{"cognito:default": "https://y.test/"}})).Terms
	same(t, "changed links, kept name", updated.Links["cognito:default"]+*updated.TermsName, "https://y.test/terms-of-use")
	list := ok[*idp.ListTermsOutput](t)(d.ListTerms(ctx, &idp.ListTermsInput{UserPoolId: p.Id})).Terms
	same(t, "listed", len(list) == 1 && *list[0].TermsId == *made.TermsId, true)
	ok[*idp.DeleteTermsOutput](t)(d.DeleteTerms(ctx, &idp.DeleteTermsInput{UserPoolId: p.Id, TermsId: made.TermsId}))
	_, err = d.DescribeTerms(ctx, &idp.DescribeTermsInput{UserPoolId: p.Id, TermsId: made.TermsId})
	refused(t, err, "ResourceNotFoundException", "Terms")
}
