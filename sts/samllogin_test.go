package sts_test

import (
	"encoding/base64"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/sts"
)

func TestSAMLLogin(t *testing.T) {
	e := newSAMLEnv(t, samlTrust)
	login := func(i *idp, provider string, change func(*claim)) (*sts.SAMLLogin, error) {
		c := e.claim()
		if change != nil {
			change(c)
		}
		return e.SAMLLogin(e.ctx, provider, base64.StdEncoding.EncodeToString([]byte(i.response(t, c, e.now()))))
	}
	honest, stranger := idps()[0], idps()[1]
	got, err := login(honest, providerARN, func(c *claim) {
		c.attributes = append(c.attributes, [2]string{attributes + "Role", roleARN("ops") + ",arn:aws:iam::000000000000:saml-provider/other"}, [2]string{"dept", "eng"})
	})
	if err != nil || got.Subject != "alice" || !slices.Equal(got.Roles, []string{roleARN("dev")}) || !slices.Equal(got.Attributes["dept"], []string{"eng"}) {
		t.Fatalf("got %+v, %v", got, err)
	}
	c := e.claim()
	response := base64.StdEncoding.EncodeToString([]byte(honest.response(t, c, e.now())))
	for range 2 { // a client shows it with each call of a sign-in
		if _, err := e.SAMLLogin(e.ctx, providerARN, response); err != nil {
			t.Fatal(err)
		}
	}
	for name, tt := range map[string]struct {
		by       *idp
		provider string
		change   func(*claim)
		want     error
	}{
		"signed by another": {stranger, providerARN, nil, sts.ErrInvalidToken},
		"another issuer":    {honest, providerARN, func(c *claim) { c.issuer = "https://elsewhere.example" }, sts.ErrInvalidToken},
		"another audience":  {honest, providerARN, func(c *claim) { c.audience = "urn:example:app" }, sts.ErrInvalidToken},
		"another recipient": {honest, providerARN, func(c *claim) { c.recipient = "https://elsewhere.example/acs" }, sts.ErrInvalidToken},
		"nobody":            {honest, providerARN, func(c *claim) { c.nameID = "" }, sts.ErrInvalidToken},
		"too late":          {honest, providerARN, func(c *claim) { c.until = e.now().Add(-time.Second) }, sts.ErrTokenExpired},
		"another provider":  {honest, "arn:aws:iam::000000000000:saml-provider/none", nil, sts.ErrInvalidToken},
		"no ARN":            {honest, "corp", nil, sts.ErrInvalidToken},
	} {
		if _, err := login(tt.by, tt.provider, tt.change); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
	if _, err := e.SAMLLogin(e.ctx, providerARN, "junk"); !errors.Is(err, sts.ErrInvalidToken) {
		t.Errorf("junk: %v", err)
	}
}
