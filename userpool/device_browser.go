package userpool

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"slices"
)

// browserGroup stands in place of an SRP group for a device that is a browser: what it
// shows is a secret, kept as its hash, and no password by SRP. The two never pass for
// each other: nobody knows the exponent of a hash.
const browserGroup = "-browser"

// A BrowserDevice is what a browser of a remembered device shows in place of a second
// factor.
type BrowserDevice struct {
	Sub    string // of the user that it is remembered for
	Key    string
	Secret []byte
}

type browserKey struct{}

// WithBrowserDevices returns a context whose sign-ins on a page come from a browser that
// shows these devices: of several users, perhaps.
func WithBrowserDevices(ctx context.Context, shown []BrowserDevice) context.Context {
	return context.WithValue(ctx, browserKey{}, shown)
}

// RemembersBrowsers reports whether a browser can stand for the second factor: the
// pool's devices do (ChallengeRequiredOnNewDevice).
func (p *Pool) RemembersBrowsers() bool { return p.Devices.Track && p.Devices.Challenge }

// RememberBrowser makes the browser of a sign-in that proved a second factor a
// remembered device of its user.
func (a *Auth) RememberBrowser(ctx context.Context, p *Pool, u *User) (*BrowserDevice, error) {
	if !p.RemembersBrowsers() {
		return nil, errNoDevices
	}
	shown := &BrowserDevice{Sub: u.Sub, Key: p.ID.region() + "_" + newTokenID(), Secret: make([]byte, 32)}
	rand.Read(shown.Secret)
	hash, now := sha256.Sum256(shown.Secret), a.Now()
	o := originOf(ctx)
	d := &Device{Pool: p.ID, Sub: u.Sub, Key: shown.Key, Group: browserGroup, Name: deviceName(o.UserAgent), Remembered: true,
		Created: now, Modified: now, Authenticated: now, IP: o.IP, Salt: []byte{1}, Verifier: hash[:]}
	if err := a.Store.CreateDevice(ctx, d); err != nil {
		return nil, err
	}
	return shown, a.service().forgetOldest(ctx, u)
}

// trustsBrowser reports whether the browser of a sign-in on a page is a remembered device
// of its user, and writes down that it was seen.
func (a *Auth) trustsBrowser(ctx context.Context, p *Pool, u *User) (bool, error) {
	shown, _ := ctx.Value(browserKey{}).([]BrowserDevice)
	i := slices.IndexFunc(shown, func(b BrowserDevice) bool { return b.Sub == u.Sub })
	if i < 0 || !p.RemembersBrowsers() {
		return false, nil
	}
	d, err := a.Store.Device(ctx, p.ID, u.Sub, shown[i].Key)
	if errors.Is(err, ErrNotFound) {
		return false, nil // forgotten
	}
	if err != nil {
		return false, err
	}
	hash := sha256.Sum256(shown[i].Secret)
	if d.Group != browserGroup || !d.Remembered || subtle.ConstantTimeCompare(hash[:], d.Verifier) != 1 {
		return false, nil
	}
	_, err = a.Store.UpdateDevice(ctx, p.ID, u.Sub, d.Key, func(d *Device) error {
		d.Authenticated, d.IP = a.Now(), originOf(ctx).IP
		return nil
	})
	return err == nil, namedDevice(err)
}
