package userpool

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"time"

	"github.com/poolhouse/poolhouse/internal/ephemeral"
	"github.com/poolhouse/poolhouse/userpool/srp"
)

// nsNewDevices holds the keys that sign-ins gave out, until a device takes one on.
const nsNewDevices = "userpool-new-devices"

// newDeviceLife is how long a device may take to confirm its key. Clients do it
// right after the sign-in.
const newDeviceLife = 24 * time.Hour

// DeviceMetadata is what a sign-in without a known device gives out: the key under
// which the device can become known, and the group that its verifier is made with.
type DeviceMetadata struct {
	Key   string `json:"-"`
	Group string
}

func newDeviceKey(p *Pool, sub, key string) string { return string(p.ID) + "/" + sub + "/" + key }

// newDevice makes the key of a device that nobody knows yet.
func (a *Auth) newDevice(ctx context.Context, p *Pool, u *User) (*DeviceMetadata, error) {
	m := &DeviceMetadata{Key: p.ID.region() + "_" + newTokenID(), Group: "-" + randomText(8, lowerLetters+upperLetters+digits)}
	value, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	return m, a.Ephemeral.Put(ctx, nsNewDevices, newDeviceKey(p, u.Sub, m.Key), value, a.Now().Add(newDeviceLife))
}

// A NewDevice is what a client says of the device whose key it confirms. Salt and
// Verifier are base64 of signed numbers, as clients send them.
type NewDevice struct{ Key, Name, Salt, Verifier string }

// ConfirmDevice makes a device known whose key a sign-in of u gave out. It reports
// whether the user has to be asked before the device is remembered. A key that is
// known already is ErrDeviceKeyExists.
func (s *Service) ConfirmDevice(ctx context.Context, u *User, in NewDevice) (ask bool, err error) {
	p, err := s.Pool(ctx, u.Pool)
	if err != nil {
		return false, err
	}
	if !p.Devices.Track {
		return false, errNoDevices
	}
	d, err := s.newDevice(p, u, in)
	if err != nil {
		return false, err
	}
	d.IP, d.SDK = originOf(ctx).IP, callerSDK(ctx)
	if d.Group, err = s.takeDeviceKey(ctx, p, u, in.Key); err != nil {
		return false, err
	}
	if err := s.Store.CreateDevice(ctx, d); err != nil {
		return false, namedUser(err)
	}
	return p.Devices.OnPrompt, s.forgetOldest(ctx, u)
}

var (
	errNoDevices = Fail(ErrInvalidConfiguration, "Device tracking is not configured for the user pool.")
	errDeviceKey = Fail(ErrInvalidParameter, "Invalid device key given.")
)

// newDevice checks what a client says of its device.
func (s *Service) newDevice(p *Pool, u *User, in NewDevice) (*Device, error) {
	salt, err := signedNumber(in.Salt, 64)
	if err != nil {
		return nil, invalid("Invalid DeviceSecretVerifierConfig: Salt.")
	}
	verifier, err := signedNumber(in.Verifier, 1024)
	if err != nil {
		return nil, invalid("Invalid DeviceSecretVerifierConfig: PasswordVerifier.")
	}
	now := s.now()
	return &Device{Pool: p.ID, Sub: u.Sub, Key: in.Key, Name: in.Name, Remembered: !p.Devices.OnPrompt,
		Created: now, Modified: now, Authenticated: now, Salt: salt, Verifier: verifier}, nil
}

// signedNumber decodes base64 of a signed number to the shortest bytes of its value.
// limit bounds the text.
func signedNumber(text string, limit int) ([]byte, error) {
	if len(text) > limit {
		return nil, srp.ErrRange
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, err
	}
	n, err := srp.ParseSigned(raw)
	if err != nil {
		return nil, err
	}
	return n.Bytes(), nil
}

// takeDeviceKey uses up a key that a sign-in of the user gave out: of many callers
// one gets its group. A key that another user was given does not exist.
func (s *Service) takeDeviceKey(ctx context.Context, p *Pool, u *User, key string) (group string, err error) {
	value, err := s.Ephemeral.Take(ctx, nsNewDevices, newDeviceKey(p, u.Sub, key))
	if errors.Is(err, ephemeral.ErrNotFound) {
		if _, err := s.Store.Device(ctx, p.ID, u.Sub, key); err == nil {
			return "", Fail(ErrDeviceKeyExists, "Device key already exists.")
		}
		return "", errDeviceKey
	}
	if err != nil {
		return "", err
	}
	var m DeviceMetadata
	return m.Group, json.Unmarshal(value, &m)
}
