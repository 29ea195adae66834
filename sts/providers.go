package sts

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits of providers.
const (
	maxClientIDs   = 100
	maxThumbprints = 5
)

// CreateSAMLProvider registers an identity provider by its metadata.
func (s *Service) CreateSAMLProvider(ctx context.Context, name, metadata string, tags []Tag) (*SAMLProvider, error) {
	if !validName(name, 128) {
		return nil, fail(ErrInvalidInput, "The specified value for name is invalid.")
	}
	p := &SAMLProvider{Account: s.Account, ID: newID("", 16), Name: name, Created: s.now()}
	if err := s.readMetadata(p, metadata); err != nil {
		return nil, err
	}
	var err error
	if p.Tags, err = setTags(nil, tags); err != nil {
		return nil, err
	}
	err = s.Store.SAMLProviders().Create(ctx, p)
	return p, explain(err, "", "SAMLProvider with name "+name+" already exists.")
}

func (s *Service) readMetadata(p *SAMLProvider, metadata string) error {
	if !utf8.ValidString(metadata) || strings.HasPrefix(metadata, "\ufeff") {
		return fail(ErrInvalidInput, "Could not parse metadata")
	}
	m, err := s.SAML.Metadata([]byte(metadata))
	if err != nil || m.EntityID == "" || len(m.Certificates) == 0 {
		return &Fault{Kind: ErrInvalidInput, Text: "Could not parse metadata", Cause: err}
	}
	p.Metadata, p.EntityID, p.ValidUntil, p.Certificates = metadata, m.EntityID, m.ValidUntil, nil
	for _, c := range m.Certificates {
		p.Certificates = append(p.Certificates, c.Raw)
	}
	return nil
}

func (s *Service) samlName(arn string) string {
	account, resource, ok := cutARN(arn, "iam")
	name, isProvider := strings.CutPrefix(resource, "saml-provider/")
	if !ok || !isProvider || account != s.Account {
		return ""
	}
	return name
}

func noSAML(err error, arn string) error {
	return explain(err, "Manifest not found for arn "+arn, "")
}

// SAMLProvider returns a provider by its ARN.
func (s *Service) SAMLProvider(ctx context.Context, arn string) (*SAMLProvider, error) {
	p, err := s.Store.SAMLProviders().Get(ctx, s.Account, s.samlName(arn))
	return p, noSAML(err, arn)
}

// UpdateSAMLProvider replaces the metadata.
func (s *Service) UpdateSAMLProvider(ctx context.Context, arn, metadata string) error {
	_, err := s.Store.SAMLProviders().Update(ctx, s.Account, s.samlName(arn), func(p *SAMLProvider) error {
		return s.readMetadata(p, metadata)
	})
	return noSAML(err, arn)
}

// SAMLProviders returns all providers.
func (s *Service) SAMLProviders(ctx context.Context) ([]*SAMLProvider, error) {
	return all(ctx, s.Store.SAMLProviders(), s.Account)
}

func all[T any](ctx context.Context, c Collection[T], account string) (out []*T, err error) {
	for after := ""; ; {
		part, next, err := c.List(ctx, account, after, 100)
		if err != nil {
			return nil, err
		}
		out = append(out, part...)
		if after = next; next == "" {
			return out, nil
		}
	}
}

// DeleteSAMLProvider deletes a provider.
func (s *Service) DeleteSAMLProvider(ctx context.Context, arn string) error {
	return noSAML(s.Store.SAMLProviders().Delete(ctx, s.Account, s.samlName(arn), always), arn)
}

// TagSAMLProvider lays tags over those of the provider; UntagSAMLProvider removes some.
func (s *Service) TagSAMLProvider(ctx context.Context, arn string, tags []Tag) error {
	_, err := s.Store.SAMLProviders().Update(ctx, s.Account, s.samlName(arn), func(p *SAMLProvider) (err error) {
		p.Tags, err = setTags(p.Tags, tags)
		return err
	})
	return noSAML(err, arn)
}

// UntagSAMLProvider removes tags.
func (s *Service) UntagSAMLProvider(ctx context.Context, arn string, keys []string) error {
	_, err := s.Store.SAMLProviders().Update(ctx, s.Account, s.samlName(arn), func(p *SAMLProvider) error {
		p.Tags = dropTags(p.Tags, keys)
		return nil
	})
	return noSAML(err, arn)
}

// CreateOIDCProvider registers an issuer. Unlike AWS's, its URL may have a port,
// and may be http if it leads to this machine or is an issuer of this server.
func (s *Service) CreateOIDCProvider(ctx context.Context, issuer string, clientIDs, thumbprints []string, tags []Tag) (*OIDCProvider, error) {
	if err := s.checkIssuer(issuer); err != nil {
		return nil, err
	}
	p := &OIDCProvider{Account: s.Account, URL: providerURL(issuer), Issuer: issuer, Created: s.now()}
	var err error
	if p.Tags, err = setTags(nil, tags); err != nil {
		return nil, err
	}
	if err := p.setThumbprints(thumbprints); err != nil {
		return nil, err
	}
	for _, id := range clientIDs {
		if err := p.addClient(id); err != nil {
			return nil, err
		}
	}
	err = s.Store.OIDCProviders().Create(ctx, p)
	return p, explain(err, "", "Provider with url "+issuer+" already exists.")
}

func (s *Service) checkIssuer(issuer string) error {
	u, err := url.Parse(issuer)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || len(issuer) > 255 ||
		strings.ContainsAny(issuer, "*? \t\r\n") {
		return fail(ErrInvalidInput, "Invalid Open ID Connect Provider URL")
	}
	ours := issuer == s.PublicURL || strings.HasPrefix(issuer, s.PublicURL+"/")
	host := u.Hostname()
	local := host == "localhost" || host == "127.0.0.1" || host == "::1"
	if u.Scheme != "https" && !(u.Scheme == "http" && (ours || local)) {
		return fail(ErrInvalidInput, "Invalid Open ID Connect Provider URL")
	}
	return nil
}

func (p *OIDCProvider) setThumbprints(list []string) error {
	if len(list) > maxThumbprints {
		return fail(ErrInvalidInput, "Thumbprint list must contain fewer than 5 entries.")
	}
	for _, t := range list {
		if len(t) != 40 || strings.Trim(strings.ToLower(t), "0123456789abcdef") != "" {
			return fail(ErrInvalidInput, "Thumbprint must be 40 hexadecimal digits.")
		}
	}
	p.Thumbprints = slices.Clone(list)
	return nil
}

func (p *OIDCProvider) addClient(id string) error {
	switch {
	case id == "" || len(id) > 255:
		return fail(ErrInvalidInput, "The specified value for clientID is invalid.")
	case slices.Contains(p.ClientIDs, id):
		return nil
	case len(p.ClientIDs) >= maxClientIDs:
		return fail(ErrLimitExceeded, "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100")
	}
	p.ClientIDs = append(p.ClientIDs, id)
	return nil
}

func (s *Service) oidcURL(arn string) string {
	account, resource, ok := cutARN(arn, "iam")
	name, isProvider := strings.CutPrefix(resource, "oidc-provider/")
	if !ok || !isProvider || account != s.Account {
		return ""
	}
	return name
}

func noOIDC(err error, arn string) error {
	return explain(err, "OpenIDConnect Provider not found for arn "+arn, "")
}

// OIDCProvider returns a provider by its ARN.
func (s *Service) OIDCProvider(ctx context.Context, arn string) (*OIDCProvider, error) {
	p, err := s.Store.OIDCProviders().Get(ctx, s.Account, s.oidcURL(arn))
	return p, noOIDC(err, arn)
}

// OIDCProviders returns all providers.
func (s *Service) OIDCProviders(ctx context.Context) ([]*OIDCProvider, error) {
	return all(ctx, s.Store.OIDCProviders(), s.Account)
}

// DeleteOIDCProvider deletes a provider. Deleting one that is gone is no error.
func (s *Service) DeleteOIDCProvider(ctx context.Context, arn string) error {
	err := s.Store.OIDCProviders().Delete(ctx, s.Account, s.oidcURL(arn), always)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

func (s *Service) updateOIDC(ctx context.Context, arn string, fn func(*OIDCProvider) error) error {
	_, err := s.Store.OIDCProviders().Update(ctx, s.Account, s.oidcURL(arn), fn)
	return noOIDC(err, arn)
}

// AddClientID lets tokens for another client in.
func (s *Service) AddClientID(ctx context.Context, arn, id string) error {
	return s.updateOIDC(ctx, arn, func(p *OIDCProvider) error { return p.addClient(id) })
}

// RemoveClientID keeps tokens for a client out; removing an absent one is no error.
func (s *Service) RemoveClientID(ctx context.Context, arn, id string) error {
	return s.updateOIDC(ctx, arn, func(p *OIDCProvider) error {
		p.ClientIDs = slices.DeleteFunc(p.ClientIDs, func(c string) bool { return c == id })
		return nil
	})
}

// SetThumbprints replaces the thumbprints.
func (s *Service) SetThumbprints(ctx context.Context, arn string, list []string) error {
	return s.updateOIDC(ctx, arn, func(p *OIDCProvider) error { return p.setThumbprints(list) })
}

// TagOIDCProvider lays tags over those of the provider.
func (s *Service) TagOIDCProvider(ctx context.Context, arn string, tags []Tag) error {
	return s.updateOIDC(ctx, arn, func(p *OIDCProvider) (err error) { p.Tags, err = setTags(p.Tags, tags); return err })
}

// UntagOIDCProvider removes tags.
func (s *Service) UntagOIDCProvider(ctx context.Context, arn string, keys []string) error {
	return s.updateOIDC(ctx, arn, func(p *OIDCProvider) error { p.Tags = dropTags(p.Tags, keys); return nil })
}
