package userpool

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"maps"
	"reflect"
	"slices"
	"time"
)

// Bounds of a provider's settings.
const (
	maxGroupMappings   = 500
	maxProviderDomains = 100
	maxProviderText    = 2048 // bytes of a claim, a group upstream, an URN
	maxProviderList    = 20
	maxProviderSkew    = 10 * time.Minute
	maxValidDays       = 3650
)

// PutProviderSettings gives a provider settings in place of those that it has. The
// groups of the pool that they name must exist.
func (s *Service) PutProviderSettings(ctx context.Context, pool PoolID, name string, settings ProviderSettings) (*Provider, error) {
	owner, err := s.Pool(ctx, pool)
	if err != nil {
		return nil, err
	}
	if err := s.groupsExist(ctx, pool, settings); err != nil {
		return nil, err
	}
	p, err := s.Store.UpdateProvider(ctx, pool, name, func(p *Provider) error {
		p.Settings, p.Modified = settings, s.now()
		return p.checkSettings(owner)
	})
	return p, namedProvider(err, pool, name)
}

// TryProviderSettings returns a provider as it would be with those settings.
func (s *Service) TryProviderSettings(ctx context.Context, pool *Pool, p *Provider, settings ProviderSettings) (*Provider, error) {
	if err := s.groupsExist(ctx, pool.ID, settings); err != nil {
		return nil, err
	}
	tried := *p
	tried.Settings = settings
	return &tried, tried.checkSettings(pool)
}

func (s *Service) groupsExist(ctx context.Context, pool PoolID, settings ProviderSettings) error {
	for _, g := range slices.Sorted(maps.Values(settings.Groups)) {
		if _, err := s.Store.Group(ctx, pool, g); errors.Is(err, ErrGroupNotFound) {
			return invalid("The group %s does not exist.", g)
		} else if err != nil {
			return err
		}
	}
	return nil
}

func (p *Provider) checkSettings(pool *Pool) error {
	set := &p.Settings
	for _, check := range []error{p.checkSync(pool), p.checkExpressions(pool), set.checkGroups(), set.checkLink(), set.SAML.check(), set.OIDC.check()} {
		if check != nil {
			return check
		}
	}
	saml := set.SAML
	switch {
	case p.Type != ProviderSAML && !reflect.ValueOf(saml).IsZero():
		return invalid("Only SAML providers have SAML settings.")
	case p.Type == ProviderSAML && !reflect.ValueOf(set.OIDC).IsZero():
		return invalid("SAML providers have no OIDC settings.")
	case p.Type != ProviderOIDC && set.OIDC.SignOut:
		return invalid("SignOut is for providers of the type OIDC: the social ones have no address for it.")
	}
	return nil
}

// checkSync refuses modes that would keep people out: an immutable attribute cannot be
// written twice, and a required one must be written at first.
func (p *Provider) checkSync(pool *Pool) error {
	for _, name := range slices.Sorted(maps.Keys(p.Settings.Sync)) {
		a, mode := pool.Attribute(name), p.Settings.Sync[name]
		switch {
		case a == nil || a.Developer || name == "sub" || name == "identities":
			return invalid("Invalid attribute %s in Sync.", name)
		case mode != SyncCreate && mode != SyncLogin && mode != SyncNever:
			return invalid("The mode of %s in Sync must be create, login or never.", name)
		case mode == SyncLogin && !a.Mutable:
			return invalid("%s is immutable, and cannot be written at each sign-in.", name)
		case mode == SyncNever && a.Required:
			return invalid("%s is required, and must be written when a user is made.", name)
		}
	}
	return nil
}

func (s *ProviderSettings) checkGroups() error {
	switch {
	case len(s.Groups) > maxGroupMappings:
		return invalid("Groups can have 500 members.")
	case len(s.Groups) > 0 && s.GroupsClaim == "":
		return invalid("Groups needs GroupsClaim.")
	case badSetting(s.GroupsClaim):
		return invalid("GroupsClaim is too long or not valid text.")
	}
	for upstream := range s.Groups {
		if upstream == "" || badSetting(upstream) {
			return invalid("A group upstream is empty, too long or not valid text.")
		}
	}
	return nil
}

func (s *ProviderSettings) checkLink() error {
	if len(s.Domains) > maxProviderDomains {
		return invalid("Domains can have 100 members.")
	}
	for i, d := range s.Domains {
		if !isHostName(d) || slices.Contains(s.Domains[:i], d) {
			return invalid("%s in Domains is no domain in lower case, or there twice.", d)
		}
	}
	switch s.Link {
	case LinkNever, LinkProof:
		return nil
	case LinkDomain:
		if len(s.Domains) == 0 {
			return invalid("Link domain needs Domains.")
		}
		return nil
	}
	return invalid("Link must be proof, domain or empty.")
}

func (s *SAMLSettings) check() error {
	switch {
	case s.Skew < 0 || s.Skew > maxProviderSkew:
		return invalid("The tolerance of clocks can be 10 minutes.")
	case s.MetadataValidDays < 0 || s.MetadataValidDays > maxValidDays:
		return invalid("MetadataValidDays can be 0 to %d.", maxValidDays)
	case badSetting(s.MetadataQueryEntity) || badList(s.ScopedAttributes):
		return invalid("A SAML setting is too long or not valid text.")
	case badSetting(s.NameIDFormat) || badSetting(s.SubjectAttribute) || badList(s.Contexts):
		return invalid("A SAML setting is too long or not valid text.")
	case s.MetadataKey == "":
		return nil
	case len(s.MetadataKey) > maxDetail*2:
		return invalid("MetadataKey is too long.")
	}
	block, _ := pem.Decode([]byte(s.MetadataKey))
	if block == nil {
		return invalid("MetadataKey must be a certificate in PEM.")
	}
	if _, err := x509.ParseCertificate(block.Bytes); err != nil {
		return invalid("MetadataKey must be a certificate in PEM.")
	}
	return nil
}

func (s *OIDCSettings) check() error {
	if !slices.Contains([]Dialect{DialectIssuer, DialectGitHub, DialectMicrosoft}, s.Dialect) {
		return invalid("Dialect must be github, microsoft or empty.")
	}
	if badList(s.Tenants) {
		return invalid("Tenants can be 20, and each a valid text.")
	}
	return nil
}

func badSetting(text string) bool { return len(text) > maxProviderText || notText(text) }

func badList(list []string) bool {
	return len(list) > maxProviderList || slices.ContainsFunc(list, func(t string) bool { return t == "" || badSetting(t) })
}
