package sts_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/jose"
	"github.com/poolhouse/poolhouse/sts"
)

// outbound lets the account's principals have identity tokens.
func (e *env) outbound() {
	e.t.Helper()
	on := true
	if _, err := e.UpdateSettings(e.ctx, sts.SettingsChange{Outbound: &on}); err != nil {
		e.t.Fatal(err)
	}
}

// claims are what a token says, unverified.
func claims(t *testing.T, token string) map[string]any {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestIdentityToken(t *testing.T) {
	e := newEnv(t)
	e.outbound()
	e.role("r", anybody, allowAll)
	p := e.session(e.assume(e.user("ann", allowAll), "r", func(in *sts.AssumeRoleRequest) { in.Tags = []sts.Tag{{Key: "team", Value: "blue"}} }).Credentials)
	published, err := e.OutboundKeys(e.ctx)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := jose.ParseKeySet(published)
	if err != nil || len(keys) != 2 {
		t.Fatalf("%d keys, %v", len(keys), err)
	}
	for _, algorithm := range []string{"RS256", "ES384"} {
		got, err := e.IdentityToken(e.ctx, p, sts.IdentityTokenRequest{Audience: []string{"https://api.example"}, Algorithm: algorithm,
			Tags: []sts.Tag{{Key: "job", Value: "7"}}, Region: "eu-west-1"})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := jose.Verify(e.ctx, got.Token, keys, []string{algorithm}); err != nil {
			t.Errorf("%s: %v", algorithm, err)
		}
		c := claims(t, got.Token)
		detail := c["https://sts.amazonaws.com/"].(map[string]any)
		if c["iss"] != publicURL+"/sts/"+account || c["aud"] != "https://api.example" || c["sub"] != roleARN("r") || c["jti"] == "" ||
			c["exp"].(float64)-c["iat"].(float64) != 300 || !got.Expires.Equal(e.now().Add(5*time.Minute)) {
			t.Errorf("claims %v", c)
		}
		if detail["aws_account"] != account || detail["source_region"] != "eu-west-1" || detail["principal_id"] != roleARN("r") ||
			detail["principal_tags"].(map[string]any)["team"] != "blue" || detail["request_tags"].(map[string]any)["job"] != "7" {
			t.Errorf("detail %v", detail)
		}
	}
	several, err := e.IdentityToken(e.ctx, p, sts.IdentityTokenRequest{Audience: []string{"a", "b"}, Algorithm: "ES384"})
	if err != nil {
		t.Fatal(err)
	}
	if list, ok := claims(t, several.Token)["aud"].([]any); !ok || len(list) != 2 {
		t.Error("several audiences are no list")
	}
}

func TestRefusedIdentityTokens(t *testing.T) {
	e := newEnv(t)
	ask := func(p *sts.Principal, change func(*sts.IdentityTokenRequest)) error {
		in := sts.IdentityTokenRequest{Audience: []string{"a"}, Algorithm: "RS256"}
		if change != nil {
			change(&in)
		}
		_, err := e.IdentityToken(e.ctx, p, in)
		return err
	}
	ann := e.user("ann", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:GetWebIdentityToken","Resource":"*"}}`)
	boss := e.user("boss", allowAll)
	wantFault(t, ask(ann, nil), sts.ErrOutboundDisabled, "not enabled for this account")
	e.outbound()
	tagged := func(in *sts.IdentityTokenRequest) { in.Tags = []sts.Tag{{Key: "k", Value: "v"}} }
	wantFault(t, ask(ann, tagged), sts.ErrAccessDenied, "sts:TagGetWebIdentityToken")
	if err := ask(boss, tagged); err != nil {
		t.Error(err)
	}
	for name, tt := range map[string]func(*sts.IdentityTokenRequest){
		"too short":    func(in *sts.IdentityTokenRequest) { in.Duration = 59 * time.Second },
		"too long":     func(in *sts.IdentityTokenRequest) { in.Duration = time.Hour + time.Second },
		"HS256":        func(in *sts.IdentityTokenRequest) { in.Algorithm = "HS256" },
		"no audience":  func(in *sts.IdentityTokenRequest) { in.Audience = nil },
		"11 audiences": func(in *sts.IdentityTokenRequest) { in.Audience = strings.Split(strings.Repeat("a,", 10)+"a", ",") },
	} {
		t.Run(name, func(t *testing.T) { wantFault(t, ask(boss, tt), sts.ErrValidation, "") })
	}
	wantFault(t, ask(boss, func(in *sts.IdentityTokenRequest) {
		for i := range 40 {
			in.Tags = append(in.Tags, sts.Tag{Key: "k" + strings.Repeat("x", i), Value: strings.Repeat("v", 256)})
		}
	}), sts.ErrPayloadTooLarge, "8192")
	e.role("r", anybody, allowAll)
	p := e.session(e.assume(boss, "r", func(in *sts.AssumeRoleRequest) { in.Duration = 15 * time.Minute }).Credentials)
	wantFault(t, ask(p, func(in *sts.IdentityTokenRequest) { in.Duration = 15*time.Minute + time.Second }), sts.ErrDurationEscalation, "")
	if err := ask(p, func(in *sts.IdentityTokenRequest) { in.Duration = 15 * time.Minute }); err != nil {
		t.Error(err)
	}
}

// TestOwnIssuerIsNoProvider: what says who has a session here begins no other one here.
func TestOwnIssuerIsNoProvider(t *testing.T) {
	e := newEnv(t)
	for _, url := range []string{e.OutboundIssuer(), e.OutboundIssuer() + "/"} {
		_, err := e.CreateOIDCProvider(e.ctx, url, []string{"sts.amazonaws.com"}, []string{strings.Repeat("a", 40)}, nil)
		wantFault(t, err, sts.ErrInvalidInput, "They are for others")
	}
}
