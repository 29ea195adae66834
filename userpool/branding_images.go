package userpool

import (
	"context"
	"strings"
)

// ImageURL is where an image of the pool can be had.
func (s *Service) ImageURL(pool PoolID, i Image) string {
	return strings.TrimSuffix(s.Issuer(pool), "/") + "/branding/" + i.File()
}

// File is the name of an image below the pool's address.
func (i Image) File() string { return i.Hash + "." + i.Type }

// Image returns an image of the pool by the name of its file.
func (s *Service) Image(ctx context.Context, pool PoolID, file string) (*Image, error) {
	hash, kind, _ := strings.Cut(file, ".")
	if len(hash) != 32 || strings.Trim(hash, digits+"abcdef") != "" {
		return nil, ErrNotFound
	}
	i, err := s.Store.Image(ctx, pool, hash)
	if err == nil && i.Type != kind {
		return nil, ErrNotFound
	}
	return i, err
}
