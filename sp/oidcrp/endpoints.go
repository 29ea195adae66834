package oidcrp

import (
	"context"
	"fmt"
	"slices"

	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/userpool"
)

// endpoints are where a provider is, and how it wants to be spoken to.
type endpoints struct {
	issuer      string
	authorize   string
	token       string
	userinfo    string // empty where there is none
	keys        string // empty where the provider does not speak OpenID Connect
	basic       bool   // the secret goes in a header; in the body otherwise
	namesIssuer bool   // an answer must have iss
	endSession  string // empty where nobody is signed out there
}

// locate finds a provider. What its details say counts; what they leave out is what
// its issuer publishes. An issuer that cannot be read is not needed by a provider
// whose addresses are known.
func (u *Upstream) locate(ctx context.Context, p *userpool.Provider, d *dialect) (*endpoints, error) {
	details := d.detailsOf(p)
	at := &endpoints{issuer: details["oidc_issuer"], authorize: details["authorize_url"], token: details["token_url"],
		userinfo: details["attributes_url"], keys: details["jwks_uri"]}
	if d.openid {
		if err := u.discover(ctx, at); err != nil {
			return nil, err
		}
	}
	if !isAddress(at.authorize) || !isAddress(at.token) || d.openid && at.keys == "" {
		return nil, fmt.Errorf("%w: %q has too few addresses", sp.ErrUnusable, p.Name)
	}
	return at, nil
}

// discover adds what the issuer publishes. Where enough is known it may be silent.
func (u *Upstream) discover(ctx context.Context, at *endpoints) error {
	known := at.authorize != "" && at.token != "" && at.keys != ""
	if known {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, hurry)
		defer cancel()
	}
	doc, err := u.directory.find(ctx, at.issuer)
	if err != nil && known {
		return nil
	}
	if err != nil {
		return ofCall("discovery of "+at.issuer, err)
	}
	at.fill(doc)
	return nil
}

// fill adds what an issuer publishes. One that does not say how it wants the secret
// wants it by HTTP Basic (OpenID Connect Discovery 1.0 section 3).
func (at *endpoints) fill(doc *metadata) {
	for to, published := range map[*string]string{&at.authorize: doc.Authorize, &at.token: doc.Token, &at.userinfo: doc.UserInfo, &at.keys: doc.Keys} {
		if *to == "" {
			*to = published
		}
	}
	at.namesIssuer, at.endSession = doc.NamesIssuer, doc.EndSession
	at.basic = !slices.Contains(doc.Credentials, "client_secret_post")
}
