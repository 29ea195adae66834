package poolhouseapi

import (
	"context"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/userpool"
)

// ImportUserPool makes a pool under the ID that it has elsewhere, with what can not
// be changed later. UpdateUserPool and its like set the rest.
func (a *API) ImportUserPool(ctx context.Context, in *ImportUserPoolInput) (*ImportUserPoolOutput, error) {
	p := userpool.NewPool(*in.PoolName)
	p.ID = userpool.PoolID(*in.UserPoolId)
	p.AliasAttributes, p.UsernameAttributes, p.CaseSensitive = in.AliasAttributes, in.UsernameAttributes, awsapi.Value(in.CaseSensitive)
	var schema []userpool.SchemaAttribute
	for _, s := range in.Schema {
		schema = append(schema, userpool.SchemaAttribute{Name: *s.Name, Type: *s.AttributeDataType, Mutable: awsapi.Value(s.Mutable),
			Required: awsapi.Value(s.Required), Developer: awsapi.Value(s.DeveloperOnlyAttribute), Min: awsapi.Value(s.Min), Max: awsapi.Value(s.Max)})
	}
	if _, err := a.Pools.CreatePool(ctx, p, schema); err != nil {
		return nil, err
	}
	return &ImportUserPoolOutput{}, nil
}

// ImportUserPoolClient makes an app client under the ID and with the secret that it
// has elsewhere. UpdateUserPoolClient sets the rest.
func (a *API) ImportUserPoolClient(ctx context.Context, in *ImportUserPoolClientInput) (*ImportUserPoolClientOutput, error) {
	c := userpool.NewClient(userpool.PoolID(*in.UserPoolId), *in.ClientName)
	c.ID, c.Secret = userpool.ClientID(*in.ClientId), awsapi.Value(in.ClientSecret)
	if _, err := a.Pools.CreateClient(ctx, c); err != nil {
		return nil, err
	}
	return &ImportUserPoolClientOutput{}, nil
}

// ImportUsers adds users under the names that they have elsewhere.
func (a *API) ImportUsers(ctx context.Context, in *ImportUsersInput) (*ImportUsersOutput, error) {
	users := make([]userpool.ImportedUser, 0, len(in.Users))
	for _, u := range in.Users {
		attributes := map[string]string{}
		for _, at := range u.Attributes {
			attributes[*at.Name] = *at.Value
		}
		users = append(users, userpool.ImportedUser{Username: *u.Username, Sub: *u.Sub, Status: userpool.Status(*u.UserStatus),
			Enabled: *u.Enabled, Created: *u.UserCreateDate, Attributes: attributes})
	}
	imported, skipped, refused, err := a.Pools.ImportUsers(ctx, userpool.PoolID(*in.UserPoolId), users)
	if err != nil {
		return nil, err
	}
	out := &ImportUsersOutput{Imported: awsapi.Ptr(int32(imported)), Skipped: awsapi.Ptr(int32(skipped)), Refused: []ImportUserRefusalType{}}
	for _, r := range refused {
		out.Refused = append(out.Refused, ImportUserRefusalType{Username: &r.Username, Reason: &r.Reason})
	}
	return out, nil
}

// PutPasswordSource names the pool that has the passwords of imported users.
func (a *API) PutPasswordSource(ctx context.Context, in *PutPasswordSourceInput) (*PutPasswordSourceOutput, error) {
	err := a.Pools.SetPasswordSource(ctx, userpool.PoolID(*in.UserPoolId), *in.Endpoint, *in.Region, userpool.ClientID(*in.ClientId), awsapi.Value(in.ClientSecret))
	if err != nil {
		return nil, err
	}
	return &PutPasswordSourceOutput{}, nil
}

// DeletePasswordSource ends the questions to the former pool.
func (a *API) DeletePasswordSource(ctx context.Context, in *DeletePasswordSourceInput) (*DeletePasswordSourceOutput, error) {
	if err := a.Pools.SetPasswordSource(ctx, userpool.PoolID(*in.UserPoolId), "", "", "", ""); err != nil {
		return nil, err
	}
	return &DeletePasswordSourceOutput{}, nil
}
