package userpool

import (
	"context"
	"errors"
	"slices"
	"time"
)

// maxDevices is how many devices a user can have. One more takes the place of the one
// that was not seen for the longest time.
const maxDevices = 100

// seen is when a device was last signed in with, or confirmed.
func (d *Device) seen() time.Time {
	if d.Authenticated.After(d.Created) {
		return d.Authenticated
	}
	return d.Created
}

// forgetOldest forgets the devices that are too many, the longest unseen first.
func (s *Service) forgetOldest(ctx context.Context, u *User) error {
	var all []*Device
	for after := ""; ; {
		page, next, err := s.Store.Devices(ctx, u.Pool, u.Sub, after, maxDevices+1)
		if err != nil {
			return err
		}
		if all = append(all, page...); next == "" {
			break
		}
		after = next
	}
	slices.SortStableFunc(all, func(a, b *Device) int { return a.seen().Compare(b.seen()) })
	for _, d := range all[:max(0, len(all)-maxDevices)] {
		if err := s.Store.DeleteDevice(ctx, u.Pool, u.Sub, d.Key); err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
	}
	return nil
}
