package userpool

import (
	"context"
	"errors"

	"github.com/poolhouse/poolhouse/userpool/look"
)

// A Look is what pages need to look as somebody wants them to.
type Look struct {
	Theme *look.Theme
	// Images by what they are for. Each may be nil; a dark one stands in for the
	// light one where the device, or the theme, is dark.
	Logo, LogoDark             *Image
	Background, BackgroundDark *Image
	Favicons                   []Image
}

// Look returns how the pages of a pool look for a client, or nil for our own
// look. client is empty where no client is concerned. Managed login shows where
// the client has it and the pool's domain does not say otherwise; else the classic
// customization does, unless the domain is set to managed login.
func (s *Service) Look(ctx context.Context, p *Pool, client ClientID) (*Look, error) {
	if !p.ClassicPages() && client != "" {
		b, err := s.Store.BrandingOf(ctx, p.ID, client)
		if err == nil {
			return b.look()
		}
		if !errors.Is(err, ErrNotFound) {
			return nil, err
		}
	}
	if p.ManagedLogin() {
		return nil, nil
	}
	if client == "" {
		client = AllClients
	}
	c, err := s.customization(ctx, p.ID, client)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	theme, err := look.ParseClassic(c.CSS)
	return &Look{Theme: theme, Logo: c.Image}, err
}

// look reads the settings, and finds the images that the pages show.
func (b *Branding) look() (*Look, error) {
	if b.Default {
		return nil, nil
	}
	theme, err := look.ParseSettings(b.Settings)
	if err != nil {
		return nil, err
	}
	l := &Look{Theme: theme}
	l.Logo, l.LogoDark = b.images("FORM_LOGO")
	if l.Logo == nil {
		l.Logo, l.LogoDark = b.images("PAGE_HEADER_LOGO")
	}
	if !theme.Logo {
		l.Logo, l.LogoDark = nil, nil
	}
	l.Background, l.BackgroundDark = b.images("PAGE_BACKGROUND")
	for _, a := range b.Assets {
		if a.Category == "FAVICON_SVG" || a.Category == "FAVICON_ICO" {
			l.Favicons = append(l.Favicons, a.Image)
		}
	}
	return l, nil
}

// images returns the images of a category: for light grounds, or for any, and for
// dark ones, which may be all there is.
func (b *Branding) images(category string) (first, dark *Image) {
	for i := range b.Assets {
		a := &b.Assets[i]
		switch {
		case a.Category != category:
		case a.Mode == look.Dark:
			dark = &a.Image
		case first == nil || a.Mode == look.Light:
			first = &a.Image
		}
	}
	if first == nil {
		first = dark
	}
	return first, dark
}
