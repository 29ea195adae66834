package samlidp

import (
	"context"
	"errors"
	"io"

	"github.com/poolhouse/poolhouse/internal/outbound"
	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/userpool"
)

// A document is metadata that was fetched: as it was, or chosen from a federation's
// already.
type document struct {
	text, etag string
	chosen     bool
}

// get fetches metadata. That of a federation is read as it comes, for it may be a
// hundred megabytes: what is chosen from it is all that is kept. What is wrong with it
// then is a userpool.Fault.
func (s *Service) get(ctx context.Context, address, etag string, settings *Settings) (*document, error) {
	if settings.MetadataEntityID == "" || settings.MetadataQuery {
		d, err := s.Fetcher.FetchNewer(ctx, settings.metadataAddress(address), etag, settings.metadataLimit())
		if err != nil {
			return nil, err
		}
		return &document{text: string(d.Body), etag: d.ETag}, nil
	}
	signer, err := settings.signer()
	if err != nil {
		return nil, errSigner
	}
	d := &document{chosen: true}
	d.etag, err = s.Fetcher.ReadNewer(ctx, address, etag, func(r io.Reader) error {
		one, err := samlxml.SelectSPFrom(r, settings.MetadataEntityID, signer)
		d.text = string(one)
		return err
	})
	if err != nil && !fetching(err) {
		err = notChosen(err)
	}
	return d, err
}

// fetching reports whether it was the fetching that failed, and not what came.
func fetching(err error) bool {
	for _, wrong := range []error{samlxml.ErrMalformed, samlxml.ErrTooLarge, samlxml.ErrMetadata, samlxml.ErrNoSignature, samlxml.ErrSignature, samlxml.ErrAlgorithm} {
		if errors.Is(err, wrong) {
			return false
		}
	}
	return true
}

var errSigner = userpool.Fail(userpool.ErrInvalidParameter, "MetadataSigner must be a certificate in PEM.")

// notChosen says why no entity could be chosen from a document.
func notChosen(err error) error {
	switch {
	case errors.Is(err, samlxml.ErrNoSignature), errors.Is(err, samlxml.ErrSignature), errors.Is(err, samlxml.ErrAlgorithm):
		return userpool.Fail(userpool.ErrInvalidParameter, "The metadata is not signed by MetadataSigner.")
	}
	return userpool.Fail(userpool.ErrInvalidParameter, "The metadata does not describe that service provider, or not just one.")
}

var _ Fetcher = (*outbound.Client)(nil)
