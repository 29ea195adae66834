package oidcop

import (
	"context"
	"slices"

	"github.com/ory/fosite"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/userpool"
)

// An issuer is the last of fosite's token handlers: when the others have judged
// the grant, and consumed what can be consumed, it puts the real tokens into the
// answer. The refresh grant is all its own: userpool rotates, and tells reuse.
type issuer struct{ x *exchange }

var _ fosite.TokenEndpointHandler = (*issuer)(nil)

// CanHandleTokenEndpointRequest implements fosite.TokenEndpointHandler.
func (i *issuer) CanHandleTokenEndpointRequest(_ context.Context, req fosite.AccessRequester) bool {
	return len(req.GetGrantTypes()) == 1 && slices.Contains(grantTypes, req.GetGrantTypes()[0])
}

var grantTypes = []string{"authorization_code", "refresh_token", "client_credentials"}

// CanSkipClientAuth implements fosite.TokenEndpointHandler.
func (i *issuer) CanSkipClientAuth(context.Context, fosite.AccessRequester) bool { return false }

// HandleTokenEndpointRequest checks that the client may use the grant. fosite asks
// that of client_credentials only when it is too late.
func (i *issuer) HandleTokenEndpointRequest(_ context.Context, req fosite.AccessRequester) error {
	if !slices.Contains(i.x.app.GetGrantTypes(), req.GetGrantTypes()[0]) {
		return oauthFail("unauthorized_client", "The client may not use this grant.")
	}
	return nil
}

// PopulateTokenEndpointResponse implements fosite.TokenEndpointHandler.
func (i *issuer) PopulateTokenEndpointResponse(ctx context.Context, req fosite.AccessRequester, resp fosite.AccessResponder) error {
	var set *userpool.TokenSet
	var err error
	switch req.GetGrantTypes()[0] {
	case "authorization_code":
		set, err = i.redeem(ctx)
	case "refresh_token":
		set, err = i.x.h.Tokens.Refresh(ctx, i.x.app.Client, req.GetRequestForm().Get("refresh_token"))
	default:
		set, err = i.x.h.Tokens.ClientCredentials(ctx, &userpool.Grant{Pool: i.x.pool, Client: i.x.app.Client,
			Scopes: i.x.app.scopes})
	}
	if err != nil {
		return err
	}
	resp.SetAccessToken(set.AccessToken)
	resp.SetTokenType("Bearer")
	resp.SetExpiresIn(set.ExpiresIn)
	resp.SetExtra("id_token", set.IDToken)
	resp.SetExtra("refresh_token", set.RefreshToken)
	return nil
}

// redeem issues the tokens of a code that this request has consumed, and ties
// them to it. If the code was replayed meanwhile, they die as they are born.
func (i *issuer) redeem(ctx context.Context) (*userpool.TokenSet, error) {
	x, g := i.x, i.x.grant
	user, err := x.h.Store.UserBySub(ctx, x.pool.ID, g.Sub)
	if err != nil {
		return nil, err
	}
	if !idp.Stands(user, g.AuthTime) {
		return nil, userpool.ErrNotAuthorized
	}
	set, err := x.h.Tokens.Issue(ctx, &userpool.Grant{Pool: x.pool, Client: x.app.Client, User: user, Scopes: g.Scopes,
		AuthTime: g.AuthTime, Nonce: g.Nonce, Resource: g.Resource, Particulars: g.Particulars})
	if err != nil {
		return nil, err
	}
	replayed, err := x.h.Grants.SetFamily(ctx, x.pool.ID, g.Code, set.Family.ID)
	if err == nil && replayed {
		err = x.h.Tokens.RevokeFamily(ctx, x.pool.ID, set.Family.ID)
	}
	return set, err
}
