package userpool

import (
	"context"
	"errors"
	"unicode/utf8"
)

// An arrival is what an answer says of the device that it comes from.
type arrival struct {
	device string // key of a known device of the user's, which proves itself last; or empty
	track  bool   // a device that is not known may become so
	page   bool   // it comes from a page of ours, where a sign-in ends in a browser session
}

type arrivalKey struct{}

func arrivalOf(ctx context.Context) arrival {
	v, _ := ctx.Value(arrivalKey{}).(arrival)
	return v
}

// maxTyped is how long a name may be that a sign-in begins with, in characters: as an
// attribute, which may be an alias. Names travel in sessions and to functions.
const maxTyped = 2048

// arrive reads which device an answer comes from, and refuses one that is not its
// user's. A back end signs in from no device. A sign-in by SRP names its device with
// the proof, not before: clients can drop an unknown key only there. A refresh has
// words of its own for one.
func (a *Auth) arrive(ctx context.Context, c *Client, flow string, in map[string]string, admin bool) (context.Context, error) {
	if utf8.RuneCountInString(in["USERNAME"]) > maxTyped {
		return nil, invalid("USERNAME is longer than %d characters.", maxTyped)
	}
	if admin {
		return ctx, nil
	}
	v := arrival{track: true}
	if flow != flowRefresh && in["SRP_A"] == "" || flow == "" {
		v.device = in["DEVICE_KEY"]
	}
	if v.device != "" {
		if err := a.ownDevice(ctx, c, in["USERNAME"], v.device); err != nil {
			return nil, err
		}
	}
	return context.WithValue(ctx, arrivalKey{}, v), nil
}

// ownDevice refuses a device that is not of the user of that name.
func (a *Auth) ownDevice(ctx context.Context, c *Client, name, device string) error {
	p, err := a.Store.Pool(ctx, c.Pool)
	if err != nil {
		return err
	}
	u, err := a.Store.User(ctx, c.Pool, name)
	if err != nil && !errors.Is(err, ErrUserNotFound) {
		return err
	}
	_, err = a.knownDevice(ctx, p, u, device)
	return err
}

// freshDevice makes the key of a device that is not known, in pools that track them.
func (a *Auth) freshDevice(ctx context.Context, p *Pool, u *User) (*DeviceMetadata, error) {
	if v := arrivalOf(ctx); v.device != "" || !v.track || !p.Devices.Track {
		return nil, nil
	}
	return a.newDevice(ctx, p, u)
}

// fromDevice refuses to refresh a token elsewhere than on the device that it was
// issued to.
func (t *Tokens) fromDevice(ctx context.Context, p *Pool, f *Family, device string) error {
	if f.Device == "" || !p.Devices.Track {
		return nil
	}
	if device == f.Device {
		_, err := t.Store.Device(ctx, f.Pool, f.Sub, device)
		if !errors.Is(err, ErrNotFound) {
			return err
		}
	}
	return Fail(ErrNotAuthorized, "Invalid Refresh Token.")
}
