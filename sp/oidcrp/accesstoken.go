package oidcrp

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/poolhouse/poolhouse/sp"
)

// AccessTokens asks the services whose access tokens nobody else can read whose they
// are, and for which app. It is safe for concurrent use.
type AccessTokens struct {
	client Client

	// Where the services are, without a slash at the end; tests have their own.
	Graph, Amazon string
}

// NewAccessTokens returns an AccessTokens that calls services through c.
func NewAccessTokens(c Client) *AccessTokens {
	return &AccessTokens{client: c, Graph: "https://graph.facebook.com/" + graphVersion, Amazon: "https://api.amazon.com"}
}

// Bearer returns the app that a token was given out for, by each of its names, and the
// service's unchanging identifier of the person. A token that the service does not
// know is sp.ErrInvalid.
func (a *AccessTokens) Bearer(ctx context.Context, provider, token string) (apps []string, subject string, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	switch provider {
	case "graph.facebook.com":
		return a.facebook(ctx, token)
	case "www.amazon.com":
		return a.amazon(ctx, token)
	}
	return nil, "", fmt.Errorf("%w: access tokens of %q", sp.ErrUnusable, provider)
}

// facebook asks the Graph API for the app first: a token of another app, which its
// owner can ask about too, says nothing about who holds it.
func (a *AccessTokens) facebook(ctx context.Context, token string) (apps []string, subject string, err error) {
	header := http.Header{"Authorization": {"Bearer " + token}, "Accept": {"application/json"}}
	of, err := a.ask(ctx, a.Graph+"/app?fields=id", header)
	if err != nil {
		return nil, "", err
	}
	me, err := a.ask(ctx, a.Graph+"/me?fields=id", header)
	return []string{of.text("id")}, me.text("id"), err
}

// amazon asks Login with Amazon about a token. That service takes it in the address
// alone; ofCall keeps addresses out of the log. It names the app and, as the audience,
// the client of one platform.
func (a *AccessTokens) amazon(ctx context.Context, token string) (apps []string, subject string, err error) {
	info, err := a.ask(ctx, a.Amazon+"/auth/o2/tokeninfo?access_token="+url.QueryEscape(token), http.Header{"Accept": {"application/json"}})
	return []string{info.text("app_id"), info.text("aud")}, info.text("user_id"), err
}

func (a *AccessTokens) ask(ctx context.Context, address string, header http.Header) (object, error) {
	answer, err := a.client.Get(ctx, address, header, limits.Bytes)
	if err != nil {
		return nil, ofCall("a question about an access token", err)
	}
	if answer.Status != http.StatusOK {
		return nil, ofStatus("a question about an access token", answer.Status)
	}
	o, err := parseObject(answer.Body)
	if err != nil {
		return nil, invalid("the answer about an access token: %v", err)
	}
	return o, nil
}
