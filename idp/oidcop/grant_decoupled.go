package oidcop

import (
	"context"
	"errors"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/idp/decoupled"
	"github.com/poolhouse/poolhouse/userpool"
)

// The grants that a user answers on another device.
const (
	grantDevice = "urn:ietf:params:oauth:grant-type:device_code" // RFC 8628 section 3.4
	grantCIBA   = "urn:openid:params:grant-type:ciba"            // CIBA Core section 10.1
)

// redeemAnswer issues the tokens that a user has agreed to on another device. The
// answer is used up last, by one of many requests; what fails before leaves it.
func (x *exchange) redeemAnswer(ctx context.Context, kind, secret string) (*userpool.TokenSet, error) {
	r, a, err := x.h.Waiting.Poll(ctx, x.pool.ID, x.app.ID, kind, secret)
	if err != nil {
		return nil, err
	}
	user, err := x.h.Store.UserBySub(ctx, x.pool.ID, a.Sub)
	if err != nil {
		return nil, err
	}
	if !idp.Stands(user, a.AuthTime) {
		return nil, userpool.ErrNotAuthorized
	}
	scopes, err := x.h.authorizeScopes(ctx, x.app.Client, joinScopes(r.Scopes))
	if err != nil {
		return nil, err // the client may no longer have them
	}
	if err := x.h.Waiting.Spend(ctx, r, secret); err != nil {
		return nil, err
	}
	acr, _ := idp.ChooseACR(a.Methods, r.ACR)
	return x.h.Tokens.Issue(ctx, &userpool.Grant{Pool: x.pool, Client: x.app.Client, User: user, Scopes: scopes,
		AuthTime: a.AuthTime, Resource: r.Resource,
		Particulars: userpool.Particulars{ACR: acr, Methods: a.Methods, Confirmation: x.bound}})
}

// decoupledError gives the errors of such grants the form that the app may see
// (RFC 8628 section 3.5, CIBA Core section 11).
func decoupledError(err error) (e *oauthError, ok bool) {
	for _, known := range []struct {
		err        error
		code, text string
	}{
		{decoupled.ErrPending, "authorization_pending", "The user has not decided yet."},
		{decoupled.ErrSlowDown, "slow_down", "Wait for five seconds more between two requests."},
		{decoupled.ErrDenied, "access_denied", "The user refused."},
		{decoupled.ErrExpired, "expired_token", "The user did not decide in time."},
		{decoupled.ErrNotFound, "invalid_grant", "The grant is invalid, expired, revoked, or belongs to another client."},
	} {
		if errors.Is(err, known.err) {
			return oauthFail(known.code, known.text).(*oauthError), true
		}
	}
	return nil, false
}
