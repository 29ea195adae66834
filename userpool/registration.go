package userpool

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"time"
)

// ErrRegistration is what a token is that lets nobody register, or manage a client.
var ErrRegistration = Fail(ErrNotAuthorized, "The registration token is not valid.")

// An initialToken is what an initial access token says (RFC 7591 section 3). It is
// sealed, and how often it was used is counted.
type initialToken struct {
	ID      string `json:"i"`
	Uses    int    `json:"n"`
	Expires int64  `json:"e"` // Unix seconds
}

func initialAAD(pool PoolID) string { return "userpool/registration/" + string(pool) }

// NewRegistrationToken returns a token by which clients may register themselves in a
// pool, so many times and for so long.
func (s *Service) NewRegistrationToken(ctx context.Context, pool PoolID, uses int, life time.Duration) (token string, expires time.Time, err error) {
	if _, err := s.Pool(ctx, pool); err != nil {
		return "", time.Time{}, err
	}
	expires = s.Now().Add(life).UTC().Truncate(time.Second)
	plain, err := json.Marshal(initialToken{ID: rand.Text(), Uses: uses, Expires: expires.Unix()})
	if err != nil {
		return "", time.Time{}, err
	}
	sealed, err := s.Keys.Seal(plain, initialAAD(pool))
	return base64.RawURLEncoding.EncodeToString(sealed), expires, err
}

// useRegistrationToken counts one use of an initial access token, or returns
// ErrRegistration. A use that comes to nothing counts too.
func (s *Service) useRegistrationToken(ctx context.Context, pool PoolID, token string) error {
	sealed, err := strictURL.DecodeString(token)
	if err != nil || len(token) > 1024 || strings.ContainsAny(token, "\r\n") {
		return ErrRegistration
	}
	plain, err := s.Keys.Open(sealed, initialAAD(pool))
	if err != nil {
		return ErrRegistration
	}
	var t initialToken
	if err := json.Unmarshal(plain, &t); err != nil {
		return err
	}
	left := time.Unix(t.Expires, 0).Sub(s.Now())
	if left <= 0 {
		return ErrRegistration
	}
	n, err := s.Ephemeral.Count(ctx, "registration-token", string(pool)+"/"+t.ID, 1, left)
	if err == nil && n > int64(t.Uses) {
		err = ErrRegistration
	}
	return err
}

// registrationScopes are what clients that register themselves can ask for: a user's
// claims, and never the user pools API or an API of the company's.
var registrationScopes = []string{ScopeOpenID, ScopeEmail, ScopePhone, ScopeProfile, ScopeAddress, ScopeOffline}

// A Registration is what a client asks for when it registers itself, or changes what
// it registered.
type Registration struct {
	Name         string
	RedirectURIs []string
	LogoutURIs   []string
	Scopes       []string // all that can be had, where empty
	Implicit     bool     // tokens sent by the browser
	OpenID       OpenIDClient
}

// Register makes a client that nobody vouches for (RFC 7591 section 3.1) and returns
// the token that it manages itself with (RFC 7592). initial is the initial access
// token, for pools that ask for one; it returns ErrRegistration without a good
// one, and ErrForbidden where clients cannot register.
func (s *Service) Register(ctx context.Context, pool PoolID, initial string, r *Registration) (*Client, string, error) {
	p, err := s.Pool(ctx, pool)
	if err != nil {
		return nil, "", err
	}
	switch p.OpenID.Registration {
	case RegistrationOpen:
	case RegistrationToken:
		if err := s.useRegistrationToken(ctx, pool, initial); err != nil {
			return nil, "", err
		}
	default:
		return nil, "", Fail(ErrForbidden, "Clients cannot register themselves at this user pool.")
	}
	c := NewClient(pool, r.Name)
	if err := r.fill(p, c); err != nil {
		return nil, "", err
	}
	token := rand.Text() + rand.Text()
	c.OpenID.Registered, c.OpenID.RegistrationToken = true, hashRegistration(token)
	c, err = s.CreateClient(ctx, c)
	return c, token, err
}

// fill gives a client what was asked for.
func (r *Registration) fill(p *Pool, c *Client) error {
	if r.Implicit && (p.Strict || !p.OpenID.ImplicitClients) {
		return invalid("response_types: this user pool sends clients that register themselves no tokens by the browser.")
	}
	if len(r.RedirectURIs) == 0 {
		return invalid("redirect_uris are missing.")
	}
	for _, scope := range r.Scopes {
		if !slices.Contains(registrationScopes, scope) {
			return invalid("scope: %s cannot be had by registration.", scope)
		}
	}
	if c.Name = r.Name; c.Name == "" {
		c.Name = "Registered client"
	}
	c.CallbackURLs, c.LogoutURLs, c.OAuthScopes = r.RedirectURIs, r.LogoutURIs, r.Scopes
	if len(c.OAuthScopes) == 0 {
		c.OAuthScopes = registrationScopes
	}
	c.OAuthEnabled, c.OAuthFlows, c.HideUserExistence = true, []string{"code"}, true
	if r.Implicit {
		c.OAuthFlows = append(c.OAuthFlows, "implicit")
	}
	c.IdentityProviders, c.ExplicitAuthFlows = []string{"COGNITO"}, []string{refreshFlow}
	before := c.OpenID
	c.OpenID = r.OpenID.Clone()
	c.OpenID.Logo = before.Logo
	for _, m := range ownMembers { // an administrator's
		reflect.ValueOf(m.at(&c.OpenID)).Elem().Set(reflect.ValueOf(m.at(&before)).Elem())
	}
	if before.Registered && before.AuthMethod != AuthNone && c.OpenID.AuthMethod == AuthNone {
		return invalid("token_endpoint_auth_method: a client that authenticates itself cannot become one that does not.")
	}
	if needsSecret(c) && c.Secret == "" {
		c.Secret = NewClientSecret() + NewClientSecret() // enough for HS512
	}
	return c.validateRedirects()
}

// needsSecret reports whether a client shares a secret with this server.
func needsSecret(c *Client) bool {
	return slices.Contains([]string{AuthBasic, AuthPost, AuthSecretJWT}, c.OpenID.AuthMethod)
}

// validateRedirects holds redirect addresses to a client's application type (OpenID
// Connect Dynamic Client Registration 1.0 section 2, RFC 8252 section 7).
func (c *Client) validateRedirects() error {
	for _, raw := range c.CallbackURLs {
		if checkRedirect(raw) != nil {
			return invalid("redirect_uris: %s is not https, a loopback address or a scheme of an app's own, or has a fragment.", raw)
		}
		scheme, _, _ := strings.Cut(raw, ":")
		switch {
		case c.OpenID.ApplicationType != "native" && !strings.EqualFold(scheme, "https"):
			return invalid("redirect_uris: %s is not https, as those of web applications have to be.", raw)
		case !strings.EqualFold(scheme, "https") && !strings.EqualFold(scheme, "http") && !strings.Contains(scheme, "."):
			return invalid("redirect_uris: the scheme %s is no domain name in reverse.", scheme)
		}
	}
	return nil
}

func hashRegistration(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// Registered returns a client that registered itself, by the token that it manages
// itself with. Whatever is wrong, also that there is no such client, is
// ErrRegistration.
func (s *Service) Registered(ctx context.Context, pool PoolID, id ClientID, token string) (*Client, error) {
	c, err := s.Client(ctx, pool, id)
	if errors.Is(err, ErrClientNotFound) || errors.Is(err, ErrPoolNotFound) {
		return nil, ErrRegistration
	}
	if err != nil {
		return nil, err
	}
	if !c.OpenID.Registered || subtle.ConstantTimeCompare(c.OpenID.RegistrationToken, hashRegistration(token)) != 1 {
		return nil, ErrRegistration
	}
	return c, nil
}

// UpdateRegistration replaces what a client registered and returns its next token.
// Of several holders of one token, one changes it.
func (s *Service) UpdateRegistration(ctx context.Context, pool PoolID, id ClientID, token string, r *Registration) (*Client, string, error) {
	c, err := s.Registered(ctx, pool, id, token)
	if err != nil {
		return nil, "", err
	}
	p, err := s.Pool(ctx, pool)
	if err != nil {
		return nil, "", err
	}
	next := *c
	if err := r.fill(p, &next); err != nil {
		return nil, "", err
	}
	successor := rand.Text() + rand.Text()
	next.OpenID.Registered, next.OpenID.RegistrationToken = true, hashRegistration(successor)
	if err := s.validateClient(ctx, p, &next); err != nil {
		return nil, "", err
	}
	next.Modified = s.now()
	updated, err := s.Store.UpdateClient(ctx, pool, id, func(c *Client) error {
		if subtle.ConstantTimeCompare(c.OpenID.RegistrationToken, hashRegistration(token)) != 1 {
			return ErrRegistration
		}
		*c = next
		return nil
	})
	return updated, successor, namedClient(err, id)
}

// DeleteRegistration deletes a client at its own wish (RFC 7592 section 2.3).
func (s *Service) DeleteRegistration(ctx context.Context, pool PoolID, id ClientID, token string) error {
	if _, err := s.Registered(ctx, pool, id, token); err != nil {
		return err
	}
	return s.DeleteClient(ctx, pool, id)
}
