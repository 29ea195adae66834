package oidcop

import (
	"context"
	"net/url"
	"strconv"

	"github.com/ory/fosite"
	"github.com/ory/fosite/handler/oauth2"

	"github.com/poolhouse/poolhouse/userpool"
)

// A front answers the response types by which tokens leave through the browser.
// fosite's own handlers for them sign what fosite knows, by the algorithm that its
// session names (F12), and want a nonce where Cognito's apps send none; so only the
// code is fosite's, and the tokens are userpool's. There is no refresh token here.
type front struct {
	x    *exchange
	code *oauth2.AuthorizeExplicitGrantHandler
}

var _ fosite.AuthorizeEndpointHandler = (*front)(nil)

// HandleAuthorizeEndpointRequest implements fosite.AuthorizeEndpointHandler.
func (f *front) HandleAuthorizeEndpointRequest(ctx context.Context, ar fosite.AuthorizeRequester, resp fosite.AuthorizeResponder) error {
	kind := f.x.kind
	if !kind.front() {
		return nil // fosite's handler of codes did it
	}
	if kind.code {
		if err := f.code.IssueAuthorizeCode(ctx, ar, resp); err != nil {
			return err
		}
	}
	g := ar.GetSession().(*session).grant
	set, err := f.x.h.Tokens.IssueFront(ctx, &userpool.Grant{Pool: f.x.pool, Client: f.x.app.Client, User: f.x.user,
		Scopes: g.Scopes, AuthTime: g.AuthTime, Nonce: g.Nonce, Resource: g.Resource, Particulars: g.Particulars},
		userpool.Front{Access: kind.token, ID: kind.idToken || !kind.code, Code: resp.GetCode()})
	if err != nil {
		return err
	}
	addTokens(resp, set)
	for _, part := range ar.GetResponseTypes() {
		ar.SetResponseTypeHandled(part)
	}
	return nil
}

// addTokens adds what there is: an ID token needs the scope openid, which Cognito's
// implicit grant may lack.
func addTokens(resp fosite.AuthorizeResponder, set *userpool.TokenSet) {
	if set.AccessToken != "" {
		resp.AddParameter("access_token", set.AccessToken)
		resp.AddParameter("token_type", "Bearer")
		resp.AddParameter("expires_in", strconv.FormatInt(int64(set.ExpiresIn.Seconds()), 10))
	}
	if set.IDToken != "" {
		resp.AddParameter("id_token", set.IDToken)
	}
}

// answerOf are the parameters of fosite's answer that go to the app.
func answerOf(resp fosite.AuthorizeResponder) url.Values {
	v := resp.GetParameters()
	v.Del("state") // ours to add: see forFosite
	return v
}
