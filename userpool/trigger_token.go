package userpool

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"unicode"
)

// The sources of PreTokenGeneration: how a grant came about.
const (
	TokensHosted            = "TokenGeneration_HostedAuth"
	TokensNative            = "TokenGeneration_Authentication"
	TokensNewPassword       = "TokenGeneration_NewPasswordChallenge"
	TokensDevice            = "TokenGeneration_AuthenticateDevice"
	TokensRefresh           = "TokenGeneration_RefreshTokens"
	TokensClientCredentials = "TokenGeneration_ClientCredentials"
)

// The versions of PreTokenGeneration. The first changes ID tokens, the second
// access tokens too, the third also those of clients that act for themselves.
const (
	preTokenV2 = "V2_0"
	preTokenV3 = "V3_0"
)

// maxClaims bounds what a function adds to a grant's tokens, in bytes of JSON:
// tokens travel in headers.
const maxClaims = 32 << 10

// A groupClaim is what tokens say of a user's groups.
type groupClaim struct {
	Groups    []string `json:"groupsToOverride"`
	Roles     []string `json:"iamRolesToOverride"`
	Preferred *string  `json:"preferredRole"`
}

// A groupOverride is a groupClaim that takes the place of the user's own wherever
// the function gives one, be it empty.
type groupOverride struct {
	groupClaim
	given bool
}

// UnmarshalJSON implements json.Unmarshaler.
func (g *groupOverride) UnmarshalJSON(text []byte) error {
	g.given = true
	return json.Unmarshal(text, &g.groupClaim)
}

// A claimOverride is what a function changes in a token.
type claimOverride struct {
	Add      map[string]json.RawMessage `json:"claimsToAddOrOverride"`
	Suppress []string                   `json:"claimsToSuppress"`
}

// A tokenOverride is what a function changes in the tokens of a grant.
type tokenOverride struct {
	id, access                claimOverride
	addScopes, suppressScopes []string
	groups                    groupOverride
}

type preTokenRequest struct {
	subject
	Groups groupClaim `json:"groupConfiguration"`
	Scopes []string   `json:"scopes,omitempty"`
	metadata
}

// preToken asks what the tokens of a grant are to say. It returns nil where no
// function has a say.
func (t *Triggers) preToken(ctx context.Context, g *Grant, groups groupClaim) (*tokenOverride, error) {
	version := g.Pool.Triggers[triggerPreToken].Version
	if g.User == nil && version != preTokenV3 {
		return nil, nil
	}
	request := preTokenRequest{subject: subject{map[string]string{}}, Groups: groups, metadata: metadataOf(ctx)}
	name := "ClientCredentials"
	if g.User != nil {
		request.subject, name = g.Pool.about(g.User), g.User.Username
	}
	e := newEvent(g.source(), g.Client.ID, name, &request)
	if version == preTokenV2 || version == preTokenV3 {
		request.Scopes, e.Version = append([]string{}, g.Scopes...), version[1:2]
		return t.preTokenV2(ctx, g.Pool, e)
	}
	return t.preTokenV1(ctx, g.Pool, e)
}

// source is the grant's Source, or the usual one of its kind.
func (g *Grant) source() string {
	switch {
	case g.User == nil:
		return TokensClientCredentials
	case g.Source != "":
		return g.Source
	case g.Native:
		return TokensNative
	}
	return TokensHosted
}

func (t *Triggers) preTokenV1(ctx context.Context, p *Pool, e triggerEvent) (*tokenOverride, error) {
	var out struct {
		Override *struct {
			Add      map[string]string `json:"claimsToAddOrOverride"`
			Suppress []string          `json:"claimsToSuppress"`
			Groups   groupOverride     `json:"groupOverrideDetails"`
		} `json:"claimsOverrideDetails"`
	}
	if _, err := t.run(ctx, p, triggerPreToken, e, &out); err != nil || out.Override == nil {
		return nil, err
	}
	o := &tokenOverride{groups: out.Override.Groups}
	o.id.Suppress, o.id.Add = out.Override.Suppress, map[string]json.RawMessage{}
	for name, value := range out.Override.Add {
		text, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		o.id.Add[name] = text
	}
	return o, o.check()
}

func (t *Triggers) preTokenV2(ctx context.Context, p *Pool, e triggerEvent) (*tokenOverride, error) {
	var out struct {
		Override *struct {
			ID     claimOverride `json:"idTokenGeneration"`
			Access struct {
				claimOverride
				AddScopes      []string `json:"scopesToAdd"`
				SuppressScopes []string `json:"scopesToSuppress"`
			} `json:"accessTokenGeneration"`
			Groups groupOverride `json:"groupOverrideDetails"`
		} `json:"claimsAndScopeOverrideDetails"`
	}
	if _, err := t.run(ctx, p, triggerPreToken, e, &out); err != nil || out.Override == nil {
		return nil, err
	}
	access := out.Override.Access
	o := &tokenOverride{id: out.Override.ID, access: access.claimOverride,
		addScopes: access.AddScopes, suppressScopes: access.SuppressScopes, groups: out.Override.Groups}
	return o, o.check()
}

// check refuses what would not fit a token.
func (o *tokenOverride) check() error {
	size := len(strings.Join(o.addScopes, " "))
	for _, c := range []claimOverride{o.id, o.access} {
		for name, value := range c.Add {
			size += len(name) + len(value)
		}
	}
	for _, list := range [][]string{o.groups.Groups, o.groups.Roles} {
		size += len(strings.Join(list, " "))
	}
	if size > maxClaims {
		return Fail(ErrInvalidLambdaResponse, "PreTokenGeneration added claims of more than 32 KiB.")
	}
	for _, scope := range o.addScopes {
		bad := func(r rune) bool { return r > unicode.MaxASCII || r <= ' ' || r == '"' || r == '\\' || r == 0x7f }
		if scope == "" || strings.ContainsFunc(scope, bad) { // RFC 6749 section 3.3
			return Fail(ErrInvalidLambdaResponse, "PreTokenGeneration added a scope that is none.")
		}
	}
	return nil
}

// isComplex reports whether a JSON value is an array, an object or null.
func isComplex(value json.RawMessage) bool {
	value = bytes.TrimSpace(value)
	return len(value) == 0 || value[0] == '{' || value[0] == '[' || value[0] == 'n'
}
