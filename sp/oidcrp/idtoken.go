package oidcrp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/poolhouse/poolhouse/internal/jose"
	"github.com/poolhouse/poolhouse/sp"
)

// readIDToken verifies the ID token (OpenID Connect Core 1.0 section 3.1.3.7).
// go-oidc checks the signature, iss, aud, exp and nbf; the rest is here.
func (v *visit) readIDToken(ctx context.Context) error {
	if v.tokens.id == "" {
		return invalid("no ID token")
	}
	u, tenants := v.upstream, v.dialect == &microsoft
	token, err := verify(ctx, v.at.issuer, v.tokens.id, u.keys.At(v.at.keys), &oidc.Config{ClientID: v.memo.ClientID,
		SkipIssuerCheck: tenants, Now: func() time.Time { return u.now().Add(-skew) }})
	switch {
	case errors.Is(err, ErrUnreachable):
		return ofCall("the keys", err)
	case err != nil:
		return fmt.Errorf("%w: %w", sp.ErrInvalid, err)
	}
	var raw json.RawMessage
	if err := token.Claims(&raw); err != nil {
		return invalid("the ID token: %v", err)
	}
	if v.id, err = parseObject(raw); err != nil || v.id.ambiguous() {
		return invalid("the claims of the ID token are not clear")
	}
	if tenants && !isTenantOf(token.Issuer, v.at.issuer) {
		return invalid("the ID token is of %.200q", token.Issuer)
	}
	return v.checkIDToken(token)
}

func (v *visit) checkIDToken(token *oidc.IDToken) error {
	azp := v.id.text("azp")
	switch {
	case !same(v.id.text("nonce"), v.memo.Nonce):
		return invalid("the ID token is of another request")
	case azp != "" && azp != v.memo.ClientID, azp == "" && len(token.Audience) > 1:
		return invalid("the ID token was made for %.200q", azp)
	case v.id["iat"] == nil || token.IssuedAt.After(v.upstream.now().Add(skew)):
		return invalid("the ID token was issued at %v", token.IssuedAt)
	case token.Subject == "":
		return invalid("the ID token has no subject")
	case token.AccessTokenHash != "" && token.VerifyAccessToken(v.tokens.access) != nil:
		return invalid("the access token is not the one of the ID token")
	}
	return nil
}

// signed reads an answer that is a token rather than JSON (section 5.3.2).
func (v *visit) signed(ctx context.Context, raw string) (object, error) {
	payload, _, err := jose.Verify(ctx, raw, v.upstream.keys.At(v.at.keys), jose.Asymmetric)
	if errors.Is(err, jose.ErrUnavailable) {
		return nil, ofCall("the keys", err)
	}
	if err != nil {
		return nil, invalid("the signed claims: %v", err)
	}
	o, err := parseObject(payload)
	if err != nil {
		return nil, invalid("the signed claims: %v", err)
	}
	if iss := o.text("iss"); iss != v.at.issuer {
		return nil, invalid("the signed claims are of %.200q", iss)
	}
	for _, aud := range values(o["aud"]) {
		if aud == v.memo.ClientID {
			return o, nil
		}
	}
	return nil, invalid("the signed claims are for somebody else")
}
