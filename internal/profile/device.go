package profile

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/coreos/go-oidc/v3/oidc"
)

// Device signs a person in who has a browser elsewhere (RFC 8628).
func (s *SignIn) Device(ctx context.Context, c Config) (Tokens, error) {
	ctx, cancel := context.WithTimeout(oidc.ClientContext(ctx, s.HTTP), patience)
	defer cancel()
	p, err := discover(ctx, c, s.Now)
	if err != nil {
		return Tokens{}, err
	}
	if p.Endpoint.DeviceAuthURL == "" {
		return Tokens{}, errors.New("the issuer has no sign-in by code (device authorization grant)")
	}
	d, err := p.DeviceAuth(ctx)
	if err != nil {
		return Tokens{}, err
	}
	fmt.Fprintf(s.Out, "Open %s on any device and enter the code\n\n  %s\n\n", printable(d.VerificationURI), printable(d.UserCode))
	if d.VerificationURIComplete != "" {
		fmt.Fprintf(s.Out, "or open %s\n\n", printable(d.VerificationURIComplete))
	}
	t, err := p.DeviceAccessToken(ctx, d)
	if err != nil {
		return Tokens{}, err
	}
	return p.tokens(ctx, t, "")
}

// printable drops what could command a terminal.
func printable(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, text))
}
