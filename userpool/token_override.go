package userpool

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
)

// reservedClaims belong to the server: what a function says of them counts for
// nothing. Readers of JSON may match names without regard to case, so no spelling
// of one is let through.
var reservedClaims = []string{
	"acr", "act", "amr", "at_hash", "auth_time", "authorization_details", "azp", "c_hash", "client_id", "cnf", "cognito:username",
	"device_key", "event_id", "exp", "iat", "identities", "iss", "jti", "may_act", "nbf", "nonce", "origin_jti", "scope", "sid", "sub",
	"token_use", "username", "version",
}

// groupNames are the claims that a function replaces by its groupOverrideDetails.
var groupNames = []string{"cognito:groups", "cognito:roles", "cognito:preferred_role"}

// simpleClaims have no arrays or objects for values in ID tokens.
var simpleClaims = []string{"email_verified", "phone_number_verified", "updated_at", "address"}

// customize asks once what a function makes of the grant's tokens.
func (t *Tokens) customize(ctx context.Context, g *Grant) error {
	if g.asked {
		return nil
	}
	own := groupClaim{Groups: []string{}, Roles: []string{}}
	if g.User != nil {
		groups, err := t.Store.GroupsOf(ctx, g.User.Pool, g.User.Username)
		if err != nil {
			return err
		}
		own = groupClaims(groups)
	}
	o, err := t.Triggers.preToken(ctx, g, own)
	if err != nil {
		return err
	}
	if o == nil {
		o = &tokenOverride{}
	}
	if o.groups.given {
		own = o.groups.groupClaim
	}
	g.asked, g.groups, g.override = true, own, *o
	return nil
}

// scopes are those of the grant's access tokens.
func (g *Grant) scopes() []string {
	scopes := slices.Clone(g.Scopes)
	for _, s := range g.override.addScopes {
		if !slices.Contains(scopes, s) {
			scopes = append(scopes, s)
		}
	}
	return slices.DeleteFunc(scopes, func(s string) bool { return slices.Contains(g.override.suppressScopes, s) })
}

// apply changes the payload of a token of some use, for a client. Who both adds
// and suppresses a claim suppresses it.
func (c claimOverride) apply(payload []byte, use string, client ClientID) ([]byte, error) {
	if len(c.Add) == 0 && len(c.Suppress) == 0 {
		return payload, nil
	}
	var claims map[string]json.RawMessage
	if err := json.Unmarshal(payload, &claims); err != nil {
		return nil, err
	}
	for name, value := range c.Add {
		if settable(name, value, use, client) {
			claims[name] = value
		}
	}
	for _, name := range c.Suppress {
		if !among(reservedClaims, name) && !among([]string{"aud"}, name) {
			delete(claims, name)
		}
	}
	return json.Marshal(claims)
}

// among reports whether a name is one of the list, in whatever spelling.
func among(list []string, name string) bool {
	return slices.ContainsFunc(list, func(known string) bool { return strings.EqualFold(known, name) })
}

// settable reports whether a function may give a token this claim. An access token
// may be made out to its own client.
func settable(name string, value json.RawMessage, use string, client ClientID) bool {
	switch {
	case name == "" || among(reservedClaims, name) || among(groupNames, name):
		return false
	case among([]string{"aud"}, name):
		var audience string
		return name == "aud" && use == useAccess && json.Unmarshal(value, &audience) == nil && audience == string(client)
	case use == useID && slices.Contains(simpleClaims, name):
		return !isComplex(value)
	}
	return string(value) != "null"
}
