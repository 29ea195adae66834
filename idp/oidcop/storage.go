package oidcop

import (
	"context"
	"errors"
	"net/url"

	"github.com/ory/fosite"
	"github.com/ory/fosite/handler/oauth2"
	"github.com/ory/fosite/handler/pkce"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/userpool"
)

var (
	_ oauth2.CoreStorage            = (*exchange)(nil)
	_ oauth2.TokenRevocationStorage = (*exchange)(nil)
	_ oauth2.CoreStrategy           = (*exchange)(nil)
	_ pkce.PKCERequestStorage       = (*exchange)(nil)
)

// fosite calls the hash of a code its signature. Here it is the idp.Handle, and
// also the id of the request that fosite revokes by.

// CreateAuthorizeCodeSession adds the grant, as one row with PKCE and all.
func (x *exchange) CreateAuthorizeCodeSession(ctx context.Context, signature string, req fosite.Requester) error {
	g := req.GetSession().(*session).grant
	g.Code = idp.Handle(signature)
	return x.h.Grants.CreateGrant(ctx, g)
}

// GetAuthorizeCodeSession finds the grant of a code. Another client's code does
// not exist, used or not: presenting it must harm nobody (F17).
func (x *exchange) GetAuthorizeCodeSession(ctx context.Context, signature string, _ fosite.Session) (fosite.Requester, error) {
	if x.grant == nil {
		g, err := x.h.Grants.Grant(ctx, x.pool.ID, idp.Handle(signature))
		if errors.Is(err, idp.ErrGrantNotFound) {
			return nil, fosite.ErrNotFound
		}
		if err != nil {
			return nil, err
		}
		if g.Client != x.app.ID || g.RedeemedBy == "" && g.Dead(x.h.Now()) {
			return nil, fosite.ErrNotFound
		}
		x.grant = g
	}
	if x.grant.RedeemedBy != "" {
		return x.requester(), fosite.ErrInvalidatedAuthorizeCode // with the request: F13
	}
	return x.requester(), nil
}

// requester is the grant as fosite sees it.
func (x *exchange) requester() fosite.Requester {
	form := url.Values{"redirect_uri": {x.grant.RedirectURI}}
	if x.grant.Challenge != "" {
		form.Set("code_challenge", x.grant.Challenge)
		form.Set("code_challenge_method", "S256")
	}
	return &fosite.Request{ID: string(x.grant.Code), RequestedAt: x.grant.Created, Client: x.app, Form: form,
		RequestedScope: x.grant.Scopes, GrantedScope: x.grant.Scopes, Session: &session{x.grant}}
}

// InvalidateAuthorizeCodeSession has nothing to do: consume does.
func (x *exchange) InvalidateAuthorizeCodeSession(context.Context, string) error { return nil }

// consume uses the code up and keeps the family of its tokens, in one step that one of
// many callers gets past (F2); for the others it is a replay. Nothing is signed yet.
func (x *exchange) consume(ctx context.Context, f *userpool.Family) error {
	err := x.h.Grants.Redeem(ctx, x.grant.Code, f, x.h.Now())
	if errors.Is(err, idp.ErrGrantUsed) {
		if err := x.RevokeRefreshToken(ctx, string(x.grant.Code)); err != nil {
			return err
		}
		return fosite.ErrInvalidatedAuthorizeCode
	}
	return err
}

// RevokeRefreshToken kills everything issued for a replayed code. fosite only
// mentions a failure in its hint, so it is kept for the edge.
func (x *exchange) RevokeRefreshToken(ctx context.Context, requestID string) error {
	family, err := x.h.Grants.MarkReplayed(ctx, x.pool.ID, idp.Handle(requestID))
	if err == nil {
		err = x.h.Tokens.RevokeFamily(ctx, x.pool.ID, family)
	}
	if err != nil {
		x.failed = err
	}
	return err
}

// RevokeAccessToken has nothing to do: access tokens die with their family.
func (x *exchange) RevokeAccessToken(context.Context, string) error { return nil }

// GetPKCERequestSession returns the challenge of the code being redeemed.
func (x *exchange) GetPKCERequestSession(ctx context.Context, signature string, s fosite.Session) (fosite.Requester, error) {
	return x.GetAuthorizeCodeSession(ctx, signature, s)
}

// CreatePKCERequestSession has nothing to do: the challenge is part of the grant.
func (x *exchange) CreatePKCERequestSession(context.Context, string, fosite.Requester) error {
	return nil
}

// DeletePKCERequestSession must not do anything: after a wrong verifier fosite
// would let the code through without one (F1).
func (x *exchange) DeletePKCERequestSession(context.Context, string) error { return nil }

// Tokens are kept by userpool, which issues them.

func (x *exchange) CreateAccessTokenSession(context.Context, string, fosite.Requester) error {
	return nil
}

func (x *exchange) GetAccessTokenSession(context.Context, string, fosite.Session) (fosite.Requester, error) {
	return nil, fosite.ErrNotFound
}

func (x *exchange) DeleteAccessTokenSession(context.Context, string) error { return nil }

func (x *exchange) CreateRefreshTokenSession(context.Context, string, string, fosite.Requester) error {
	return nil
}

func (x *exchange) GetRefreshTokenSession(context.Context, string, fosite.Session) (fosite.Requester, error) {
	return nil, fosite.ErrNotFound
}

func (x *exchange) DeleteRefreshTokenSession(context.Context, string) error { return nil }

func (x *exchange) RotateRefreshToken(context.Context, string, string) error { return nil }
