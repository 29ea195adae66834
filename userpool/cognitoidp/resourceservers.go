package cognitoidp

import (
	"context"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/userpool"
)

func resourceServerIn(id, identifier, name *string, scopes []ResourceServerScopeType) *userpool.ResourceServer {
	rs := &userpool.ResourceServer{Pool: pool(id), Identifier: *identifier, Name: *name}
	for _, s := range scopes {
		rs.Scopes = append(rs.Scopes, userpool.Scope{Name: awsapi.Value(s.ScopeName), Description: awsapi.Value(s.ScopeDescription)})
	}
	return rs
}

func resourceServerOut(rs *userpool.ResourceServer) *ResourceServerType {
	out := &ResourceServerType{UserPoolId: awsapi.Ptr(string(rs.Pool)), Identifier: &rs.Identifier, Name: &rs.Name, Scopes: []ResourceServerScopeType{}}
	for _, s := range rs.Scopes {
		out.Scopes = append(out.Scopes, ResourceServerScopeType{ScopeName: &s.Name, ScopeDescription: &s.Description})
	}
	return out
}

// CreateResourceServer adds a resource server and its scopes.
func (a *API) CreateResourceServer(ctx context.Context, in *CreateResourceServerInput) (*CreateResourceServerOutput, error) {
	rs := resourceServerIn(in.UserPoolId, in.Identifier, in.Name, in.Scopes)
	if err := a.Pools.CreateResourceServer(ctx, rs); err != nil {
		return nil, err
	}
	return &CreateResourceServerOutput{ResourceServer: resourceServerOut(rs)}, nil
}

// UpdateResourceServer replaces a resource server.
func (a *API) UpdateResourceServer(ctx context.Context, in *UpdateResourceServerInput) (*UpdateResourceServerOutput, error) {
	rs := resourceServerIn(in.UserPoolId, in.Identifier, in.Name, in.Scopes)
	if err := a.Pools.UpdateResourceServer(ctx, rs); err != nil {
		return nil, err
	}
	return &UpdateResourceServerOutput{ResourceServer: resourceServerOut(rs)}, nil
}

// DescribeResourceServer reports a resource server.
func (a *API) DescribeResourceServer(ctx context.Context, in *DescribeResourceServerInput) (*DescribeResourceServerOutput, error) {
	rs, err := a.Pools.ResourceServer(ctx, pool(in.UserPoolId), *in.Identifier)
	if err != nil {
		return nil, err
	}
	return &DescribeResourceServerOutput{ResourceServer: resourceServerOut(rs)}, nil
}

// ListResourceServers lists the resource servers of a pool.
func (a *API) ListResourceServers(ctx context.Context, in *ListResourceServersInput) (*ListResourceServersOutput, error) {
	all, next, err := a.Pools.ResourceServers(ctx, pool(in.UserPoolId), awsapi.Value(in.NextToken), int(awsapi.Value(in.MaxResults)))
	if err != nil {
		return nil, err
	}
	out := &ListResourceServersOutput{ResourceServers: []ResourceServerType{}, NextToken: optional(next)}
	for _, rs := range all {
		out.ResourceServers = append(out.ResourceServers, *resourceServerOut(rs))
	}
	return out, nil
}

// DeleteResourceServer deletes a resource server.
func (a *API) DeleteResourceServer(ctx context.Context, in *DeleteResourceServerInput) (*DeleteResourceServerOutput, error) {
	return &DeleteResourceServerOutput{}, a.Pools.DeleteResourceServer(ctx, pool(in.UserPoolId), *in.Identifier)
}
