package cognitoidp

import (
	"context"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/userpool"
)

// CreateUserPoolClient makes an app client.
func (a *API) CreateUserPoolClient(ctx context.Context, in *CreateUserPoolClientInput) (*CreateUserPoolClientOutput, error) {
	c, err := clientIn(in)
	if err != nil {
		return nil, err
	}
	c, err = a.Pools.CreateClient(ctx, c)
	if err != nil {
		return nil, err
	}
	return &CreateUserPoolClientOutput{UserPoolClient: clientOut(c)}, nil
}

// DescribeUserPoolClient reports an app client, its secret included.
func (a *API) DescribeUserPoolClient(ctx context.Context, in *DescribeUserPoolClientInput) (*DescribeUserPoolClientOutput, error) {
	c, err := a.Pools.Client(ctx, pool(in.UserPoolId), userpool.ClientID(*in.ClientId))
	if err != nil {
		return nil, err
	}
	return &DescribeUserPoolClientOutput{UserPoolClient: clientOut(c)}, nil
}

// UpdateUserPoolClient replaces a client's settings; those left out are reset.
func (a *API) UpdateUserPoolClient(ctx context.Context, in *UpdateUserPoolClientInput) (*UpdateUserPoolClientOutput, error) {
	c, err := clientIn(&CreateUserPoolClientInput{
		UserPoolId: in.UserPoolId, ClientName: in.ClientName, RefreshTokenValidity: in.RefreshTokenValidity,
		AccessTokenValidity: in.AccessTokenValidity, IdTokenValidity: in.IdTokenValidity, TokenValidityUnits: in.TokenValidityUnits,
		ReadAttributes: in.ReadAttributes, WriteAttributes: in.WriteAttributes, ExplicitAuthFlows: in.ExplicitAuthFlows,
		SupportedIdentityProviders: in.SupportedIdentityProviders, CallbackURLs: in.CallbackURLs, LogoutURLs: in.LogoutURLs,
		DefaultRedirectURI: in.DefaultRedirectURI, AllowedOAuthFlows: in.AllowedOAuthFlows, AllowedOAuthScopes: in.AllowedOAuthScopes,
		AllowedOAuthFlowsUserPoolClient: in.AllowedOAuthFlowsUserPoolClient, AnalyticsConfiguration: in.AnalyticsConfiguration,
		PreventUserExistenceErrors: in.PreventUserExistenceErrors, EnableTokenRevocation: in.EnableTokenRevocation,
		EnablePropagateAdditionalUserContextData: in.EnablePropagateAdditionalUserContextData,
		AuthSessionValidity:                      in.AuthSessionValidity, RefreshTokenRotation: in.RefreshTokenRotation,
	})
	if err != nil {
		return nil, err
	}
	c, err = a.Pools.ReplaceClient(ctx, pool(in.UserPoolId), userpool.ClientID(*in.ClientId), c)
	if err != nil {
		return nil, err
	}
	return &UpdateUserPoolClientOutput{UserPoolClient: clientOut(c)}, nil
}

// DeleteUserPoolClient deletes an app client.
func (a *API) DeleteUserPoolClient(ctx context.Context, in *DeleteUserPoolClientInput) (*DeleteUserPoolClientOutput, error) {
	return &DeleteUserPoolClientOutput{}, a.Pools.DeleteClient(ctx, pool(in.UserPoolId), userpool.ClientID(*in.ClientId))
}

// ListUserPoolClients lists the app clients of a pool, without their settings.
func (a *API) ListUserPoolClients(ctx context.Context, in *ListUserPoolClientsInput) (*ListUserPoolClientsOutput, error) {
	clients, next, err := a.Pools.Clients(ctx, pool(in.UserPoolId), awsapi.Value(in.NextToken), int(awsapi.Value(in.MaxResults)))
	if err != nil {
		return nil, err
	}
	out := &ListUserPoolClientsOutput{UserPoolClients: []UserPoolClientDescription{}, NextToken: optional(next)}
	for _, c := range clients {
		out.UserPoolClients = append(out.UserPoolClients, UserPoolClientDescription{
			ClientId: awsapi.Ptr(string(c.ID)), UserPoolId: awsapi.Ptr(string(c.Pool)), ClientName: &c.Name,
		})
	}
	return out, nil
}
