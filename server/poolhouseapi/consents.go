package poolhouseapi

import (
	"context"

	"github.com/poolhouse/poolhouse/idp/consent"
	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/userpool"
)

// ListConsents tells what a user has allowed apps.
func (a *API) ListConsents(ctx context.Context, in *ListConsentsInput) (*ListConsentsOutput, error) {
	u, err := a.Pools.User(ctx, userpool.PoolID(*in.UserPoolId), *in.Username)
	if err != nil {
		return nil, err
	}
	all, err := a.Consents.Consents(ctx, u.Pool, u.Sub)
	if err != nil {
		return nil, err
	}
	out := &ListConsentsOutput{Consents: make([]ConsentType, 0, len(all))}
	for _, c := range all {
		out.Consents = append(out.Consents, consentOut(c))
	}
	return out, nil
}

func consentOut(c *consent.Consent) ConsentType {
	return ConsentType{ClientId: awsapi.Ptr(string(c.Client)), Scopes: c.Scopes, Claims: c.Claims, Resources: c.Resources,
		CreationDate: awsapi.Ptr(c.Given), LastModifiedDate: awsapi.Ptr(c.Modified)}
}

// RevokeConsent has the user be asked again. Tokens that the app holds are not
// touched: they end with the user's sign-ins.
func (a *API) RevokeConsent(ctx context.Context, in *RevokeConsentInput) (*RevokeConsentOutput, error) {
	u, err := a.Pools.User(ctx, userpool.PoolID(*in.UserPoolId), *in.Username)
	if err != nil {
		return nil, err
	}
	return &RevokeConsentOutput{}, a.Consents.Revoke(ctx, u.Pool, u.Sub, userpool.ClientID(*in.ClientId))
}
