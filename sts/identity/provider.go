package identity

import "strings"

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
	arn      string // for an OpenID Connect provider of the account
	issuer   string // for a public provider
	clients  map[string]bool
	checked  map[string]bool // clients whose user pool is asked at each use
}

// publicIssuers are the public providers whose tokens carry a signature that can
// be verified. The access tokens of graph.facebook.com and www.amazon.com mean
// something to those services only.
var publicIssuers = map[string]string{
	"accounts.google.com": "https://accounts.google.com",
	"appleid.apple.com":   "https://appleid.apple.com",
}

// method returns how logins of a provider are verified in a pool.
func (s *Service) method(p *Pool, provider string) (*method, error) {
	m := &method{clients: map[string]bool{}, checked: map[string]bool{}}
	m.name, m.userPool = s.canonical(provider)
	for _, up := range p.Settings.UserPools {
		if name, _ := s.canonical(up.Name); m.userPool != "" && name == m.name {
			m.clients[up.Client] = true
			m.checked[up.Client] = m.checked[up.Client] || up.ServerSideCheck // both spellings of a pool may be listed
		}
	}
	if len(m.clients) > 0 {
		return m, nil
	}
	for _, arn := range p.Settings.OIDCProviders {
		if ProviderOfARN(arn) == provider {
			m.name, m.userPool, m.arn = provider, "", arn
			return m, nil
		}
	}
	client, ok := p.Settings.LoginProviders[provider]
	if !ok {
		return nil, errProvider
	}
	if m.issuer, ok = publicIssuers[provider]; !ok {
		return nil, fail(ErrInvalidParameter, "Logins of "+provider+" cannot be verified by this server.")
	}
	for _, c := range strings.FieldsFunc(client, func(r rune) bool { return r == ',' || r == ' ' }) {
		m.clients[c] = true
	}
	return m, nil
}
