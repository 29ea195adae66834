package userpool

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// The scopes that mean something to user pools.
const (
	ScopeOpenID  = "openid"
	ScopeEmail   = "email"
	ScopePhone   = "phone"
	ScopeProfile = "profile"
	ScopeAddress = "address"
	// ScopeOffline decides over the refresh token of clients that have it.
	ScopeOffline = "offline_access"
	// ScopeAdmin lets a user's own token call the user pools API.
	ScopeAdmin = "aws.cognito.signin.user.admin"
)

// StandardScopes are the scopes that every pool knows.
var StandardScopes = []string{ScopeOpenID, ScopeEmail, ScopePhone, ScopeProfile, ScopeAddress, ScopeOffline, ScopeAdmin}

// accessJSON is the payload of an access token, in Cognito's form or in that of
// RFC 9068 section 2.2, which has neither version nor token_use.
type accessJSON struct {
	Sub          string          `json:"sub"`
	Groups       []string        `json:"cognito:groups,omitempty"`
	Issuer       string          `json:"iss"`
	Version      int             `json:"version,omitempty"`
	ClientID     ClientID        `json:"client_id"`
	Audience     audience        `json:"aud,omitempty"`
	OriginJTI    string          `json:"origin_jti,omitempty"`
	EventID      string          `json:"event_id,omitempty"`
	TokenUse     string          `json:"token_use,omitempty"`
	Scope        string          `json:"scope"`
	AuthTime     int64           `json:"auth_time,omitempty"`
	ACR          string          `json:"acr,omitempty"`
	Methods      []string        `json:"amr,omitempty"`
	Confirmation *Confirmation   `json:"cnf,omitempty"`
	Actor        json.RawMessage `json:"act,omitempty"`
	Details      json.RawMessage `json:"authorization_details,omitempty"`
	Expires      int64           `json:"exp"`
	Issued       int64           `json:"iat"`
	JTI          string          `json:"jti,omitempty"`
	Username     string          `json:"username,omitempty"`
}

// idJSON is the payload of an ID token without the user's attributes.
type idJSON struct {
	Sub           string   `json:"sub"`
	Groups        []string `json:"cognito:groups,omitempty"`
	Roles         []string `json:"cognito:roles,omitempty"`
	PreferredRole string   `json:"cognito:preferred_role,omitempty"`
	Issuer        string   `json:"iss"`
	Username      string   `json:"cognito:username,omitempty"`
	Nonce         string   `json:"nonce,omitempty"`
	AccessHash    string   `json:"at_hash,omitempty"`
	CodeHash      string   `json:"c_hash,omitempty"`
	OriginJTI     string   `json:"origin_jti,omitempty"`
	Audience      ClientID `json:"aud"`
	EventID       string   `json:"event_id,omitempty"`
	TokenUse      string   `json:"token_use"`
	AuthTime      int64    `json:"auth_time"`
	SessionID     string   `json:"sid,omitempty"`
	ACR           string   `json:"acr,omitempty"`
	Methods       []string `json:"amr,omitempty"`
	Expires       int64    `json:"exp"`
	Issued        int64    `json:"iat"`
	JTI           string   `json:"jti,omitempty"`
}

// An audience is one string where it is one (RFC 7519 section 4.1.3).
type audience []string

// MarshalJSON implements json.Marshaler.
func (a audience) MarshalJSON() ([]byte, error) {
	if len(a) == 1 {
		return json.Marshal(a[0])
	}
	return json.Marshal([]string(a))
}

// UnmarshalJSON implements json.Unmarshaler.
func (a *audience) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*a = audience{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(a))
}

// The forms that attributes take in an ID token. Custom attributes are strings.
const (
	formString = iota
	formBool
	formNumber
	formAddress // an object with the one member "formatted" (OpenID Connect Core 5.1.1)
	formIdentities
)

// attributeForms are the standard attributes; sub is a claim of its own.
var attributeForms = map[string]int{
	"name": formString, "given_name": formString, "family_name": formString, "middle_name": formString,
	"nickname": formString, "preferred_username": formString, "profile": formString, "picture": formString,
	"website": formString, "email": formString, "email_verified": formBool, "gender": formString,
	"birthdate": formString, "zoneinfo": formString, "locale": formString, "phone_number": formString,
	"phone_number_verified": formBool, "address": formAddress, "updated_at": formNumber, "identities": formIdentities,
}

// Readable reports whether the client may see an attribute of its users. A client
// that names none may see the standard ones. Developer attributes are for the
// administrator alone.
func (c *Client) Readable(attribute string) bool {
	if strings.HasPrefix(attribute, "dev:") {
		return false
	}
	if attribute == "sub" {
		return true
	}
	if len(c.ReadAttributes) > 0 {
		return slices.Contains(c.ReadAttributes, attribute)
	}
	_, standard := attributeForms[attribute]
	return standard
}

// Released returns the attributes that an ID token shows, without sub: those that
// the client may read, and that the scopes select or that it asked for by name.
func (g *Grant) Released() map[string]string { return g.released(g.Particulars.askedFor(inIDToken)) }

// ReleasedByUserInfo is Released for the userinfo endpoint.
func (g *Grant) ReleasedByUserInfo() map[string]string {
	return g.released(g.Particulars.askedFor(inUserInfo))
}

func (g *Grant) released(asked []string) map[string]string {
	out := make(map[string]string, len(g.User.Attributes))
	for name, value := range g.User.Attributes {
		_, standard := attributeForms[name]
		known := standard || strings.HasPrefix(name, "custom:")
		if known && g.Client.Readable(name) && (g.selects(name) || slices.Contains(asked, name)) {
			out[name] = value
		}
	}
	return out
}

// Standard reports whether claims are those of OpenID Connect Core section 5.4 to the
// letter: in a strict pool, and for clients with settings that Cognito has not.
func (g *Grant) Standard() bool { return g.Pool.Strict || g.Client.OpenID.Standard() }

// selects reports whether the grant's scopes cover an attribute. A native sign-in
// covers all, and so does Cognito's openid without email, phone and profile.
func (g *Grant) selects(attribute string) bool {
	if g.Native {
		return true
	}
	if !slices.Contains(g.Scopes, ScopeOpenID) {
		return false
	}
	selective := func(s string) bool {
		return s == ScopeEmail || s == ScopePhone || s == ScopeProfile || s == ScopeAddress
	}
	if !g.Standard() && !slices.ContainsFunc(g.Scopes, selective) {
		return true
	}
	switch attribute {
	case "email", "email_verified":
		return slices.Contains(g.Scopes, ScopeEmail)
	case "identities": // Cognito's ID tokens have it with openid alone
		return !g.Standard() || slices.Contains(g.Scopes, ScopeProfile)
	case "phone_number", "phone_number_verified":
		return slices.Contains(g.Scopes, ScopePhone)
	case "address":
		if g.Standard() || slices.Contains(g.Scopes, ScopeAddress) { // Cognito's profile has it too
			return slices.Contains(g.Scopes, ScopeAddress)
		}
	}
	return slices.Contains(g.Scopes, ScopeProfile)
}

// withAttributes appends attributes to an encoded JSON object that is not empty.
func withAttributes(object []byte, attributes map[string]string) ([]byte, error) {
	out := object[:len(object)-1]
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		key, err := json.Marshal(name)
		if err != nil {
			return nil, err
		}
		value, err := AttributeClaim(name, attributes[name])
		if err != nil {
			return nil, err
		}
		out = append(append(append(append(out, ','), key...), ':'), value...)
	}
	return append(out, '}'), nil
}

// AttributeClaim returns an attribute as an ID token or a userinfo answer of
// OpenID Connect shows it: a string, a boolean, a number or an object.
func AttributeClaim(name, value string) (json.RawMessage, error) {
	switch attributeForms[name] {
	case formBool:
		return strconv.AppendBool(nil, value == "true"), nil
	case formNumber:
		if n, err := strconv.ParseInt(value, 10, 64); err == nil {
			return strconv.AppendInt(nil, n, 10), nil
		}
	case formAddress:
		return json.Marshal(map[string]string{"formatted": value})
	case formIdentities:
		if raw, ok := identitiesClaim(value); ok {
			return raw, nil
		}
	}
	return json.Marshal(value)
}

// identitiesClaim writes the attribute as Cognito's ID tokens have it, where every value
// is a string.
func identitiesClaim(value string) (json.RawMessage, bool) {
	var list []identityJSON
	if json.Unmarshal([]byte(value), &list) != nil {
		return nil, false
	}
	type claim struct {
		identityJSON
		Primary     string `json:"primary"`
		DateCreated string `json:"dateCreated"`
	}
	out := make([]claim, len(list))
	for i, id := range list {
		out[i] = claim{id, strconv.FormatBool(id.Primary), strconv.FormatInt(id.DateCreated, 10)}
	}
	raw, err := json.Marshal(out)
	return raw, err == nil
}

// groupClaims returns the names of the groups, their roles, and the role of the
// group with the lowest precedence; two different roles at that precedence
// prefer none. A group without precedence stands behind all others.
func groupClaims(groups []*Group) groupClaim {
	c := groupClaim{Groups: []string{}, Roles: []string{}}
	best, preferred := math.MaxInt, ""
	for _, g := range groups {
		c.Groups = append(c.Groups, g.Name)
		if g.RoleARN == "" {
			continue
		}
		rank := math.MaxInt
		if g.Precedence != nil {
			rank = *g.Precedence
		}
		switch {
		case len(c.Roles) == 0 || rank < best:
			best, preferred = rank, g.RoleARN
		case rank == best && preferred != g.RoleARN:
			preferred = ""
		}
		if !slices.Contains(c.Roles, g.RoleARN) {
			c.Roles = append(c.Roles, g.RoleARN)
		}
	}
	if preferred != "" {
		c.Preferred = &preferred
	}
	return c
}
