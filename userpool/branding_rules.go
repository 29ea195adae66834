package userpool

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"

	"github.com/poolhouse/poolhouse/userpool/look"
)

// CreateBranding gives a client a look. b.Assets carry the bodies of their images.
func (s *Service) CreateBranding(ctx context.Context, b *Branding) (*Branding, error) {
	if err := s.mayBrand(ctx, b.Pool); err != nil {
		return nil, err
	}
	if _, err := s.Client(ctx, b.Pool, b.Client); err != nil {
		return nil, err
	}
	if err := b.check(); err != nil {
		return nil, err
	}
	b.ID, b.Created = newTokenID(), s.now()
	b.Modified = b.Created
	return b, namedClient(s.Store.CreateBranding(ctx, b), b.Client)
}

// UpdateBranding replaces a branding, for the same client.
func (s *Service) UpdateBranding(ctx context.Context, b *Branding) (*Branding, error) {
	if err := s.mayBrand(ctx, b.Pool); err != nil {
		return nil, err
	}
	if err := b.check(); err != nil {
		return nil, err
	}
	b.Modified = s.now()
	return b, namedBranding(s.Store.ReplaceBranding(ctx, b))
}

// mayBrand refuses managed login in a tier that does not have it.
func (s *Service) mayBrand(ctx context.Context, id PoolID) error {
	p, err := s.Pool(ctx, id)
	if err != nil {
		return err
	}
	if err := p.requireTier(TierEssentials, "Managed Login"); err != nil {
		var f *Fault
		errors.As(err, &f)
		return Fail(ErrNotEnabled, f.Text)
	}
	return nil
}

func namedBranding(err error) error {
	return named(err, ErrNotFound, "Managed login branding does not exist.")
}

// Limits of a branding.
const (
	maxAssets    = 40
	maxImage     = 1_000_000 // bytes
	maxAllImages = 2 << 20   // bytes, as the settings of one client
)

// check refuses what cannot be shown, and gives images their hashes.
func (b *Branding) check() error {
	if b.Default && (len(b.Settings) > 0 || len(b.Assets) > 0) {
		return invalid("UseCognitoProvidedValues cannot be combined with Settings or Assets.")
	}
	if !b.Default && len(b.Settings) == 0 && len(b.Assets) == 0 {
		return invalid("Either UseCognitoProvidedValues, Settings or Assets is required.")
	}
	if _, err := look.ParseSettings(b.Settings); err != nil {
		return asInvalid(err)
	}
	if len(b.Assets) > maxAssets {
		return invalid("A branding can have %d assets.", maxAssets)
	}
	type place struct{ category, mode, resource string }
	size, seen := 0, map[place]bool{}
	for i := range b.Assets {
		a := &b.Assets[i]
		if size += len(a.Image.Body); len(a.Image.Body) > maxImage || size > maxAllImages {
			return invalid("An asset can have %d bytes, and all of a branding %d.", maxImage, maxAllImages)
		}
		at := place{a.Category, a.Mode, a.ResourceID}
		if seen[at] {
			return invalid("Assets has %s for color mode %s more than once.", a.Category, a.Mode)
		}
		seen[at] = true
		if err := look.CheckImage(a.Image.Type, a.Image.Body); err != nil {
			return invalid("Asset %s: %s", a.Category, err)
		}
		a.Image.Hash = hashOf(a.Image.Body)
	}
	return nil
}

func hashOf(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:16])
}

// asInvalid gives a look.Problem its kind.
func asInvalid(err error) error {
	var p look.Problem
	if errors.As(err, &p) {
		return invalid("%s", p)
	}
	return err
}

// Branding returns a branding by its ID; BrandingOf that of a client. With merged
// the settings are whole: ours where it says nothing. Images come with bodies.
func (s *Service) Branding(ctx context.Context, pool PoolID, id string, merged bool) (*Branding, error) {
	if _, err := s.Pool(ctx, pool); err != nil {
		return nil, err
	}
	b, err := s.Store.Branding(ctx, pool, id)
	return s.whole(ctx, b, merged, err)
}

// BrandingOf is described with Branding.
func (s *Service) BrandingOf(ctx context.Context, pool PoolID, client ClientID, merged bool) (*Branding, error) {
	if _, err := s.Client(ctx, pool, client); err != nil {
		return nil, err
	}
	b, err := s.Store.BrandingOf(ctx, pool, client)
	return s.whole(ctx, b, merged, err)
}

func (s *Service) whole(ctx context.Context, b *Branding, merged bool, err error) (*Branding, error) {
	if err != nil {
		return nil, namedBranding(err)
	}
	for i := range b.Assets {
		image, err := s.Store.Image(ctx, b.Pool, b.Assets[i].Image.Hash)
		if err != nil {
			return nil, namedBranding(err)
		}
		b.Assets[i].Image = *image
	}
	if merged {
		b.Settings, err = look.Merged(b.Settings)
	}
	return b, asInvalid(err)
}

// DeleteBranding takes a client's look away.
func (s *Service) DeleteBranding(ctx context.Context, pool PoolID, id string) error {
	if _, err := s.Pool(ctx, pool); err != nil {
		return err
	}
	return namedBranding(s.Store.DeleteBranding(ctx, pool, id))
}
