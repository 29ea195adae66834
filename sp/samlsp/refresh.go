package samlsp

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/poolhouse/poolhouse/internal/outbound"
	"github.com/poolhouse/poolhouse/internal/samlmeta"
	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/userpool"
)

// lease is how long one node has to fetch a document.
const lease = 2 * time.Minute

// Refresh fetches one document of metadata that is due, and reports whether there was
// one. Whatever goes wrong with it, the last good one stays.
func (s *Service) Refresh(ctx context.Context) (found bool, err error) {
	now := s.Now()
	src, err := s.Sources.ClaimSource(ctx, now, now.Add(lease))
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	p, err := s.Pools.Provider(ctx, src.Pool, src.Provider)
	switch {
	case errors.Is(err, userpool.ErrNotFound):
		return true, s.Sources.DeleteSource(ctx, src.Pool, src.Provider)
	case err != nil:
		return true, err
	case p.Details["MetadataURL"] != src.URL: // whoever signs in next fetches the other one
		return true, s.Sources.DeleteSource(ctx, src.Pool, src.Provider)
	}
	return true, s.refresh(ctx, p, src)
}

func (s *Service) refresh(ctx context.Context, p *userpool.Provider, src *Source) error {
	m, err := s.newer(ctx, p, src)
	now := s.Now()
	if err != nil {
		src.Failures++
		src.Next = now.Add(samlmeta.RetryAfter(src.Failures))
		s.Log.WarnContext(ctx, "metadata not refreshed", "pool", p.Pool, "provider", p.Name, "failures", src.Failures,
			"last good", src.Fetched, "error", err)
		return s.Sources.PutSource(ctx, src)
	}
	src.Failures, src.Fetched, src.Next = 0, now, now.Add(samlmeta.FreshFor(m.CacheFor, m.ValidUntil, now))
	s.warn(ctx, p, m)
	return s.Sources.PutSource(ctx, src)
}

// newer fetches what src has now, and puts it there if it can take the place of what
// was. An identity provider keeps its name: another one would be another provider.
func (s *Service) newer(ctx context.Context, p *userpool.Provider, src *Source) (*samlxml.IDPMetadata, error) {
	before, err := samlxml.ParseIDPMetadata(src.Document)
	if err != nil {
		return nil, err
	}
	etag := src.ETag
	known, err := s.cache.get(p, src.Document)
	if err != nil { // the settings have changed: it may not do any more
		etag = ""
	}
	d, err := s.fetch(ctx, p, src.URL, etag)
	if errors.Is(err, outbound.ErrUnchanged) {
		return known, s.stillValid(known, p)
	}
	if err != nil {
		return nil, err
	}
	m, err := readMetadata(d.Body, &p.Settings.SAML)
	if err != nil {
		return nil, err
	}
	if m.EntityID != before.EntityID {
		return nil, fmt.Errorf("%w: it was %q and calls itself %q", errRenamed, before.EntityID, m.EntityID)
	}
	if err := s.stillValid(m, p); err != nil {
		return nil, err
	}
	src.Document, src.ETag = d.Body, d.ETag
	return m, nil
}

var (
	errRenamed = errors.New("samlsp: the metadata is another provider's")
	errStale   = errors.New("samlsp: the metadata is not valid any more")
	errEndless = errors.New("samlsp: the metadata does not end soon enough")
)

// stillValid refuses metadata that has run out, or that promises to be good for longer
// than the provider's settings let it, or does not say (SAML2Int SDP-MD03).
func (s *Service) stillValid(m *samlxml.IDPMetadata, p *userpool.Provider) error {
	end, days := m.ValidUntil, p.Settings.SAML.MetadataValidDays
	switch {
	case !end.IsZero() && !s.Now().Before(end):
		return fmt.Errorf("%w: since %s", errStale, end)
	case days > 0 && (end.IsZero() || end.After(s.Now().AddDate(0, 0, days))):
		return fmt.Errorf("%w: until %s, more than %d days", errEndless, end, days)
	}
	return nil
}
