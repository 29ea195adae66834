package sts

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
)

// Limits of OpenID providers.
const (
	maxClientIDs   = 100
	maxThumbprints = 5
)

var tooManyClients = fail(ErrLimitExceeded, "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100")

// A ThumbprintSource asks an issuer for its certificates.
type ThumbprintSource interface {
	// Thumbprint returns the SHA-1 thumbprint, in hexadecimal digits, of the last
	// certificate that the server of an issuer's keys shows.
	Thumbprint(ctx context.Context, issuer string) (string, error)
}

// thumbprints are those that a provider gets which was registered without any. An
// issuer without TLS, on this machine, has none.
func (s *Service) thumbprints(ctx context.Context, issuer string) ([]string, error) {
	if s.Thumbprints == nil || !strings.HasPrefix(issuer, "https://") {
		return nil, nil
	}
	t, err := s.Thumbprints.Thumbprint(ctx, issuer)
	if err != nil {
		return nil, &Fault{Kind: ErrIDPCommunication, Text: "The OpenID Connect provider cannot be reached. Check its URL, or give a thumbprint list.", Cause: err}
	}
	return []string{t}, nil
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
	if len(clientIDs) > maxClientIDs {
		return nil, tooManyClients
	}
	for _, id := range clientIDs {
		if err := p.addClient(id); err != nil {
			return nil, err
		}
	}
	if len(thumbprints) == 0 {
		if thumbprints, err = s.thumbprints(ctx, issuer); err != nil {
			return nil, err
		}
	}
	if err := p.setThumbprints(thumbprints); err != nil {
		return nil, err
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
	if own := s.OutboundIssuer(); providerURL(issuer) == providerURL(own) {
		return fail(ErrInvalidInput, "Tokens of "+own+" say who has a session here. They are for others.")
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
		return tooManyClients
	}
	p.ClientIDs = append(p.ClientIDs, id)
	return nil
}

func noOIDC(err error, arn string) error {
	return explain(err, "OpenIDConnect Provider not found for arn "+arn, "")
}

// OIDCProvider returns a provider by its ARN.
func (s *Service) OIDCProvider(ctx context.Context, arn string) (*OIDCProvider, error) {
	url, err := s.providerName(arn, "oidc-provider")
	if err != nil {
		return nil, noOIDC(err, arn)
	}
	p, err := s.Store.OIDCProviders().Get(ctx, s.Account, url)
	return p, noOIDC(err, arn)
}

// OIDCProviders returns all providers.
func (s *Service) OIDCProviders(ctx context.Context) ([]*OIDCProvider, error) {
	return all(ctx, s.Store.OIDCProviders(), s.Account)
}

// DeleteOIDCProvider deletes a provider. Deleting one that is gone is no error.
func (s *Service) DeleteOIDCProvider(ctx context.Context, arn string) error {
	url, err := s.providerName(arn, "oidc-provider")
	if err == nil {
		err = s.Store.OIDCProviders().Delete(ctx, s.Account, url, always)
	}
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

func (s *Service) updateOIDC(ctx context.Context, arn string, fn func(*OIDCProvider) error) error {
	url, err := s.providerName(arn, "oidc-provider")
	if err == nil {
		_, err = s.Store.OIDCProviders().Update(ctx, s.Account, url, fn)
	}
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
