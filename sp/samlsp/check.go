package samlsp

import (
	"context"
	"errors"
	"maps"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/internal/outbound"
	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/userpool"
)

// derived are details that follow from others. Tools send back what they were told.
var derived = []string{"SSORedirectBindingURI", "SLORedirectBindingURI", "ActiveEncryptionCertificate"}

// A Checked is metadata that a provider may be set up with.
type Checked struct {
	address  string // it was fetched from; empty for a file
	document *outbound.Document
	metadata *samlxml.IDPMetadata
}

// Check reads the metadata that the details of a provider are to be, and writes there
// what follows from it. What an administrator can put right is
// userpool.ErrInvalidParameter.
func (s *Service) Check(ctx context.Context, p *userpool.Provider) (*Checked, error) {
	p.Details = maps.Clone(p.Details)
	for _, name := range derived {
		delete(p.Details, name)
	}
	c, err := s.given(ctx, p)
	if err != nil {
		return nil, err
	}
	if c.metadata, err = readMetadata(c.document.Body, &p.Settings.SAML); err != nil {
		return nil, s.unfit(ctx, p, err)
	}
	switch err := s.stillValid(c.metadata, p); {
	case errors.Is(err, errEndless):
		return nil, userpool.Fail(userpool.ErrInvalidParameter, "The metadata has no validUntil, or one later than the settings of the provider allow.")
	case err != nil:
		return nil, userpool.Fail(userpool.ErrInvalidParameter, "The metadata is not valid any more: its validUntil is over.")
	}
	note(p.Details, "SSORedirectBindingURI", c.metadata.SSO)
	note(p.Details, "SLORedirectBindingURI", c.metadata.SLO)
	return c, nil
}

// given returns the document that the details hold or lead to.
func (s *Service) given(ctx context.Context, p *userpool.Provider) (*Checked, error) {
	limit := samlxml.Metadata().Bytes
	file, address := p.Details["MetadataFile"], p.Details["MetadataURL"]
	if (file == "") == (address == "") || len(file) > limit {
		return nil, userpool.Fail(userpool.ErrInvalidParameter, "ProviderDetails of SAML must contain either MetadataURL or MetadataFile, of 1 MB at most.")
	}
	if file != "" {
		return &Checked{document: &outbound.Document{Body: []byte(file)}}, nil
	}
	d, err := s.fetch(ctx, p, address, "")
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		s.Log.WarnContext(ctx, "metadata not fetched", "pool", p.Pool, "provider", p.Name, "error", err)
		return nil, userpool.Fail(userpool.ErrInvalidParameter, "The metadata could not be fetched from "+address+".")
	}
	return &Checked{address: address, document: d}, nil
}

// unfit says what is wrong with metadata, as far as that helps whoever gave it.
func (s *Service) unfit(ctx context.Context, p *userpool.Provider, err error) error {
	s.Log.WarnContext(ctx, "metadata not accepted", "pool", p.Pool, "provider", p.Name, "error", err)
	switch {
	case errors.Is(err, errRenamed):
		return userpool.Fail(userpool.ErrInvalidParameter, "The metadata is of another entity than the one that was asked for.")
	case errors.Is(err, errSeveral):
		return userpool.Fail(userpool.ErrInvalidParameter, "The metadata describes more than one identity provider. Give the metadata of one.")
	case errors.Is(err, samlxml.ErrNoSignature), errors.Is(err, samlxml.ErrSignature), errors.Is(err, samlxml.ErrAlgorithm):
		return userpool.Fail(userpool.ErrInvalidParameter, "The metadata is not signed with the key that the provider's settings name.")
	}
	return userpool.Fail(userpool.ErrInvalidParameter, "The metadata is not valid SAML 2.0 metadata of an identity provider.")
}

func note(details map[string]string, key string, endpoints []samlxml.Endpoint) {
	if e := endpoint(endpoints, saml.HTTPRedirectBinding); e != nil {
		details[key] = e.Location
	}
}

// Keep stores what Check fetched, once the provider is there. Where that fails it is
// fetched again when it is needed.
func (s *Service) Keep(ctx context.Context, p *userpool.Provider, c *Checked) {
	s.entities.forget(p.Pool)
	if c.address == "" {
		return
	}
	if err := s.keep(ctx, p, c.address, c.document, c.metadata); err != nil {
		s.Log.WarnContext(ctx, "metadata not kept", "pool", p.Pool, "provider", p.Name, "error", err)
	}
	s.warn(ctx, p, c.metadata)
}
