package oidcrp

import (
	"context"
	"errors"

	"github.com/poolhouse/poolhouse/internal/outbound"
	"github.com/poolhouse/poolhouse/userpool"
)

// Complete fills in the ProviderDetails that an administrator may leave out: where
// the social providers are, and what the issuer of another one publishes. What it
// fills in stays, until the details are given anew. It returns
// userpool.ErrInvalidParameter for a provider that could not be used.
func (u *Upstream) Complete(ctx context.Context, p *userpool.Provider) error {
	d, err := dialectOf(p)
	if err != nil {
		return userpool.Fail(userpool.ErrInvalidParameter, "Invalid provider type "+p.Type+".")
	}
	details := d.detailsOf(p)
	if p.Type == userpool.ProviderApple {
		if _, err := parseAppleKey(details["private_key"]); err != nil {
			return userpool.Fail(userpool.ErrInvalidParameter, "private_key in ProviderDetails must be an EC key of the curve P-256 in PKCS #8.")
		}
	}
	if p.Type == userpool.ProviderOIDC && d.openid {
		if err := u.publish(ctx, details); err != nil {
			return err
		}
	}
	p.Details = details
	return nil
}

// publish fills in what an issuer publishes.
func (u *Upstream) publish(ctx context.Context, details map[string]string) error {
	at := &endpoints{issuer: details["oidc_issuer"], authorize: details["authorize_url"], token: details["token_url"],
		userinfo: details["attributes_url"], keys: details["jwks_uri"]}
	if at.authorize != "" && at.token != "" && at.userinfo != "" && at.keys != "" {
		return nil
	}
	if err := u.discover(ctx, at); err != nil {
		return undiscovered(err)
	}
	for name, address := range map[string]string{"authorize_url": at.authorize, "token_url": at.token, "attributes_url": at.userinfo, "jwks_uri": at.keys} {
		if address != "" {
			details[name] = address
		} else if name != "attributes_url" {
			return userpool.Fail(userpool.ErrInvalidParameter, "The well-known endpoint has no "+name+".")
		}
	}
	return nil
}

// undiscovered tells the administrator what the matter is, and nothing that the
// address answered.
func undiscovered(err error) error {
	text := "Unable to contact well-known endpoint"
	switch {
	case errors.Is(err, errIssuer):
		text = "The well-known endpoint is of another issuer than oidc_issuer in ProviderDetails."
	case errors.Is(err, outbound.ErrForbidden):
		text = "oidc_issuer in ProviderDetails leads to an address that this server does not call."
	}
	return userpool.Fail(userpool.ErrInvalidParameter, text)
}
