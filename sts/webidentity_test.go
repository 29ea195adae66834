package sts_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/sts"
)

// issuers answers for issuers by what a test says of their tokens.
type issuers struct {
	own    map[string]bool // issuers of this server
	broken error
}

func (i *issuers) claims(raw string) (map[string]any, error) {
	if i.broken != nil {
		return nil, i.broken
	}
	parts := strings.Split(raw, ".")
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, err
	}
	claims := map[string]any{}
	return claims, json.Unmarshal(payload, &claims)
}

type local struct{ *issuers }

func (l local) Verify(_ context.Context, issuer, raw string) (map[string]any, bool, error) {
	if !l.own[issuer] {
		return nil, false, nil
	}
	claims, err := l.claims(raw)
	return claims, true, err
}

type remote struct{ *issuers }

func (r remote) Verify(_ context.Context, _, raw string) (map[string]any, error) {
	return r.claims(raw)
}

func jwt(alg string, claims map[string]any) string {
	part := func(v any) string {
		raw, _ := json.Marshal(v)
		return base64.RawURLEncoding.EncodeToString(raw)
	}
	return part(map[string]string{"alg": alg}) + "." + part(claims) + ".c2ln"
}

const (
	poolIssuer = publicURL + "/us-east-1_Demo"
	farIssuer  = "https://issuer.example"
)

func newWebEnv(t testing.TB) (*env, *issuers) {
	e, i := newEnv(t), &issuers{own: map[string]bool{poolIssuer: true, publicURL + "/identity": true}}
	e.Local, e.Remote = local{i}, remote{i}
	for _, url := range []string{poolIssuer, farIssuer} {
		if _, err := e.CreateOIDCProvider(e.ctx, url, []string{"client"}, nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	e.role("pool", `{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::000000000000:oidc-provider/127.0.0.1:8080/us-east-1_Demo"},"Action":"sts:AssumeRoleWithWebIdentity",`+
		`"Condition":{"StringEquals":{"127.0.0.1:8080/us-east-1_Demo:aud":"client"},"StringLike":{"127.0.0.1:8080/us-east-1_Demo:sub":"ali*"}}}`, readAll)
	e.role("far", `{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::000000000000:oidc-provider/issuer.example"},"Action":["sts:AssumeRoleWithWebIdentity","sts:TagSession"]}`, readAll)
	e.role("guest", `{"Effect":"Allow","Principal":{"Federated":"cognito-identity.amazonaws.com"},"Action":"sts:AssumeRoleWithWebIdentity",`+
		`"Condition":{"StringEquals":{"cognito-identity.amazonaws.com:aud":"us-east-1:pool"},"ForAnyValue:StringLike":{"cognito-identity.amazonaws.com:amr":"unauthenticated"}}}`,
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/${cognito-identity.amazonaws.com:sub}/*"}}`)
	return e, i
}

func (e *env) present(role, token string) (*sts.WebTokenResult, error) {
	return e.AssumeRoleWithToken(e.ctx, sts.WebTokenRequest{RoleARN: roleARN(role), SessionName: "app", Token: token})
}

func TestWebIdentityOfOwnPool(t *testing.T) {
	e, _ := newWebEnv(t)
	r, err := e.present("pool", jwt("RS256", map[string]any{"iss": poolIssuer, "aud": "client", "sub": "alice"}))
	if err != nil {
		t.Fatal(err)
	}
	if r.Subject != "alice" || r.Audience != "client" || r.Provider != poolIssuer {
		t.Errorf("got %+v", r)
	}
	p := e.session(r.Credentials)
	if p.Keys["127.0.0.1:8080/us-east-1_Demo:sub"] != nil {
		t.Error("only identity pools keep their keys")
	}
}

func TestWebIdentityRefusals(t *testing.T) {
	claims := func(change map[string]any) map[string]any {
		c := map[string]any{"iss": farIssuer, "aud": "client", "sub": "alice"}
		for k, v := range change {
			c[k] = v
		}
		return c
	}
	const invalid = "The ID Token provided is not a valid JWT."
	tests := []struct {
		name, role, token string
		broken            error
		kind              error
		text              string
	}{
		{"no token", "far", "x", nil, sts.ErrInvalidToken, invalid},
		{"alg none", "far", jwt("none", claims(nil)), nil, sts.ErrInvalidToken, invalid},
		{"alg HS256", "far", jwt("HS256", claims(nil)), nil, sts.ErrInvalidToken, invalid},
		{"no issuer", "far", jwt("RS256", claims(map[string]any{"iss": ""})), nil, sts.ErrInvalidToken, invalid},
		{"unregistered issuer", "far", jwt("RS256", claims(map[string]any{"iss": "https://other.example"})), nil, sts.ErrInvalidToken, "No OpenIDConnect provider found in your account for https://other.example"},
		{"the same without TLS", "far", jwt("RS256", claims(map[string]any{"iss": "http://issuer.example"})), nil, sts.ErrInvalidToken, "No OpenIDConnect provider found in your account for http://issuer.example"},
		{"another audience", "far", jwt("RS256", claims(map[string]any{"aud": "other"})), nil, sts.ErrInvalidToken, "Incorrect token audience"},
		{"another authorized party", "far", jwt("RS256", claims(map[string]any{"azp": "other"})), nil, sts.ErrInvalidToken, "Incorrect token audience"},
		{"no subject", "far", jwt("RS256", claims(map[string]any{"sub": nil})), nil, sts.ErrInvalidToken, "sub"},
		{"expired", "far", jwt("RS256", claims(nil)), sts.ErrTokenExpired, sts.ErrTokenExpired, "Token expired"},
		{"bad signature", "far", jwt("RS256", claims(nil)), sts.ErrInvalidToken, sts.ErrInvalidToken, "could not be validated"},
		{"unreachable", "far", jwt("RS256", claims(nil)), sts.ErrIDPCommunication, sts.ErrIDPCommunication, "Couldn't retrieve verification key from your identity provider,  please"},
		{"a role for others", "pool", jwt("RS256", claims(nil)), nil, sts.ErrAccessDenied, "Not authorized to perform sts:AssumeRoleWithWebIdentity"},
		{"unknown role", "none", jwt("RS256", claims(nil)), nil, sts.ErrAccessDenied, "Not authorized to perform sts:AssumeRoleWithWebIdentity"},
		{"condition on sub", "pool", jwt("RS256", claims(map[string]any{"iss": poolIssuer, "sub": "bob"})), nil, sts.ErrAccessDenied, "Not authorized"},
		{"tags without permission", "pool", jwt("RS256", claims(map[string]any{"iss": poolIssuer, "https://aws.amazon.com/tags": map[string]any{"principal_tags": map[string]any{"a": []string{"b"}}}})), nil, sts.ErrAccessDenied, "Not authorized"},
		{"malformed tags", "far", jwt("RS256", claims(map[string]any{"https://aws.amazon.com/tags": "x"})), nil, sts.ErrInvalidToken, "malformed"},
		{"bad source identity", "far", jwt("RS256", claims(map[string]any{"https://aws.amazon.com/source_identity": "a b"})), nil, sts.ErrInvalidToken, "Source Identity must match"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, i := newWebEnv(t)
			i.broken = tt.broken
			_, err := e.present(tt.role, tt.token)
			wantFault(t, err, tt.kind, tt.text)
		})
	}
}

func TestWebIdentityTags(t *testing.T) {
	e, _ := newWebEnv(t)
	r, err := e.present("far", jwt("ES256", map[string]any{"iss": farIssuer, "aud": []string{"other", "client"}, "sub": "alice",
		"https://aws.amazon.com/tags": map[string]any{"principal_tags": map[string]any{"Team": []string{"blue"}}, "transitive_tag_keys": []string{"Team"}}}))
	if err != nil {
		t.Fatal(err)
	}
	if got := e.session(r.Credentials).Keys["aws:PrincipalTag/Team"]; len(got) != 1 || got[0] != "blue" {
		t.Errorf("got %v", got)
	}
}

func TestIdentityPoolToken(t *testing.T) {
	e, i := newWebEnv(t)
	token := jwt("RS256", map[string]any{"iss": publicURL + "/identity", "aud": "us-east-1:pool", "sub": "us-east-1:alice", "amr": []string{"unauthenticated"}})
	r, err := e.present("guest", token)
	if err != nil {
		t.Fatal(err)
	}
	p := e.session(r.Credentials)
	if p.Keys["cognito-identity.amazonaws.com:amr"][0] != "unauthenticated" || p.Keys["cognito-identity.amazonaws.com:aud"][0] != "us-east-1:pool" {
		t.Errorf("got %v", p.Keys)
	}
	for resource, want := range map[string]bool{"arn:aws:s3:::b/us-east-1:alice/x": true, "arn:aws:s3:::b/us-east-1:bob/x": false} {
		if err := e.Authorize(e.ctx, p, "s3:GetObject", resource, nil); (err == nil) != want {
			t.Errorf("%s: got %v", resource, err)
		}
	}
	i.own = nil // nobody here signs for it any more: never ask elsewhere
	if _, err := e.present("guest", token); !errors.Is(err, sts.ErrInvalidToken) {
		t.Errorf("got %v", err)
	}
}

// Identity pools come without a token; the trust policy is the same.
func TestWebIdentityInProcess(t *testing.T) {
	e, _ := newWebEnv(t)
	id := sts.WebIdentity{Principal: sts.IdentityPoolPrincipal, Prefix: sts.IdentityPoolPrincipal,
		Audience: "us-east-1:pool", Subject: "us-east-1:alice", AMR: []string{"unauthenticated"}}
	in := sts.WebIdentityRequest{RoleARN: roleARN("guest"), SessionName: "CognitoIdentityCredentials", Identity: id}
	if _, err := e.AssumeRoleWithWebIdentity(e.ctx, in); err != nil {
		t.Error(err)
	}
	in.Identity.Audience = "us-east-1:other"
	_, err := e.AssumeRoleWithWebIdentity(e.ctx, in)
	wantFault(t, err, sts.ErrAccessDenied, "Not authorized to perform sts:AssumeRoleWithWebIdentity")
	in.Identity, in.Identity.AMR = id, []string{"authenticated"}
	_, err = e.AssumeRoleWithWebIdentity(e.ctx, in)
	wantFault(t, err, sts.ErrAccessDenied, "Not authorized to perform sts:AssumeRoleWithWebIdentity")
}

func FuzzToken(f *testing.F) {
	e, _ := newWebEnv(f)
	f.Add(jwt("RS256", map[string]any{"iss": farIssuer, "aud": "client", "sub": "alice", "https://aws.amazon.com/tags": map[string]any{}}))
	f.Fuzz(func(t *testing.T, token string) {
		if _, err := e.present("none", token); err == nil {
			t.Error("let in")
		}
	})
}
