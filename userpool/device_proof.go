package userpool

import (
	"context"
	"encoding/base64"
	"errors"
	"time"

	"github.com/poolhouse/poolhouse/userpool/srp"
)

// respondDeviceVerifier ends the proof of a device, and with it the sign-in.
func (a *Auth) respondDeviceVerifier(ctx context.Context, c *Client, in map[string]string) (*Step, error) {
	err := require(in, "USERNAME", "DEVICE_KEY", "PASSWORD_CLAIM_SECRET_BLOCK", "PASSWORD_CLAIM_SIGNATURE", "TIMESTAMP")
	if err != nil {
		return nil, err
	}
	if err := c.CheckSecretHash(in["USERNAME"], in["SECRET_HASH"]); err != nil {
		return nil, err
	}
	if err := a.checkTimestamp(in["TIMESTAMP"]); err != nil {
		return nil, err
	}
	sealed, block, err := a.openDeviceBlock(c, in["PASSWORD_CLAIM_SECRET_BLOCK"])
	if err != nil {
		return nil, err
	}
	p, u, err := a.deviceHolder(ctx, c, block, in)
	if err != nil {
		return nil, err
	}
	signature, err := base64.StdEncoding.DecodeString(in["PASSWORD_CLAIM_SIGNATURE"])
	ok := err == nil && srp.Verify(block.Key, srp.Identity{Group: block.Group, Name: block.Session.Device}, sealed, in["TIMESTAMP"], signature)
	if err := a.settleDevice(ctx, u, block, ok); err != nil {
		return nil, err
	}
	o, s := originOf(ctx), &block.Session
	o.Device = s.Device // it has proved itself
	return a.complete(WithOrigin(ctx, o), p, c, u, proof{source: TokensDevice, device: o.Device, mfa: s.MFA, both: s.Both, custom: s.Custom})
}

// openDeviceBlock opens a block that this client received and that has not expired.
// All faults look alike.
func (a *Auth) openDeviceBlock(c *Client, text string) (sealed []byte, block *deviceBlock, err error) {
	block = new(deviceBlock)
	if sealed, err = a.openSecretBlock(deviceBlockAAD(c.Pool), text, block); err != nil {
		return nil, nil, err
	}
	if block.Session.Client != c.ID || a.Now().Unix() >= block.Session.Expires {
		return nil, nil, errPassword
	}
	return sealed, block, nil
}

// deviceHolder returns the user of a block, whom the answer has to name, with the
// device that is still theirs.
func (a *Auth) deviceHolder(ctx context.Context, c *Client, block *deviceBlock, in map[string]string) (*Pool, *User, error) {
	p, u, err := a.heldBy(ctx, &block.Session)
	if err != nil {
		return nil, nil, err
	}
	named, err := a.Store.User(ctx, c.Pool, in["USERNAME"])
	if errors.Is(err, ErrUserNotFound) {
		return nil, nil, errPassword
	}
	if err != nil {
		return nil, nil, err
	}
	if named.Sub != u.Sub || in["DEVICE_KEY"] != block.Session.Device {
		return nil, nil, errPassword
	}
	_, err = a.knownDevice(ctx, p, u, block.Session.Device)
	return p, u, err
}

// settleDevice uses up the block, counts the outcome, and writes down that the device
// was seen. A wrong answer counts as a wrong code does: the device stands for one.
func (a *Auth) settleDevice(ctx context.Context, u *User, block *deviceBlock, ok bool) error {
	first, err := a.Ephemeral.Claim(ctx, nsBlocks, "device/"+string(u.Pool)+"/"+block.ID, time.Unix(block.Session.Expires+1, 0))
	if err != nil {
		return err
	}
	if !first {
		return errPassword
	}
	if err := a.recordFactor(ctx, u, ok, errPassword); err != nil {
		return err
	}
	_, err = a.Store.UpdateDevice(ctx, u.Pool, u.Sub, block.Session.Device, func(d *Device) error {
		d.Authenticated, d.IP = a.Now(), originOf(ctx).IP
		return nil
	})
	return namedDevice(err)
}
