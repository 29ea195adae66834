package samlsp

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/internal/outbound"
	"github.com/poolhouse/poolhouse/internal/samlmeta"
	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/userpool"
)

// errSeveral is of metadata that leaves open which provider is meant.
var errSeveral = errors.New("samlsp: the metadata describes more than one identity provider")

// readMetadata reads the metadata of one identity provider that can be asked. Where
// the settings name a key it must have signed all of it.
func readMetadata(raw []byte, settings *userpool.SAMLSettings) (*samlxml.IDPMetadata, error) {
	m, err := parsedMetadata(raw, settings.MetadataKey)
	switch {
	case err != nil:
		return nil, err
	case m.Entities > 1:
		return nil, errSeveral
	case endpoint(m.SSO, saml.HTTPRedirectBinding) == nil && endpoint(m.SSO, saml.HTTPPostBinding) == nil:
		return nil, fmt.Errorf("%w: no sign-in address by HTTP-Redirect or HTTP-POST", samlxml.ErrMetadata)
	case settings.MetadataQueryEntity != "" && m.EntityID != settings.MetadataQueryEntity:
		return nil, fmt.Errorf("%w: %q was asked for, and it is of %q", errRenamed, settings.MetadataQueryEntity, m.EntityID)
	}
	return m, nil
}

func parsedMetadata(raw []byte, key string) (*samlxml.IDPMetadata, error) {
	if key == "" {
		return samlxml.ParseIDPMetadata(raw)
	}
	block, _ := pem.Decode([]byte(key))
	if block == nil {
		return nil, errors.New("samlsp: the key of the metadata is not in PEM")
	}
	signer, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("samlsp: the key of the metadata: %w", err)
	}
	return samlxml.VerifyIDPMetadata(raw, signer)
}

// endpoint returns the first endpoint of a binding, or nil.
func endpoint(all []samlxml.Endpoint, binding string) *samlxml.Endpoint {
	i := slices.IndexFunc(all, func(e samlxml.Endpoint) bool { return e.Binding == binding })
	if i < 0 {
		return nil
	}
	return &all[i]
}

// idp returns the metadata of a provider. What is no longer valid is ErrUnusable:
// keys that its owner may have given up must not let anybody in (Metadata 2.3.1).
func (s *Service) idp(ctx context.Context, p *userpool.Provider) (*samlxml.IDPMetadata, error) {
	raw, err := s.document(ctx, p)
	if errors.Is(err, ErrNotFound) {
		raw, err = s.first(ctx, p, p.Details["MetadataURL"])
	}
	if err != nil {
		return nil, err
	}
	return s.usable(ctx, p, raw)
}

// known is idp for callers whom anybody can call: it fetches nothing.
func (s *Service) known(ctx context.Context, p *userpool.Provider) (*samlxml.IDPMetadata, error) {
	raw, err := s.document(ctx, p)
	if err != nil {
		return nil, err
	}
	return s.usable(ctx, p, raw)
}

func (s *Service) usable(ctx context.Context, p *userpool.Provider, raw []byte) (*samlxml.IDPMetadata, error) {
	m, err := s.cache.get(p, raw)
	if err == nil {
		err = s.stillValid(m, p)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", sp.ErrUnusable, err)
	}
	s.warn(ctx, p, m)
	return m, nil
}

// document returns the metadata of a provider as text, ErrNotFound where it has to be
// fetched first.
func (s *Service) document(ctx context.Context, p *userpool.Provider) ([]byte, error) {
	if file := p.Details["MetadataFile"]; file != "" {
		return []byte(file), nil
	}
	address := p.Details["MetadataURL"]
	if address == "" {
		return nil, fmt.Errorf("%w: no metadata", sp.ErrUnusable)
	}
	src, err := s.Sources.Source(ctx, p.Pool, p.Name)
	if err != nil {
		return nil, err
	}
	if src.URL != address { // another one was named since
		return nil, ErrNotFound
	}
	return src.Document, nil
}

// first fetches metadata that nobody has yet.
func (s *Service) first(ctx context.Context, p *userpool.Provider, address string) ([]byte, error) {
	d, err := s.fetch(ctx, p, address, "")
	if err != nil {
		return nil, fmt.Errorf("%w: metadata: %w", sp.ErrUnreachable, err)
	}
	m, err := readMetadata(d.Body, &p.Settings.SAML)
	if err != nil {
		return nil, fmt.Errorf("%w: metadata: %w", sp.ErrUnusable, err)
	}
	return d.Body, s.keep(ctx, p, address, d, m)
}

// fetch gets the metadata of a provider: at an address, or of a server there that is
// asked for it.
func (s *Service) fetch(ctx context.Context, p *userpool.Provider, address, etag string) (*outbound.Document, error) {
	if entity := p.Settings.SAML.MetadataQueryEntity; entity != "" {
		address = samlmeta.QueryAddress(address, entity)
	}
	return s.Fetcher.FetchNewer(ctx, address, etag, samlxml.Metadata().Bytes)
}

// keep stores what was fetched for a provider.
func (s *Service) keep(ctx context.Context, p *userpool.Provider, address string, d *outbound.Document, m *samlxml.IDPMetadata) error {
	now := s.Now()
	return s.Sources.PutSource(ctx, &Source{Pool: p.Pool, Provider: p.Name, URL: address, Document: d.Body, ETag: d.ETag,
		Fetched: now, Next: now.Add(samlmeta.FreshFor(m.CacheFor, m.ValidUntil, now))})
}

// A metadataCache keeps parsed metadata: certificates take longer to parse than a
// signature to verify.
type metadataCache struct {
	mu sync.Mutex
	m  map[metadataKey]*samlxml.IDPMetadata
}

type metadataKey struct {
	document [sha256.Size]byte
	signer   string
	asked    string // the entity, where a server was asked for one
}

// maxCached bounds the cache; past it, it starts afresh.
const maxCached = 1024

func (c *metadataCache) get(p *userpool.Provider, raw []byte) (*samlxml.IDPMetadata, error) {
	key := metadataKey{sha256.Sum256(raw), p.Settings.SAML.MetadataKey, p.Settings.SAML.MetadataQueryEntity}
	c.mu.Lock()
	m, ok := c.m[key]
	c.mu.Unlock()
	if ok {
		return m, nil
	}
	m, err := readMetadata(raw, &p.Settings.SAML)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.m == nil || len(c.m) >= maxCached {
		c.m = map[metadataKey]*samlxml.IDPMetadata{}
	}
	c.m[key] = m
	return m, nil
}
