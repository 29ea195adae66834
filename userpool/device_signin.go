package userpool

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math/big"
	"time"

	"github.com/poolhouse/poolhouse/internal/ephemeral"
	"github.com/poolhouse/poolhouse/userpool/srp"
)

// The two challenges by which a known device proves its password.
const (
	challengeDeviceSRP      = "DEVICE_SRP_AUTH"
	challengeDeviceVerifier = "DEVICE_PASSWORD_VERIFIER"
)

// nsDeviceSteps holds the sign-ins that wait for a device. Clients answer its
// challenges without the session, or with that of a former step, so a step is found
// by client, user and device.
const nsDeviceSteps = "userpool-device-steps"

func deviceStepKey(c *Client, sub, device string) string {
	return string(c.Pool) + "/" + string(c.ID) + "/" + sub + "/" + device
}

// knownDevice returns the device of u that a client names, or nil where it names
// none. One that is not the user's does not exist: clients then drop its key and
// send the same answer again, so this comes before anything is used up.
func (a *Auth) knownDevice(ctx context.Context, p *Pool, u *User, key string) (*Device, error) {
	if key == "" {
		return nil, nil
	}
	if !p.Devices.Track || u == nil {
		return nil, errDevice
	}
	d, err := a.Store.Device(ctx, p.ID, u.Sub, key)
	return d, namedDevice(err)
}

// trustsDevice reports whether a device stands for the second factor: deviceChallenge
// has it prove itself.
func (a *Auth) trustsDevice(ctx context.Context, p *Pool, u *User, key string) (bool, error) {
	d, err := a.knownDevice(ctx, p, u, key)
	return d != nil && d.Remembered && p.Devices.Challenge, err
}

// deviceChallenge asks a known device for its proof, which is a sign-in's last step.
// It is nil where the client names no device.
func (a *Auth) deviceChallenge(ctx context.Context, p *Pool, c *Client, u *User, s session, key string) (*Challenge, error) {
	d, err := a.knownDevice(ctx, p, u, key)
	if d == nil || err != nil {
		return nil, err
	}
	s = s.next()
	s.Device, s.Expires = key, a.Now().Unix()+s.Life
	value, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	err = a.Ephemeral.Put(ctx, nsDeviceSteps, deviceStepKey(c, u.Sub, key), value, time.Unix(s.Expires, 0))
	return &Challenge{Name: challengeDeviceSRP, Params: map[string]string{"USERNAME": u.Username, "DEVICE_KEY": key}}, err
}

// A deviceBlock is the state between a device's two answers: the sign-in, and the
// key that the device has to know. It travels sealed as the SECRET_BLOCK.
type deviceBlock struct {
	ID      string  `json:"b"`
	Session session `json:"s"`
	Group   string  `json:"g"`
	Key     []byte  `json:"k"`
}

func deviceBlockAAD(pool PoolID) string { return "userpool/device-block/" + string(pool) }

// respondDeviceSRP begins the proof of a device.
func (a *Auth) respondDeviceSRP(ctx context.Context, c *Client, in map[string]string) (*Step, error) {
	if err := require(in, "USERNAME", "DEVICE_KEY", "SRP_A"); err != nil {
		return nil, err
	}
	if err := c.CheckSecretHash(in["USERNAME"], in["SECRET_HASH"]); err != nil {
		return nil, err
	}
	public, err := srp.ParseHex(in["SRP_A"])
	if err != nil {
		return nil, Fail(ErrInvalidParameter, "SRP_A is not a valid public value")
	}
	s, err := a.takeDeviceStep(ctx, c, in["USERNAME"], in["DEVICE_KEY"])
	if err != nil {
		return nil, err
	}
	p, u, err := a.heldBy(ctx, s)
	if err != nil {
		return nil, err
	}
	d, err := a.knownDevice(ctx, p, u, s.Device)
	if err != nil {
		return nil, err
	}
	return a.challengeDevice(c, u, d, s, public)
}

// takeDeviceStep returns, once, the sign-in of a user that waits for a device. That
// there is none looks the same whoever exists.
func (a *Auth) takeDeviceStep(ctx context.Context, c *Client, name, device string) (*session, error) {
	u, err := a.Store.User(ctx, c.Pool, name)
	if errors.Is(err, ErrUserNotFound) {
		return nil, errSession
	}
	if err != nil {
		return nil, err
	}
	value, err := a.Ephemeral.Take(ctx, nsDeviceSteps, deviceStepKey(c, u.Sub, device))
	if errors.Is(err, ephemeral.ErrNotFound) {
		return nil, errSession
	}
	if err != nil {
		return nil, err
	}
	s := new(session)
	return s, json.Unmarshal(value, s)
}

// challengeDevice does the server's arithmetic and seals the outcome.
func (a *Auth) challengeDevice(c *Client, u *User, d *Device, s *session, public *big.Int) (*Step, error) {
	b, key, err := srp.Accept(public, new(big.Int).SetBytes(d.Verifier))
	if err != nil {
		return nil, err
	}
	state := *s
	state.Expires = a.Now().Unix() + s.Life
	plain, err := json.Marshal(deviceBlock{ID: newTokenID(), Session: state, Group: d.Group, Key: key})
	if err != nil {
		return nil, err
	}
	block, err := a.Keys.Seal(plain, deviceBlockAAD(c.Pool))
	if err != nil {
		return nil, err
	}
	return &Step{Challenge: &Challenge{Name: challengeDeviceVerifier, Params: map[string]string{
		"SALT":         hex.EncodeToString(d.Salt),
		"SECRET_BLOCK": base64.StdEncoding.EncodeToString(block),
		"SRP_B":        b.Text(16),
		"USERNAME":     u.Username,
		"DEVICE_KEY":   d.Key,
	}}}, nil
}
