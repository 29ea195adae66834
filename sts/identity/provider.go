package identity

import (
	"slices"
	"strings"
)

// Names of a user pool as a provider: AWS's, which is also how it is stored and
// reported, and its issuer here without the scheme.
const userPoolHost = "cognito-idp."

// canonical returns the one spelling of a provider's name, and the user pool it
// is, empty for other providers.
func (s *Service) canonical(name string) (canonical, userPool string) {
	host, pool, ok := strings.Cut(name, "/")
	if ok && strings.HasPrefix(host, userPoolHost) && strings.HasSuffix(host, ".amazonaws.com") && !strings.Contains(pool, "/") {
		return name, pool
	}
	pool = name[strings.LastIndexByte(name, '/')+1:]
	if pool != name && withoutScheme(s.Issuer(pool)) == name {
		return userPoolHost + s.Region + ".amazonaws.com/" + pool, pool
	}
	return name, ""
}

func withoutScheme(issuer string) string {
	_, rest, _ := strings.Cut(issuer, "://")
	return strings.TrimSuffix(rest, "/")
}

// ProviderOfARN returns the host and path of an OpenID Connect provider's ARN,
// empty for anything else.
func ProviderOfARN(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "iam" {
		return ""
	}
	name, ok := strings.CutPrefix(parts[5], "oidc-provider/")
	if !ok {
		return ""
	}
	return name
}

// A method is a provider of a pool that a login may come from.
type method struct {
	name     string // canonical
	userPool string // for a user pool
	arn      string // for an OpenID Connect or SAML provider of the account
	saml     bool
	issuer   string // for a public provider with ID tokens
	access   bool   // for a public provider whose tokens only it understands
	clients  map[string]bool
	checked  map[string]bool // clients whose user pool is asked at each use
}

// Ways of signing in as pool tokens call them.
const (
	methodUserPool = "CognitoSignIn"
	methodOIDC     = "OIDC"
	methodSAML     = "SAML"
	methodAccess   = "OAuth"
)

var allMethods = []string{methodUserPool, methodOIDC, methodSAML, methodAccess}

// how is what a pool token calls the way of signing in.
func (m *method) how() string {
	switch {
	case m.userPool != "":
		return methodUserPool
	case m.saml:
		return methodSAML
	case m.access:
		return methodAccess
	}
	return methodOIDC
}

// publicIssuers are the public providers whose tokens carry a signature that can
// be verified.
var publicIssuers = map[string]string{
	"accounts.google.com": "https://accounts.google.com",
	"appleid.apple.com":   "https://appleid.apple.com",
}

// accessTokenProviders are the public providers that have to be asked what their
// tokens mean.
var accessTokenProviders = []string{"graph.facebook.com", "www.amazon.com"}

// deadProviders gave out tokens once.
var deadProviders = []string{"api.twitter.com", "www.digits.com"}

// method returns how logins of a provider are verified in a pool.
func (s *Service) method(p *Pool, provider string) (*method, error) {
	if m := s.userPoolMethod(p, provider); m != nil {
		return m, nil
	}
	m := &method{name: provider, clients: map[string]bool{}}
	for _, arn := range p.Settings.OIDCProviders {
		if ProviderOfARN(arn) == provider || arn == provider {
			m.name, m.arn = ProviderOfARN(arn), arn
			return m, nil
		}
	}
	if slices.Contains(p.Settings.SAMLProviders, provider) {
		m.arn, m.saml = provider, true
		return m, nil
	}
	return m, m.public(p)
}

// userPoolMethod returns nil where a provider is no user pool of the pool.
func (s *Service) userPoolMethod(p *Pool, provider string) *method {
	m := &method{clients: map[string]bool{}, checked: map[string]bool{}}
	m.name, m.userPool = s.canonical(provider)
	for _, up := range p.Settings.UserPools {
		if name, _ := s.canonical(up.Name); m.userPool != "" && name == m.name {
			m.clients[up.Client] = true
			m.checked[up.Client] = m.checked[up.Client] || up.ServerSideCheck // both spellings of a pool may be listed
		}
	}
	if len(m.clients) == 0 {
		return nil
	}
	return m
}

// public fills in how logins of a public provider are verified.
func (m *method) public(p *Pool) error {
	clients, ok := p.Settings.LoginProviders[m.name]
	if !ok {
		return errProvider
	}
	for _, c := range strings.Split(clients, ";") { // Google gives each platform a client of its own
		m.clients[c] = c != ""
	}
	m.issuer, m.access = publicIssuers[m.name], slices.Contains(accessTokenProviders, m.name)
	switch {
	case slices.Contains(deadProviders, m.name):
		return fail(ErrInvalidParameter, m.name+" gives out tokens no more; logins of it cannot be verified.")
	case m.issuer == "" && !m.access:
		return fail(ErrInvalidParameter, "Logins of "+m.name+" cannot be verified by this server.")
	}
	return nil
}
