package userpool

import (
	"context"
	"errors"

	"github.com/poolhouse/poolhouse/userpool/look"
)

// SetCustomization sets how the classic pages look for a client, or for all
// clients without one of their own. It replaces what was set before.
func (s *Service) SetCustomization(ctx context.Context, c *Customization, image []byte) (*Customization, error) {
	if err := s.customizable(ctx, c.Pool, c.Client); err != nil {
		return nil, err
	}
	if _, err := look.ParseClassic(c.CSS); err != nil {
		return nil, asInvalid(err)
	}
	if len(image) > 0 {
		kind := look.TypeOf(image)
		if kind != "png" && kind != "jpeg" {
			return nil, invalid("ImageFile must be a PNG or JPEG image.")
		}
		c.Image = &Image{Hash: hashOf(image), Type: kind, Body: image}
	}
	c.Created = s.now()
	c.Modified = c.Created
	return c, namedClient(s.Store.PutCustomization(ctx, c), c.Client)
}

// Customization returns the classic look of a client: its own, else that of all
// clients, else an empty one.
func (s *Service) Customization(ctx context.Context, pool PoolID, client ClientID) (*Customization, error) {
	if err := s.customizable(ctx, pool, client); err != nil {
		return nil, err
	}
	c, err := s.customization(ctx, pool, client)
	if errors.Is(err, ErrNotFound) {
		return &Customization{Pool: pool, Client: client}, nil
	}
	return c, err
}

func (s *Service) customization(ctx context.Context, pool PoolID, client ClientID) (*Customization, error) {
	c, err := s.Store.Customization(ctx, pool, client)
	if errors.Is(err, ErrNotFound) && client != AllClients {
		c, err = s.Store.Customization(ctx, pool, AllClients)
	}
	return c, err
}

func (s *Service) customizable(ctx context.Context, pool PoolID, client ClientID) error {
	if client == AllClients {
		_, err := s.Pool(ctx, pool)
		return err
	}
	_, err := s.Client(ctx, pool, client)
	return err
}
