package cognitoidp

import (
	"context"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/userpool"
)

// secretOps are the operations on the secrets of app clients.
func (a *API) secretOps() []awsapi.Op {
	return []awsapi.Op{
		awsapi.Func("AddUserPoolClientSecret", awsapi.SigV4, a.AddUserPoolClientSecret),
		awsapi.Func("DeleteUserPoolClientSecret", awsapi.SigV4, a.DeleteUserPoolClientSecret),
		awsapi.Func("ListUserPoolClientSecrets", awsapi.SigV4, a.ListUserPoolClientSecrets),
	}
}

// AddUserPoolClientSecret gives an app client a second secret. Only this answer
// shows it.
func (a *API) AddUserPoolClientSecret(ctx context.Context, in *AddUserPoolClientSecretInput) (*AddUserPoolClientSecretOutput, error) {
	s, err := a.Pools.AddClientSecret(ctx, pool(in.UserPoolId), userpool.ClientID(*in.ClientId), awsapi.Value(in.ClientSecret))
	if err != nil {
		return nil, err
	}
	d := secretOut(s)
	d.ClientSecretValue = &s.Value
	return &AddUserPoolClientSecretOutput{ClientSecretDescriptor: &d}, nil
}

// ListUserPoolClientSecrets lists the secrets of an app client without their
// values.
func (a *API) ListUserPoolClientSecrets(ctx context.Context, in *ListUserPoolClientSecretsInput) (*ListUserPoolClientSecretsOutput, error) {
	if in.NextToken != nil {
		return nil, userpool.Fail(userpool.ErrInvalidParameter, "Invalid pagination token.") // one page holds them all
	}
	secrets, err := a.Pools.ClientSecrets(ctx, pool(in.UserPoolId), userpool.ClientID(*in.ClientId))
	if err != nil {
		return nil, err
	}
	out := &ListUserPoolClientSecretsOutput{ClientSecrets: []ClientSecretDescriptorType{}}
	for _, s := range secrets {
		out.ClientSecrets = append(out.ClientSecrets, secretOut(s))
	}
	return out, nil
}

// DeleteUserPoolClientSecret takes one of two secrets away.
func (a *API) DeleteUserPoolClientSecret(ctx context.Context, in *DeleteUserPoolClientSecretInput) (*DeleteUserPoolClientSecretOutput, error) {
	err := a.Pools.DeleteClientSecret(ctx, pool(in.UserPoolId), userpool.ClientID(*in.ClientId), *in.ClientSecretId)
	return &DeleteUserPoolClientSecretOutput{}, err
}

func secretOut(s userpool.ClientSecret) ClientSecretDescriptorType {
	return ClientSecretDescriptorType{ClientSecretId: &s.ID, ClientSecretCreateDate: stamp(s.Created)}
}
