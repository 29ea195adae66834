package tour

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/poolhouse/poolhouse/userpool/srp"
)

// challenge is the first answer of an SRP sign-in.
type challenge struct {
	ChallengeName       string
	ChallengeParameters map[string]string
	Session             string `json:",omitempty"`
}

// srpSignIn proves the password without sending it.
func (t *Tour) srpSignIn(ctx context.Context) error {
	c := srp.NewClient()
	t.sent("InitiateAuth USER_SRP_AUTH USERNAME=%s SRP_A=%s", t.at.alice.Username, short(c.Public.Text(16)))
	var ch challenge
	err := t.JSON(ctx, idpTarget+"InitiateAuth", obj{"AuthFlow": "USER_SRP_AUTH", "ClientId": t.at.client,
		"AuthParameters": obj{"USERNAME": t.at.alice.Username, "SRP_A": c.Public.Text(16)}}, &ch, nil)
	if err != nil {
		return err
	}
	if ch.ChallengeName != "PASSWORD_VERIFIER" {
		return fmt.Errorf("challenge %q, want PASSWORD_VERIFIER", ch.ChallengeName)
	}
	t.got("PASSWORD_VERIFIER SALT=%s SRP_B=%s", ch.ChallengeParameters["SALT"], short(ch.ChallengeParameters["SRP_B"]))
	answers, err := t.prove(c, ch.ChallengeParameters)
	if err != nil {
		return err
	}
	t.sent("RespondToAuthChallenge PASSWORD_CLAIM_SIGNATURE=%s", answers["PASSWORD_CLAIM_SIGNATURE"])
	var out struct {
		AuthenticationResult struct {
			IdToken, AccessToken, RefreshToken string
			ExpiresIn                          int
		}
	}
	err = t.JSON(ctx, idpTarget+"RespondToAuthChallenge", obj{"ChallengeName": "PASSWORD_VERIFIER", "ClientId": t.at.client,
		"ChallengeResponses": answers}, &out, nil)
	if err != nil {
		return err
	}
	r := out.AuthenticationResult
	if r.AccessToken == "" || r.RefreshToken == "" {
		return errors.New("the answer has no access or refresh token")
	}
	t.idToken = r.IdToken
	t.got("ID token for %s, access token for %d s, refresh token", claim(r.IdToken, "email"), r.ExpiresIn)
	return nil
}

// prove computes the answers to PASSWORD_VERIFIER.
func (t *Tour) prove(c *srp.Client, p map[string]string) (map[string]string, error) {
	b, err := srp.ParseHex(p["SRP_B"])
	if err != nil {
		return nil, err
	}
	salt, err := hex.DecodeString(p["SALT"])
	if err != nil {
		return nil, err
	}
	block, err := base64.StdEncoding.DecodeString(p["SECRET_BLOCK"])
	if err != nil {
		return nil, err
	}
	_, group, _ := strings.Cut(t.at.pool, "_")
	id := srp.Identity{Group: group, Name: p["USER_ID_FOR_SRP"]}
	now := srp.Timestamp(time.Now())
	signature := srp.Sign(c.Key(id, t.at.alice.Password, salt, b), id, block, now)
	return map[string]string{
		"USERNAME":                    p["USER_ID_FOR_SRP"],
		"PASSWORD_CLAIM_SECRET_BLOCK": p["SECRET_BLOCK"],
		"PASSWORD_CLAIM_SIGNATURE":    base64.StdEncoding.EncodeToString(signature),
		"TIMESTAMP":                   now,
	}, nil
}

// codeFlow signs in as any OpenID Connect client does, with a stock library.
func (t *Tour) codeFlow(ctx context.Context) error {
	ctx = oidc.ClientContext(ctx, &http.Client{Timeout: t.HTTP.Timeout})
	provider, err := oidc.NewProvider(ctx, t.Endpoint+"/"+t.at.pool)
	if err != nil {
		return err
	}
	conf := oauth2.Config{ClientID: t.at.client, Endpoint: provider.Endpoint(), RedirectURL: callback, Scopes: []string{"openid", "email"}}
	conf.Endpoint.AuthStyle = oauth2.AuthStyleInParams
	verifier, nonce := oauth2.GenerateVerifier(), randomHex(16)
	start := conf.AuthCodeURL("state-of-the-tour", oauth2.S256ChallengeOption(verifier), oidc.Nonce(nonce))
	t.sent("GET %s", strings.TrimPrefix(start, t.Endpoint))
	p, err := t.browse(ctx, start, t.aliceFills(), func(p *page) bool { return strings.HasPrefix(p.url.String(), callback) })
	if err != nil {
		return err
	}
	if !strings.HasPrefix(p.url.String(), callback) {
		return fmt.Errorf("the browser stands at %s (status %d), want %s", p.url, p.status, callback)
	}
	q := p.url.Query()
	if q.Get("state") != "state-of-the-tour" || q.Get("code") == "" {
		return fmt.Errorf("redirect to %s, want a code and our state", p.url)
	}
	t.got("the sign-in of step 1 is enough: redirect with code=%s", short(q.Get("code")))
	return t.redeem(ctx, provider, conf, q, verifier, nonce)
}

func (t *Tour) redeem(ctx context.Context, provider *oidc.Provider, conf oauth2.Config, q url.Values, verifier, nonce string) error {
	t.sent("POST /oauth2/token with the code and its PKCE verifier")
	token, err := conf.Exchange(ctx, q.Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		return err
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := provider.Verifier(&oidc.Config{ClientID: t.at.client}).Verify(ctx, raw)
	if err != nil {
		return err
	}
	if id.Nonce != nonce {
		return errors.New("the ID token has another nonce")
	}
	t.got("ID token of %s for %s, verified with the published keys", id.Issuer, claim(raw, "email"))
	return nil
}

// claim shows a claim of a token that was verified elsewhere, or is our own.
func claim(token, name string) string {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return "?"
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return "?"
	}
	var claims map[string]any
	if err := json.Unmarshal(raw, &claims); err != nil {
		return "?"
	}
	return fmt.Sprint(claims[name])
}
