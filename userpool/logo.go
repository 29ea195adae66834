package userpool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // logos may be
	_ "image/png"
	"time"

	"github.com/poolhouse/poolhouse/userpool/look"
)

// A Logo is the image at a client's logo_uri, as it was when it was read. Pages show
// this copy: a browser that signs in tells nobody else.
type Logo struct {
	URI string // where it was read
	Image
}

// Bounds of a logo.
const (
	maxLogo     = 128 << 10 // bytes
	maxLogoSide = 2048      // pixels
	logoTimeout = 5 * time.Second
)

var errNoLogo = errors.New("userpool: the document at logo_uri is no logo")

// settleLogo reads the logo of a client. One that cannot be had keeps nobody from
// registering, and the answer does not tell why: nobody learns here what runs at an
// address. Until the address changes, the logo of before is kept then.
func (s *Service) settleLogo(ctx context.Context, c *Client) {
	o := &c.OpenID
	if o.Logo != nil && o.Logo.URI != o.LogoURI {
		o.Logo = nil
	}
	if o.LogoURI == "" || s.Fetch == nil {
		return
	}
	i, err := s.readLogo(ctx, o.LogoURI)
	if err != nil {
		s.Log.WarnContext(ctx, "a logo could not be read", "pool", c.Pool, "client", c.ID, "error", err)
		return
	}
	o.Logo = &Logo{URI: o.LogoURI, Image: *i}
}

// readLogo fetches an image that is safe to show: its first bytes say what it is,
// not the server that it comes from, and its header how large it becomes. Drawings
// are refused, as a few of their lines can keep a browser busy for ever.
func (s *Service) readLogo(ctx context.Context, address string) (*Image, error) {
	ctx, cancel := context.WithTimeout(ctx, logoTimeout)
	defer cancel()
	body, err := s.Fetch.Fetch(ctx, address, maxLogo)
	if err != nil {
		return nil, err
	}
	kind := look.TypeOf(body)
	if kind != "png" && kind != "jpeg" {
		return nil, fmt.Errorf("%w: it is neither PNG nor JPEG", errNoLogo)
	}
	size, decoded, err := image.DecodeConfig(bytes.NewReader(body))
	if err != nil || decoded != kind {
		return nil, fmt.Errorf("%w: %v", errNoLogo, err)
	}
	if min(size.Width, size.Height) < 1 || max(size.Width, size.Height) > maxLogoSide {
		return nil, fmt.Errorf("%w: %d by %d pixels", errNoLogo, size.Width, size.Height)
	}
	return &Image{Hash: hashOf(body), Type: kind, Body: body}, nil
}
