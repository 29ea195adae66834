package cognitoidp

import (
	"context"
	"strings"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/userpool"
)

// brandingOps are the operations on how hosted pages look.
func (a *API) brandingOps() []awsapi.Op {
	return []awsapi.Op{
		awsapi.Func("CreateManagedLoginBranding", awsapi.SigV4, a.CreateManagedLoginBranding),
		awsapi.Func("DeleteManagedLoginBranding", awsapi.SigV4, a.DeleteManagedLoginBranding),
		awsapi.Func("DescribeManagedLoginBranding", awsapi.SigV4, a.DescribeManagedLoginBranding),
		awsapi.Func("DescribeManagedLoginBrandingByClient", awsapi.SigV4, a.DescribeManagedLoginBrandingByClient),
		awsapi.Func("UpdateManagedLoginBranding", awsapi.SigV4, a.UpdateManagedLoginBranding),
		awsapi.Func("GetUICustomization", awsapi.SigV4, a.GetUICustomization),
		awsapi.Func("SetUICustomization", awsapi.SigV4, a.SetUICustomization),
	}
}

// CreateManagedLoginBranding gives an app client a look.
func (a *API) CreateManagedLoginBranding(ctx context.Context, in *CreateManagedLoginBrandingInput) (*CreateManagedLoginBrandingOutput, error) {
	b, err := a.Pools.CreateBranding(ctx, &userpool.Branding{Pool: pool(in.UserPoolId), Client: userpool.ClientID(*in.ClientId),
		Default: awsapi.Value(in.UseCognitoProvidedValues), Settings: in.Settings, Assets: assetsIn(in.Assets)})
	if err != nil {
		return nil, err
	}
	return &CreateManagedLoginBrandingOutput{ManagedLoginBranding: brandingOut(b)}, nil
}

// UpdateManagedLoginBranding replaces a look.
func (a *API) UpdateManagedLoginBranding(ctx context.Context, in *UpdateManagedLoginBrandingInput) (*UpdateManagedLoginBrandingOutput, error) {
	if in.UserPoolId == nil || in.ManagedLoginBrandingId == nil {
		return nil, userpool.Fail(userpool.ErrInvalidParameter, "UserPoolId and ManagedLoginBrandingId are required.")
	}
	b, err := a.Pools.UpdateBranding(ctx, &userpool.Branding{Pool: pool(in.UserPoolId), ID: *in.ManagedLoginBrandingId,
		Default: awsapi.Value(in.UseCognitoProvidedValues), Settings: in.Settings, Assets: assetsIn(in.Assets)})
	if err != nil {
		return nil, err
	}
	return &UpdateManagedLoginBrandingOutput{ManagedLoginBranding: brandingOut(b)}, nil
}

// DescribeManagedLoginBranding reports a look by its ID.
func (a *API) DescribeManagedLoginBranding(ctx context.Context, in *DescribeManagedLoginBrandingInput) (*DescribeManagedLoginBrandingOutput, error) {
	b, err := a.Pools.Branding(ctx, pool(in.UserPoolId), *in.ManagedLoginBrandingId, awsapi.Value(in.ReturnMergedResources))
	if err != nil {
		return nil, err
	}
	return &DescribeManagedLoginBrandingOutput{ManagedLoginBranding: brandingOut(b)}, nil
}

// DescribeManagedLoginBrandingByClient reports the look of an app client.
func (a *API) DescribeManagedLoginBrandingByClient(ctx context.Context, in *DescribeManagedLoginBrandingByClientInput) (*DescribeManagedLoginBrandingByClientOutput, error) {
	b, err := a.Pools.BrandingOf(ctx, pool(in.UserPoolId), userpool.ClientID(*in.ClientId), awsapi.Value(in.ReturnMergedResources))
	if err != nil {
		return nil, err
	}
	return &DescribeManagedLoginBrandingByClientOutput{ManagedLoginBranding: brandingOut(b)}, nil
}

// DeleteManagedLoginBranding takes a look away.
func (a *API) DeleteManagedLoginBranding(ctx context.Context, in *DeleteManagedLoginBrandingInput) (*DeleteManagedLoginBrandingOutput, error) {
	return &DeleteManagedLoginBrandingOutput{}, a.Pools.DeleteBranding(ctx, pool(in.UserPoolId), *in.ManagedLoginBrandingId)
}

func assetsIn(list []AssetType) []userpool.Asset {
	var assets []userpool.Asset
	for _, a := range list {
		assets = append(assets, userpool.Asset{Category: awsapi.Value(a.Category), Mode: awsapi.Value(a.ColorMode), ResourceID: awsapi.Value(a.ResourceId),
			Image: userpool.Image{Type: strings.ToLower(awsapi.Value(a.Extension)), Body: a.Bytes}})
	}
	return assets
}

func brandingOut(b *userpool.Branding) *ManagedLoginBrandingType {
	out := &ManagedLoginBrandingType{
		ManagedLoginBrandingId: &b.ID, UserPoolId: awsapi.Ptr(string(b.Pool)), UseCognitoProvidedValues: &b.Default,
		Settings: b.Settings, CreationDate: stamp(b.Created), LastModifiedDate: stamp(b.Modified),
	}
	for _, a := range b.Assets {
		out.Assets = append(out.Assets, AssetType{Category: &a.Category, ColorMode: &a.Mode, Extension: awsapi.Ptr(strings.ToUpper(a.Image.Type)),
			Bytes: a.Image.Body, ResourceId: optional(a.ResourceID)})
	}
	return out
}

// SetUICustomization sets how the classic pages look, for one app client or all.
func (a *API) SetUICustomization(ctx context.Context, in *SetUICustomizationInput) (*SetUICustomizationOutput, error) {
	c, err := a.Pools.SetCustomization(ctx, &userpool.Customization{Pool: pool(in.UserPoolId), Client: clientOrAll(in.ClientId),
		CSS: awsapi.Value(in.CSS)}, in.ImageFile)
	if err != nil {
		return nil, err
	}
	return &SetUICustomizationOutput{UICustomization: a.customizationOut(c)}, nil
}

// GetUICustomization reports how the classic pages look for an app client.
func (a *API) GetUICustomization(ctx context.Context, in *GetUICustomizationInput) (*GetUICustomizationOutput, error) {
	c, err := a.Pools.Customization(ctx, pool(in.UserPoolId), clientOrAll(in.ClientId))
	if err != nil {
		return nil, err
	}
	return &GetUICustomizationOutput{UICustomization: a.customizationOut(c)}, nil
}

func clientOrAll(id *string) userpool.ClientID {
	return userpool.ClientID(or(id, string(userpool.AllClients)))
}

func (a *API) customizationOut(c *userpool.Customization) *UICustomizationType {
	if c.Created.IsZero() {
		return &UICustomizationType{} // nothing was set
	}
	out := &UICustomizationType{
		UserPoolId: awsapi.Ptr(string(c.Pool)), ClientId: awsapi.Ptr(string(c.Client)), CSS: optional(c.CSS),
		CSSVersion: awsapi.Ptr(c.Modified.Format("20060102150405")), CreationDate: stamp(c.Created), LastModifiedDate: stamp(c.Modified),
	}
	if c.Image != nil {
		out.ImageUrl = awsapi.Ptr(a.Pools.ImageURL(c.Pool, *c.Image))
	}
	return out
}
