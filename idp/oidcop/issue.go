package oidcop

import (
	"context"
	"slices"
	"strings"

	"github.com/ory/fosite"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/idp/decoupled"
	"github.com/poolhouse/poolhouse/userpool"
)

// An issuer is the last of fosite's token handlers: when the others have judged
// the grant it consumes what can be consumed, and puts the real tokens into the
// answer. The refresh grant is all its own: userpool rotates, and tells reuse.
type issuer struct{ x *exchange }

var _ fosite.TokenEndpointHandler = (*issuer)(nil)

// CanHandleTokenEndpointRequest implements fosite.TokenEndpointHandler.
func (i *issuer) CanHandleTokenEndpointRequest(_ context.Context, req fosite.AccessRequester) bool {
	return len(req.GetGrantTypes()) == 1 && slices.Contains(grantTypes, req.GetGrantTypes()[0])
}

var grantTypes = []string{"authorization_code", "refresh_token", "client_credentials", grantDevice, grantCIBA, grantExchange}

// CanSkipClientAuth implements fosite.TokenEndpointHandler.
func (i *issuer) CanSkipClientAuth(context.Context, fosite.AccessRequester) bool { return false }

// HandleTokenEndpointRequest checks that the client may use the grant. fosite asks
// that of client_credentials only when it is too late. It also settles what the
// tokens are bound to, before anything is consumed.
func (i *issuer) HandleTokenEndpointRequest(_ context.Context, req fosite.AccessRequester) (err error) {
	x := i.x
	if !slices.Contains(x.app.GetGrantTypes(), req.GetGrantTypes()[0]) {
		return oauthFail("unauthorized_client", "The client may not use this grant.")
	}
	if x.bound, err = bind(x.app.Client, x.held); err != nil {
		return err
	}
	if req.GetGrantTypes()[0] == grantExchange {
		return nil // whose audiences have a rule of their own
	}
	if x.resource, err = x.parseResource(req.GetRequestForm().Get("resource")); err != nil {
		return err
	}
	if x.grant == nil {
		return nil
	}
	if c := x.grant.Particulars.Confirmation; c != nil && c.Thumbprint != x.held.Thumbprint { // RFC 9449 section 10
		return oauthFail("invalid_grant", "The authorization code is bound to another key.")
	}
	return nil
}

// parseResource reads the audience that access tokens shall have. A code or a sign-in
// that was bound to some goes for no others (RFC 8707 section 2.2).
func (x *exchange) parseResource(raw string) (string, error) {
	resource, err := audienceOf(x.app.Client, raw)
	if err != nil || resource == "" {
		return "", err
	}
	if g := x.grant; g != nil && g.Limited() && resource != g.Resource && !slices.Contains(g.Particulars.Resources, resource) {
		return "", errTarget
	}
	return resource, nil
}

var errTarget = oauthFail("invalid_target", "The client may not ask for this resource.")

// audienceOf checks a resource that a client asks for; empty is none.
func audienceOf(c *userpool.Client, raw string) (string, error) {
	resource, err := parseResource(raw)
	if err != nil || resource == "" {
		return "", err
	}
	if allowed := c.OpenID.Audiences; len(allowed) > 0 && !slices.Contains(allowed, resource) {
		return "", errTarget
	}
	return resource, nil
}

// PopulateTokenEndpointResponse implements fosite.TokenEndpointHandler.
func (i *issuer) PopulateTokenEndpointResponse(ctx context.Context, req fosite.AccessRequester, resp fosite.AccessResponder) error {
	var set *userpool.TokenSet
	var err error
	switch req.GetGrantTypes()[0] {
	case "authorization_code":
		set, err = i.redeem(ctx)
	case "refresh_token":
		form := req.GetRequestForm()
		set, err = i.x.h.Tokens.Refresh(ctx, i.x.app.Client, userpool.RefreshRequest{Token: form.Get("refresh_token"),
			Scopes: strings.Fields(form.Get("scope")), Resource: i.x.resource, Held: i.x.bound})
	case grantDevice:
		set, err = i.x.redeemAnswer(ctx, decoupled.Device, req.GetRequestForm().Get("device_code"))
	case grantCIBA:
		set, err = i.x.redeemAnswer(ctx, decoupled.CIBA, req.GetRequestForm().Get("auth_req_id"))
	case grantExchange:
		set, err = i.x.exchangeToken(ctx, req.GetRequestForm())
		resp.SetExtra("issued_token_type", kindAccess)
	default:
		set, err = i.x.h.Tokens.ClientCredentials(ctx, &userpool.Grant{Pool: i.x.pool, Client: i.x.app.Client,
			Scopes: i.x.app.scopes, Resource: i.x.resource, Particulars: userpool.Particulars{Confirmation: i.x.bound}})
	}
	if err != nil {
		return err
	}
	resp.SetAccessToken(set.AccessToken)
	resp.SetTokenType(schemeBearer)
	if i.x.bound != nil && i.x.bound.Thumbprint != "" {
		resp.SetTokenType(schemeDPoP)
	}
	resp.SetExpiresIn(set.ExpiresIn)
	resp.SetExtra("id_token", set.IDToken)
	resp.SetExtra("refresh_token", set.RefreshToken)
	if set.Family != nil {
		i.x.details, i.x.sub = set.Family.Particulars.Details, set.Family.Sub
	}
	return nil
}

// redeem consumes a code and issues its tokens. If the code is replayed before they are
// signed, they die as they are born: their family is there to be revoked.
func (i *issuer) redeem(ctx context.Context) (*userpool.TokenSet, error) {
	x, g := i.x, i.x.grant
	user, err := x.h.Store.UserBySub(ctx, x.pool.ID, g.Sub)
	if err != nil {
		return nil, err
	}
	if !idp.Stands(user, g.AuthTime) {
		return nil, userpool.ErrNotAuthorized
	}
	resource, particulars := g.Resource, g.Particulars
	if x.resource != "" { // the sign-in keeps the others for its refreshes (RFC 8707 section 2.2)
		resource = x.resource
	}
	particulars.Confirmation = x.bound
	return x.h.Tokens.Issue(ctx, &userpool.Grant{Pool: x.pool, Client: x.app.Client, User: user, Scopes: g.Scopes,
		AuthTime: g.AuthTime, Nonce: g.Nonce, Resource: resource, Particulars: particulars, Keep: x.consume})
}
