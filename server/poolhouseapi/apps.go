package poolhouseapi

import (
	"context"
	"encoding/base64"

	"github.com/poolhouse/poolhouse/idp/samlidp"
	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/userpool"
)

// CreateSamlApplication registers a SAML app with a pool.
func (a *API) CreateSamlApplication(ctx context.Context, in *CreateSamlApplicationInput) (*CreateSamlApplicationOutput, error) {
	app, err := a.create(ctx, in, samlidp.Spec{
		Name: in.Name, MetadataXML: in.MetadataXml, MetadataURL: in.MetadataUrl,
		NameIDFormat: in.NameIdFormat, NameIDAttribute: in.NameIdAttribute, Attributes: attributesIn(in.Attributes),
		SignResponse: in.SignResponse, SignAssertion: in.SignAssertion, EncryptAssertion: in.EncryptAssertion,
		Settings: settingsIn(in.Settings),
	})
	if err != nil {
		return nil, err
	}
	return &CreateSamlApplicationOutput{Application: a.application(app)}, nil
}

// create makes an application of metadata, or of a template.
func (a *API) create(ctx context.Context, in *CreateSamlApplicationInput, spec samlidp.Spec) (*samlidp.Application, error) {
	pool := userpool.PoolID(*in.UserPoolId)
	if in.TemplateId != nil {
		return a.Apps.CreateFromTemplate(ctx, pool, *in.TemplateId, in.TemplateParameters, spec)
	}
	if len(in.TemplateParameters) > 0 {
		return nil, userpool.Fail(userpool.ErrInvalidParameter, "TemplateParameters need a TemplateId.")
	}
	return a.Apps.Create(ctx, pool, spec)
}

// DescribeSamlApplication returns one application.
func (a *API) DescribeSamlApplication(ctx context.Context, in *DescribeSamlApplicationInput) (*DescribeSamlApplicationOutput, error) {
	app, err := a.Apps.Store.Application(ctx, userpool.PoolID(*in.UserPoolId), samlidp.ApplicationID(*in.ApplicationId))
	if err != nil {
		return nil, err
	}
	return &DescribeSamlApplicationOutput{Application: a.application(app)}, nil
}

// maxPage is the largest page, and the size of one that nobody sized.
const maxPage = 60

// ListSamlApplications returns the applications of a pool, without their
// metadata documents: those can be large.
func (a *API) ListSamlApplications(ctx context.Context, in *ListSamlApplicationsInput) (*ListSamlApplicationsOutput, error) {
	limit := pageSize(in.MaxResults)
	pool := userpool.PoolID(*in.UserPoolId)
	after, err := pageToken(pool, awsapi.Value(in.NextToken))
	if err != nil {
		return nil, err
	}
	apps, next, err := a.Apps.Store.Applications(ctx, pool, after, limit)
	if err != nil {
		return nil, err
	}
	out := &ListSamlApplicationsOutput{Applications: make([]SamlApplicationType, 0, len(apps))}
	for _, app := range apps {
		t := a.application(app)
		t.MetadataXml = nil
		out.Applications = append(out.Applications, *t)
	}
	out.NextToken = nextToken(pool, next)
	return out, nil
}

// pageSize is how many entries a caller gets.
func pageSize(asked *int32) int {
	if asked == nil {
		return maxPage
	}
	return int(*asked)
}

// nextToken writes the token of the page after this one; nil where there is none.
func nextToken(pool userpool.PoolID, next string) *string {
	if next == "" {
		return nil
	}
	return awsapi.Ptr(base64.RawURLEncoding.EncodeToString([]byte(string(pool) + "/" + next)))
}

// pageToken reads a token back. One of another pool is refused.
func pageToken(pool userpool.PoolID, token string) (string, error) {
	if token == "" {
		return "", nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	prefix := string(pool) + "/"
	if err != nil || len(raw) <= len(prefix) || string(raw[:len(prefix)]) != prefix {
		return "", userpool.Fail(userpool.ErrInvalidParameter, "NextToken is not one that this operation returned.")
	}
	return string(raw[len(prefix):]), nil
}

// UpdateSamlApplication changes what is given and keeps the rest.
func (a *API) UpdateSamlApplication(ctx context.Context, in *UpdateSamlApplicationInput) (*UpdateSamlApplicationOutput, error) {
	app, err := a.Apps.Update(ctx, userpool.PoolID(*in.UserPoolId), samlidp.ApplicationID(*in.ApplicationId), samlidp.Spec{
		Name: in.Name, MetadataXML: in.MetadataXml, MetadataURL: in.MetadataUrl,
		NameIDFormat: in.NameIdFormat, NameIDAttribute: in.NameIdAttribute, Attributes: attributesIn(in.Attributes),
		SignResponse: in.SignResponse, SignAssertion: in.SignAssertion, EncryptAssertion: in.EncryptAssertion,
		Settings: settingsIn(in.Settings),
	})
	if err != nil {
		return nil, err
	}
	return &UpdateSamlApplicationOutput{Application: a.application(app)}, nil
}

// DeleteSamlApplication deletes an application: its users can no longer sign in to it.
func (a *API) DeleteSamlApplication(ctx context.Context, in *DeleteSamlApplicationInput) (*DeleteSamlApplicationOutput, error) {
	err := a.Apps.Store.DeleteApplication(ctx, userpool.PoolID(*in.UserPoolId), samlidp.ApplicationID(*in.ApplicationId))
	if err != nil {
		return nil, err
	}
	return &DeleteSamlApplicationOutput{}, nil
}

// attributesIn keeps nil, which means no change, apart from an empty list.
func attributesIn(in []SamlAttributeType) []samlidp.Attribute {
	if in == nil {
		return nil
	}
	out := make([]samlidp.Attribute, 0, len(in))
	for _, t := range in {
		out = append(out, samlidp.Attribute{Name: *t.Name, NameFormat: awsapi.Value(t.NameFormat),
			FriendlyName: awsapi.Value(t.FriendlyName), Value: awsapi.Value(t.Value), Expression: awsapi.Value(t.Expression)})
	}
	return out
}

func (a *API) application(app *samlidp.Application) *SamlApplicationType {
	t := &SamlApplicationType{
		ApplicationId: awsapi.Ptr(string(app.ID)), UserPoolId: awsapi.Ptr(string(app.Pool)), Name: &app.Name,
		EntityId: &app.EntityID, AcsUrls: app.ACS, NameIdFormat: &app.NameIDFormat,
		SignResponse: &app.SignResponse, SignAssertion: &app.SignAssertion, EncryptAssertion: &app.EncryptAssertion,
		MetadataXml: &app.MetadataXML, InitiateUrl: awsapi.Ptr(a.Apps.InitiateURL(app)),
		CreationDate: &app.Created, LastModifiedDate: &app.Modified,
		Settings: settingsOut(&app.Settings), Warnings: a.Apps.Warnings(app),
	}
	if app.NameIDAttribute != "" {
		t.NameIdAttribute = &app.NameIDAttribute
	}
	if app.MetadataURL != "" {
		t.MetadataUrl = &app.MetadataURL
	}
	if f := app.Fresh; !f.Fetched.IsZero() {
		t.MetadataRefresh = freshness(f)
	}
	for _, at := range app.Attributes {
		t.Attributes = append(t.Attributes, SamlAttributeType{Name: awsapi.Ptr(at.Name), NameFormat: given(at.NameFormat),
			FriendlyName: given(at.FriendlyName), Value: given(at.Value), Expression: given(at.Expression)})
	}
	return t
}
