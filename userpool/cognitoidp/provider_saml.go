package cognitoidp

import (
	"context"
	"maps"

	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/userpool"
)

// A Fetcher reads documents that administrators name by URL.
type Fetcher interface {
	Fetch(ctx context.Context, address string, limit int) ([]byte, error)
}

// maxMetadata bounds the metadata of a SAML provider, in bytes.
const maxMetadata = 1 << 20

const redirectBinding = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"

// readSAML reads the metadata of a SAML provider and notes where it takes requests.
func (a *API) readSAML(ctx context.Context, p *userpool.Provider) error {
	if p.Type != userpool.ProviderSAML {
		return nil
	}
	p.Details = maps.Clone(p.Details)
	delete(p.Details, "SSORedirectBindingURI")
	delete(p.Details, "SLORedirectBindingURI")
	raw := []byte(p.Details["MetadataFile"])
	if address := p.Details["MetadataURL"]; address != "" && len(raw) == 0 {
		var err error
		if raw, err = a.Fetcher.Fetch(ctx, address, maxMetadata); err != nil {
			return userpool.Fail(userpool.ErrInvalidParameter, "The metadata could not be fetched from "+address+".")
		}
	}
	if len(raw) == 0 || len(raw) > maxMetadata {
		return userpool.Fail(userpool.ErrInvalidParameter, "ProviderDetails of SAML must contain either MetadataURL or MetadataFile, of 1 MB at most.")
	}
	m, err := samlxml.ParseIDPMetadata(raw)
	if err != nil {
		return userpool.Fail(userpool.ErrInvalidParameter, "The metadata is not valid SAML 2.0 metadata of an identity provider.")
	}
	note := func(key string, endpoints []samlxml.Endpoint) {
		for _, e := range endpoints {
			if e.Binding == redirectBinding {
				p.Details[key] = e.Location
				return
			}
		}
	}
	note("SSORedirectBindingURI", m.SSO)
	note("SLORedirectBindingURI", m.SLO)
	return nil
}
