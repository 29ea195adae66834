package oidcop

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/userpool"
)

// grantExchange is token exchange (RFC 8693): a service turns the token that it was
// called with into one of its own, to call the next service with.
const grantExchange = "urn:ietf:params:oauth:grant-type:token-exchange"

// The kinds of token that are taken (RFC 8693 section 3); access tokens are given.
const (
	kindAccess = "urn:ietf:params:oauth:token-type:access_token"
	kindID     = "urn:ietf:params:oauth:token-type:id_token"
)

// maxActors bounds how many services may stand between the user and the last one.
const maxActors = 5

// A subject is what a token that is presented for exchange says.
type subject struct {
	user     *userpool.User // nil where a client acts for itself
	sub      string         // as the token has it
	client   userpool.ClientID
	scopes   []string
	audience []string
	authTime time.Time
	expires  time.Time
	bound    *userpool.Confirmation
	agreed   userpool.Particulars // what the next token keeps of it
}

var errSubject = oauthFail("invalid_request", "A token that was presented is not valid here, or not this client's to exchange.")

// exchangeToken issues an access token for the user of another one. It never allows
// more than that did: its scopes are some of both the token's and the client's,
// its audience is one of the client's, its user the same, and it ends no later: else
// a token could be exchanged for a fresh one for ever. It has a family of its own,
// and no refresh token.
func (x *exchange) exchangeToken(ctx context.Context, form url.Values) (*userpool.TokenSet, error) {
	s, err := x.subjectOf(ctx, form.Get("subject_token"), form.Get("subject_token_type"))
	if err != nil {
		return nil, err
	}
	if s.user == nil || !idp.Stands(s.user, s.authTime) {
		return nil, errSubject // there is no user to act for
	}
	g := &userpool.Grant{Pool: x.pool, Client: x.app.Client, User: s.user, AuthTime: s.authTime, Until: s.expires, Particulars: s.agreed}
	g.Particulars.Confirmation = x.keepBound(s)
	if g.Scopes, err = x.exchangeScopes(ctx, s, strings.Fields(form.Get("scope"))); err != nil {
		return nil, err
	}
	if err := x.exchangeAudience(g, s, form); err != nil {
		return nil, err
	}
	if raw := form.Get("actor_token"); raw != "" {
		actor, err := x.subjectOf(ctx, raw, form.Get("actor_token_type"))
		if err != nil {
			return nil, err
		}
		if g.Particulars.Actor, err = actsFor(actor, s.agreed.Actor); err != nil {
			return nil, err
		}
	}
	x.granted = g.Scopes
	return x.h.Tokens.IssueFront(ctx, g, userpool.Front{Access: true})
}

// subjectOf verifies a token of this pool that the client may exchange: its own, or
// one of a client that its settings name.
func (x *exchange) subjectOf(ctx context.Context, raw, kind string) (*subject, error) {
	var s *subject
	var err error
	switch kind {
	case kindAccess:
		s, err = x.presentedAccess(ctx, raw)
	case kindID:
		s, err = x.presentedID(ctx, raw)
	default:
		return nil, oauthFail("invalid_request", "Tokens of that type are not exchanged.")
	}
	if isRefusedGrant(err) || err == nil && s.client != x.app.ID && !slices.Contains(x.app.OpenID.ExchangeFrom, string(s.client)) {
		return nil, errSubject
	}
	if err != nil {
		return nil, err
	}
	if b := s.bound; b != nil && (b.Thumbprint != "" && b.Thumbprint != x.held.Thumbprint || b.Certificate != "" && b.Certificate != x.held.Certificate) {
		return nil, oauthFail("invalid_request", "A token that was presented is bound to a key that was not shown.")
	}
	_, err = x.h.client(ctx, x.pool, string(s.client))
	if errors.Is(err, userpool.ErrClientNotFound) {
		return nil, errSubject // its tokens went with it
	}
	return s, err
}

func (x *exchange) presentedAccess(ctx context.Context, raw string) (*subject, error) {
	c, err := x.h.Tokens.VerifyAccess(ctx, raw)
	if err != nil {
		return nil, err
	}
	if c.Pool != x.pool.ID {
		return nil, userpool.ErrNotAuthorized
	}
	return &subject{user: c.User, sub: c.Sub, client: c.Client, scopes: c.Scopes, audience: c.Audience, authTime: c.AuthTime, expires: c.Expires, bound: c.Confirmation,
		agreed: userpool.Particulars{SessionID: c.Particulars.SessionID, ACR: c.ACR, Methods: c.Methods, Actor: c.Actor, Details: c.Details}}, nil
}

// presentedID takes an ID token. It says who somebody is and allows nothing, so
// nothing but that comes of it.
func (x *exchange) presentedID(ctx context.Context, raw string) (*subject, error) {
	c, err := x.h.Tokens.VerifyID(ctx, x.pool.ID, raw)
	if err != nil {
		return nil, err
	}
	user, err := x.h.Tokens.Alive(ctx, c)
	if err != nil {
		return nil, err
	}
	return &subject{user: user, sub: c.Sub, client: c.Client, scopes: []string{userpool.ScopeOpenID}, authTime: c.AuthTime, expires: c.Expires,
		agreed: userpool.Particulars{SessionID: c.SessionID}}, nil
}

// keepBound makes sure that a bound token is exchanged by who holds its key, and for
// a bound one: an exchange is no way to lose the binding.
func (x *exchange) keepBound(s *subject) *userpool.Confirmation {
	if s.bound == nil {
		return x.bound
	}
	both := *s.bound
	if x.bound != nil {
		both.Thumbprint = cmp.Or(both.Thumbprint, x.bound.Thumbprint)
		both.Certificate = cmp.Or(both.Certificate, x.bound.Certificate)
	}
	x.bound = &both
	return x.bound
}

// exchangeScopes are those asked for, or all, of what both the token and the client
// have. Those that are the user's alone do not travel: managing the account, and
// staying signed in.
func (x *exchange) exchangeScopes(ctx context.Context, s *subject, asked []string) ([]string, error) {
	exists, err := x.h.poolScopes(ctx, x.app.Client, x.app.OAuthScopes)
	if err != nil {
		return nil, err
	}
	may := slices.DeleteFunc(slices.Clone(s.scopes), func(scope string) bool {
		return scope == userpool.ScopeAdmin || scope == userpool.ScopeOffline || !slices.Contains(x.app.OAuthScopes, scope) || !exists(scope)
	})
	for _, scope := range asked {
		if !slices.Contains(may, scope) {
			return nil, oauthFail("invalid_scope", "A requested scope is not one of both the token and the client.")
		}
	}
	if len(asked) > 0 {
		may = slices.Compact(slices.Sorted(slices.Values(asked)))
	}
	if len(may) == 0 {
		return nil, oauthFail("invalid_scope", "The token and the client have no scope in common.")
	}
	return may, nil
}

// exchangeAudience settles whom the new token is for: one of the audiences that the
// client's settings list, or else those of the old one.
func (x *exchange) exchangeAudience(g *userpool.Grant, s *subject, form url.Values) error {
	wanted := slices.DeleteFunc([]string{form.Get("resource"), form.Get("audience")}, func(a string) bool { return a == "" })
	if len(wanted) == 0 {
		g.Particulars.Resources = s.audience
		return nil
	}
	for _, a := range wanted {
		if !slices.Contains(x.app.OpenID.Audiences, a) {
			return errTarget
		}
	}
	g.Particulars.Resources = slices.Compact(wanted)
	return nil
}

// actsFor is the act claim of a token by which somebody acts for its user, around the
// one of who did before (RFC 8693 section 4.1).
func actsFor(actor *subject, before json.RawMessage) (json.RawMessage, error) {
	type act struct {
		Subject string            `json:"sub"`
		Client  userpool.ClientID `json:"client_id,omitempty"`
		Before  json.RawMessage   `json:"act,omitempty"`
	}
	depth := 1
	for at := before; len(at) > 0; depth++ {
		var one act
		if err := json.Unmarshal(at, &one); err != nil {
			return nil, err
		}
		at = one.Before
	}
	if depth > maxActors {
		return nil, oauthFail("invalid_request", "The token has been passed on too often.")
	}
	return json.Marshal(act{actor.sub, actor.client, before})
}

// checkExchange refuses an exchange that lacks something, or asks for what is not given.
func checkExchange(form url.Values) error {
	switch {
	case form.Get("subject_token") == "" || form.Get("subject_token_type") == "":
		return oauthFail("invalid_request", "subject_token or subject_token_type is missing.")
	case (form.Get("actor_token") == "") != (form.Get("actor_token_type") == ""):
		return oauthFail("invalid_request", "actor_token and actor_token_type go together.")
	case form.Get("requested_token_type") != "" && form.Get("requested_token_type") != kindAccess:
		return oauthFail("invalid_request", "Only access tokens are given in exchange.")
	}
	return nil
}
