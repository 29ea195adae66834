package oidcop

import (
	"context"

	"github.com/ory/fosite"

	"github.com/poolhouse/poolhouse/idp"
)

// pending stands for a token that the issuer is yet to make.
const pending = "pending"

// GenerateAuthorizeCode returns a new code and its handle.
func (x *exchange) GenerateAuthorizeCode(context.Context, fosite.Requester) (code, signature string, err error) {
	code, handle := idp.NewSecret()
	return code, string(handle), nil
}

// AuthorizeCodeSignature returns the handle of a code. Any change to the code
// leads to another one.
func (x *exchange) AuthorizeCodeSignature(_ context.Context, code string) string {
	return string(idp.HandleOf(code))
}

// ValidateAuthorizeCode has nothing to do: the grant that the handle found is by
// our clock and still alive.
func (x *exchange) ValidateAuthorizeCode(context.Context, fosite.Requester, string) error { return nil }

func (x *exchange) GenerateAccessToken(context.Context, fosite.Requester) (token, signature string, err error) {
	return pending, pending, nil
}

func (x *exchange) AccessTokenSignature(context.Context, string) string { return pending }

func (x *exchange) ValidateAccessToken(context.Context, fosite.Requester, string) error {
	return fosite.ErrNotFound
}

func (x *exchange) GenerateRefreshToken(context.Context, fosite.Requester) (token, signature string, err error) {
	return pending, pending, nil
}

func (x *exchange) RefreshTokenSignature(context.Context, string) string { return pending }

func (x *exchange) ValidateRefreshToken(context.Context, fosite.Requester, string) error {
	return fosite.ErrNotFound
}
