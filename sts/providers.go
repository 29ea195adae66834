package sts

import (
	"context"
	"strings"
	"unicode/utf8"
)

// CreateSAMLProvider registers an identity provider by its metadata.
func (s *Service) CreateSAMLProvider(ctx context.Context, name, metadata string, tags []Tag) (*SAMLProvider, error) {
	return s.CreateSAMLProviderWith(ctx, name, SAMLChange{Metadata: &metadata}, tags)
}

// CreateSAMLProviderWith is CreateSAMLProvider for one that encrypts its assertions.
func (s *Service) CreateSAMLProviderWith(ctx context.Context, name string, c SAMLChange, tags []Tag) (p *SAMLProvider, err error) {
	if !validName(name, 128) || c.Metadata == nil {
		return nil, fail(ErrInvalidInput, "The specified value for name is invalid.")
	}
	p = &SAMLProvider{Account: s.Account, ID: newID("", 16), Name: name, Created: s.now()}
	if p.Tags, err = setTags(nil, tags); err != nil {
		return nil, err
	}
	err = s.withKey(ctx, p.ID, c, func(key *SAMLKeyRef) error {
		if err := s.changeSAML(p, c, key); err != nil {
			return err
		}
		return s.Store.SAMLProviders().Create(ctx, p)
	})
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

// providerName returns what stands behind kind in the ARN of a provider. That of
// another account is nobody's.
func (s *Service) providerName(arn, kind string) (string, error) {
	account, resource, ok := cutARN(arn, "iam")
	name, isProvider := strings.CutPrefix(resource, kind+"/")
	if !ok || !isProvider || name == "" {
		return "", fail(ErrInvalidInput, "ARN "+arn+" is not valid.")
	}
	if account != s.Account {
		return "", ErrNotFound
	}
	return name, nil
}

func noSAML(err error, arn string) error {
	return explain(err, "Manifest not found for arn "+arn, "")
}

// SAMLProvider returns a provider by its ARN.
func (s *Service) SAMLProvider(ctx context.Context, arn string) (*SAMLProvider, error) {
	name, err := s.providerName(arn, "saml-provider")
	if err != nil {
		return nil, noSAML(err, arn)
	}
	p, err := s.Store.SAMLProviders().Get(ctx, s.Account, name)
	return p, noSAML(err, arn)
}

func (s *Service) updateSAML(ctx context.Context, arn string, fn func(*SAMLProvider) error) error {
	name, err := s.providerName(arn, "saml-provider")
	if err == nil {
		_, err = s.Store.SAMLProviders().Update(ctx, s.Account, name, fn)
	}
	return noSAML(err, arn)
}

// A SAMLChange is what changes of a provider; what is left out stays.
type SAMLChange struct {
	Metadata   *string
	Encryption *Encryption
	AddKey     *string // RSA private key in PEM, PKCS #8 or PKCS #1
	RemoveKey  *string // ID; it goes before the other comes
}

// UpdateSAMLProvider replaces the metadata.
func (s *Service) UpdateSAMLProvider(ctx context.Context, arn, metadata string) error {
	return s.ChangeSAMLProvider(ctx, arn, SAMLChange{Metadata: &metadata})
}

// ChangeSAMLProvider replaces the metadata, or how assertions are encrypted.
func (s *Service) ChangeSAMLProvider(ctx context.Context, arn string, c SAMLChange) error {
	p, err := s.SAMLProvider(ctx, arn)
	if err != nil {
		return err
	}
	err = s.withKey(ctx, p.ID, c, func(key *SAMLKeyRef) error {
		_, err := s.Store.SAMLProviders().Update(ctx, s.Account, p.Name, func(now *SAMLProvider) error {
			if now.ID != p.ID {
				return noSAML(ErrNotFound, arn)
			}
			return s.changeSAML(now, c, key)
		})
		return err
	})
	if err == nil && c.RemoveKey != nil {
		err = s.Store.SAMLKeys().Delete(ctx, s.Account, *c.RemoveKey, always)
	}
	return noSAML(err, arn)
}

func (s *Service) changeSAML(p *SAMLProvider, c SAMLChange, key *SAMLKeyRef) error {
	if c.Metadata != nil {
		if err := s.readMetadata(p, *c.Metadata); err != nil {
			return err
		}
	}
	return p.changeEncryption(c, key)
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

// DeleteSAMLProvider deletes a provider and its private keys.
func (s *Service) DeleteSAMLProvider(ctx context.Context, arn string) error {
	name, err := s.providerName(arn, "saml-provider")
	if err != nil {
		return noSAML(err, arn)
	}
	var keys []SAMLKeyRef
	err = s.Store.SAMLProviders().Delete(ctx, s.Account, name, func(p *SAMLProvider) error { keys = p.Keys; return nil })
	for i := 0; i < len(keys) && err == nil; i++ {
		err = s.Store.SAMLKeys().Delete(ctx, s.Account, keys[i].ID, always)
	}
	return noSAML(err, arn)
}

// TagSAMLProvider lays tags over those of the provider.
func (s *Service) TagSAMLProvider(ctx context.Context, arn string, tags []Tag) error {
	return s.updateSAML(ctx, arn, func(p *SAMLProvider) (err error) { p.Tags, err = setTags(p.Tags, tags); return err })
}

// UntagSAMLProvider removes tags.
func (s *Service) UntagSAMLProvider(ctx context.Context, arn string, keys []string) error {
	return s.updateSAML(ctx, arn, func(p *SAMLProvider) error { p.Tags = dropTags(p.Tags, keys); return nil })
}
