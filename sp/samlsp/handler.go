package samlsp

import (
	"context"
	"crypto/x509"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/userpool"
)

// Mount registers the pages that are not part of a sign-in.
func (s *Service) Mount(mux *web.Mux) {
	mux.Get("/{pool}"+metadataPath, s.metadata)
}

// pool returns the pool that the address names.
func (s *Service) pool(r *http.Request) (*userpool.Pool, error) {
	pool, err := s.Pools.Pool(r.Context(), userpool.PoolID(r.PathValue("pool")))
	if errors.Is(err, userpool.ErrPoolNotFound) {
		return nil, web.Fail(http.StatusNotFound, "There is no such page.", err)
	}
	return pool, err
}

const (
	metadataLife  = 365 * 24 * time.Hour // providers that loaded a file once must not stop soon
	metadataFresh = "PT6H"
)

// Metadata returns the metadata of a pool as a service provider, signed.
func (s *Service) Metadata(ctx context.Context, pool *userpool.Pool) ([]byte, error) {
	active, err := s.Keys.CertifiedSigner(ctx, signingScope(pool.ID), string(pool.ID))
	if err != nil {
		return nil, err
	}
	encryption, err := s.EncryptionCertificate(ctx, pool.ID)
	if err != nil {
		return nil, err
	}
	published, err := s.Keys.Published(ctx, signingScope(pool.ID))
	if err != nil {
		return nil, err
	}
	signing := []*x509.Certificate{active.Certificate} // first, because some read no further
	for _, k := range published {
		if !slices.ContainsFunc(signing, k.Certificate.Equal) {
			signing = append(signing, k.Certificate)
		}
	}
	signer := samlxml.Signer{Key: active.Private, Certificate: active.Certificate}
	return signer.WriteSPMetadata(&samlxml.SPDescription{
		ID: samlxml.NewID(), EntityID: EntityID(pool.ID), ValidUntil: s.Now().Add(metadataLife).Truncate(time.Second), CacheFor: metadataFresh,
		Signing: signing, Encryption: []*x509.Certificate{encryption},
		ACS: s.addresses(pool, acsPath), SLO: s.addresses(pool, logoutPath)[0],
	})
}

// metadata serves Metadata.
func (s *Service) metadata(w http.ResponseWriter, r *http.Request) error {
	pool, err := s.pool(r)
	if err != nil {
		return err
	}
	doc, err := s.Metadata(r.Context(), pool)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/samlmetadata+xml")
	w.Header().Set("Cache-Control", "max-age=300")
	_, _ = w.Write(doc)
	return nil
}
