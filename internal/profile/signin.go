package profile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// A SignIn asks a person to prove who they are.
type SignIn struct {
	HTTP *http.Client
	Now  func() time.Time
	Out  io.Writer                  // tells the person what to do
	Open func(address string) error // shows a page; nil where the machine has no browser
}

// A provider is an OpenID provider as one client of it sees it.
type provider struct {
	oauth2.Config

	verifier *oidc.IDTokenVerifier
	revoke   string // address of its revocation endpoint, or ""
	names    bool   // it says who it is in its authorization responses (RFC 9207)
}

func discover(ctx context.Context, c Config, now func() time.Time) (*provider, error) {
	found, err := oidc.NewProvider(ctx, c.Issuer)
	if err != nil {
		return nil, fmt.Errorf("the issuer %s does not describe itself: %w", c.Issuer, err)
	}
	var more struct {
		Revocation string   `json:"revocation_endpoint"`
		Algorithms []string `json:"id_token_signing_alg_values_supported"`
		Names      bool     `json:"authorization_response_iss_parameter_supported"`
	}
	if err := found.Claims(&more); err != nil {
		return nil, err
	}
	// The provider's keys are public: a MAC under one of them proves nothing.
	more.Algorithms = slices.DeleteFunc(more.Algorithms, func(a string) bool { return a[0] == 'H' || a == "none" })
	end := found.Endpoint()
	end.AuthStyle = oauth2.AuthStyleInParams // a public client only names itself
	return &provider{
		Config:   oauth2.Config{ClientID: c.ClientID, Endpoint: end, Scopes: c.Scopes},
		verifier: found.Verifier(&oidc.Config{ClientID: c.ClientID, SupportedSigningAlgs: more.Algorithms, Now: now}),
		revoke:   more.Revocation, names: more.Names,
	}, nil
}

// tokens checks what the token endpoint answered. nonce is empty where none was sent.
func (p *provider) tokens(ctx context.Context, t *oauth2.Token, nonce string) (Tokens, error) {
	raw, _ := t.Extra("id_token").(string)
	if raw == "" {
		return Tokens{}, errors.New("the issuer gave no ID token: is openid among the scopes?")
	}
	id, err := p.verifier.Verify(ctx, raw)
	if err != nil {
		return Tokens{}, fmt.Errorf("the issuer's ID token is not to be trusted: %w", err)
	}
	if id.Nonce != nonce && nonce != "" {
		return Tokens{}, errors.New("the issuer's ID token answers another request")
	}
	if id.AccessTokenHash != "" {
		if err := id.VerifyAccessToken(t.AccessToken); err != nil {
			return Tokens{}, err
		}
	}
	return Tokens{Subject: id.Subject, ID: raw, Refresh: t.RefreshToken, Issued: id.IssuedAt, Expires: id.Expiry}, nil
}

// refresh gets new tokens for the same person. A token that is refused for good is
// ErrSignedOut.
func (p *provider) refresh(ctx context.Context, old Tokens) (Tokens, error) {
	if old.Refresh == "" {
		return old, fmt.Errorf("%w: the issuer gave no refresh token", ErrSignedOut)
	}
	t, err := p.TokenSource(ctx, &oauth2.Token{RefreshToken: old.Refresh}).Token()
	if refused := new(oauth2.RetrieveError); errors.As(err, &refused) && refused.ErrorCode != "" {
		if refused.ErrorCode == "invalid_grant" {
			return Tokens{}, ErrSignedOut
		}
		return old, fmt.Errorf("the issuer refused: %s %s", printable(refused.ErrorCode), printable(refused.ErrorDescription))
	}
	if err != nil {
		return old, err
	}
	fresh, err := p.tokens(ctx, t, "")
	if err == nil && fresh.Subject != old.Subject { // OpenID Connect Core 1.0 section 12.2
		err = errors.New("the issuer's answer is about somebody else")
	}
	if err != nil {
		return Tokens{Subject: old.Subject, Refresh: t.RefreshToken}, err // the old one may be spent
	}
	return fresh, nil
}
