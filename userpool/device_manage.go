package userpool

import "context"

var errDevice = Fail(ErrNotFound, "Device does not exist.")

func namedDevice(err error) error { return named(err, ErrNotFound, "Device does not exist.") }

// Device returns a device of u.
func (s *Service) Device(ctx context.Context, u *User, key string) (*Device, error) {
	d, err := s.Store.Device(ctx, u.Pool, u.Sub, key)
	return d, namedDevice(err)
}

// Devices returns one page of the devices of u, without their verifiers.
func (s *Service) Devices(ctx context.Context, u *User, token string, limit int) (devices []*Device, next string, err error) {
	return listPage(s, "devices/"+string(u.Pool)+"/"+u.Sub, token, limit, func(after string, limit int) ([]*Device, string, error) {
		return s.Store.Devices(ctx, u.Pool, u.Sub, after, limit)
	})
}

// RememberDevice says whether a device of u is one to remember.
func (s *Service) RememberDevice(ctx context.Context, u *User, key string, remembered bool) error {
	p, err := s.Pool(ctx, u.Pool)
	if err != nil {
		return err
	}
	if !p.Devices.Track {
		return errNoDevices
	}
	_, err = s.Store.UpdateDevice(ctx, u.Pool, u.Sub, key, func(d *Device) error {
		d.Remembered, d.Modified = remembered, s.now()
		return nil
	})
	return namedDevice(err)
}

// ForgetDevice deletes a device of u. Its refresh tokens die with it.
func (s *Service) ForgetDevice(ctx context.Context, u *User, key string) error {
	return namedDevice(s.Store.DeleteDevice(ctx, u.Pool, u.Sub, key))
}

// DeviceARN names a device of u.
func (s *Service) DeviceARN(u *User, d *Device) string {
	return "arn:aws:cognito-idp:" + u.Pool.region() + ":" + s.Account + ":owner/" + DeviceOwner(u) + "/device/" + d.Key
}

// DeviceOwner names the user of a device as device attributes do.
func DeviceOwner(u *User) string { return u.Username + "." + string(u.Pool) + "." + u.Sub }
