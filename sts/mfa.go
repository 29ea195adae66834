package sts

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/internal/totp"
)

// Bounds of MFA devices.
const (
	maxMFADevices = 8
	mfaTries      = 5 // wrong codes in a row until the device pauses
	mfaPause      = 15 * time.Minute
	mfaPending    = time.Hour // how long a name is kept for a device that is not enabled
)

// An MFADevice shows the one-time passwords of a user. IAM's operations on such
// devices are not among those served; poolhouse's own take their place.
type MFADevice struct {
	Account string
	Name    string // last part of the serial number
	User    string // name
	UserID  string
	Secret  []byte    // sealed at rest
	Enabled time.Time // zero until two codes were seen
	Created time.Time

	Step   int64     // of the last code taken: none counts twice
	Failed int       // wrong codes since
	Paused time.Time // no code counts before
}

// Key returns what identifies the device in its collection.
func (d *MFADevice) Key() (account, name string) { return d.Account, d.Name }

// Serial returns the serial number of the device.
func (d *MFADevice) Serial() string { return mfaPrefix(d.Account) + d.Name }

// Address is what authenticator apps scan.
func (d *MFADevice) Address() string {
	return totp.Address("Poolhouse", d.User+"@"+d.Account, totp.Text(d.Secret))
}

func mfaPrefix(account string) string { return "arn:aws:iam::" + account + ":mfa/" }

// CreateMFADevice makes a device for a user; its secret is shown this once. Until
// EnableMFADevice has seen its codes it is good for nothing, and may be made anew,
// after an hour for another user.
func (s *Service) CreateMFADevice(ctx context.Context, user, name string) (*MFADevice, error) {
	u, err := s.User(ctx, user)
	if err != nil {
		return nil, err
	}
	if !validName(name, 226) {
		return nil, fail(ErrValidation, "The specified value for deviceName is invalid.")
	}
	d := &MFADevice{Account: s.Account, Name: name, User: u.Name, UserID: u.ID, Secret: totp.NewSecret(), Created: s.now()}
	err = s.Store.MFADevices().Create(ctx, d)
	if !errors.Is(err, ErrExists) {
		return d, err
	}
	return s.Store.MFADevices().Update(ctx, s.Account, name, func(old *MFADevice) error {
		others := old.UserID != u.ID && d.Created.Before(old.Created.Add(mfaPending))
		if others || !old.Enabled.IsZero() {
			return fail(ErrExists, "MFADevice entity at the same path and name already exists.")
		}
		*old = *d
		return nil
	})
}

// EnableMFADevice makes the device the user's, who shows two codes in a row.
func (s *Service) EnableMFADevice(ctx context.Context, user, serial, first, second string) error {
	u, err := s.User(ctx, user)
	if err != nil {
		return err
	}
	d, err := s.mfaDevice(ctx, u, serial)
	if err != nil {
		return err
	}
	if err := u.mayList(d); err != nil {
		return err
	}
	a, okA, errA := totp.Match(d.Secret, first, s.Now())
	b, okB, errB := totp.Match(d.Secret, second, s.Now())
	if err := errors.Join(errA, errB); err != nil {
		return err
	}
	if !okA || !okB || b != a+1 {
		return fail(ErrInvalidInput, "Authentication codes are not valid: give two codes of the device, one after the other.")
	}
	_, err = s.Store.MFADevices().Update(ctx, s.Account, d.Name, func(x *MFADevice) error {
		if x.UserID != u.ID || !bytes.Equal(x.Secret, d.Secret) {
			return noMFA(serial) // another one was made meanwhile
		}
		x.Enabled, x.Step, x.Failed, x.Paused = s.now(), b, 0, time.Time{}
		return nil
	})
	if err != nil {
		return err
	}
	return s.updateUser(ctx, user, func(u *User) error {
		if u.ID != d.UserID {
			return noMFA(serial) // it was the device of a user of before
		}
		if slices.Contains(u.MFADevices, d.Name) {
			return nil
		}
		if err := u.mayList(d); err != nil {
			return err
		}
		u.MFADevices = append(u.MFADevices, d.Name)
		return nil
	})
}

// mayList returns nil if the device may become the user's.
func (u *User) mayList(d *MFADevice) error {
	listed := slices.Contains(u.MFADevices, d.Name)
	switch {
	case listed && !d.Enabled.IsZero():
		return fail(ErrExists, "MFA Device is already in use.")
	case !listed && len(u.MFADevices) >= maxMFADevices:
		return fail(ErrLimitExceeded, "Cannot exceed quota for MFADevicesPerUser: 8")
	}
	return nil
}

// MFADevices returns the devices of a user.
func (s *Service) MFADevices(ctx context.Context, user string) ([]*MFADevice, error) {
	u, err := s.User(ctx, user)
	if err != nil {
		return nil, err
	}
	var out []*MFADevice
	for _, name := range u.MFADevices {
		d, err := s.Store.MFADevices().Get(ctx, s.Account, name)
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, nil
}

// DeleteMFADevice takes a device away; it is dead once the user no longer lists it.
func (s *Service) DeleteMFADevice(ctx context.Context, user, serial string) error {
	u, err := s.User(ctx, user)
	if err != nil {
		return err
	}
	d, err := s.mfaDevice(ctx, u, serial)
	if err != nil {
		return err
	}
	err = s.updateUser(ctx, user, func(u *User) error {
		u.MFADevices = slices.DeleteFunc(u.MFADevices, func(n string) bool { return n == d.Name })
		return nil
	})
	if err != nil {
		return err
	}
	return s.Store.MFADevices().Delete(ctx, s.Account, d.Name, always)
}

// mfaDevice returns the device of a user by its serial number.
func (s *Service) mfaDevice(ctx context.Context, u *User, serial string) (*MFADevice, error) {
	name, ok := strings.CutPrefix(serial, mfaPrefix(s.Account))
	if !ok {
		return nil, noMFA(serial)
	}
	d, err := s.Store.MFADevices().Get(ctx, s.Account, name)
	if errors.Is(err, ErrNotFound) || err == nil && d.UserID != u.ID {
		return nil, noMFA(serial)
	}
	return d, err
}

func noMFA(serial string) error {
	return fail(ErrNotFound, "MFA device with serial number "+serial+" does not exist.")
}

// An MFAProof is a one-time password that comes with a request; zero for none.
type MFAProof struct{ Serial, Code string }

const mfaFailed = "MultiFactorAuthentication failed"

// proveMFA reports whether the request comes with a proof. A wrong one is refused.
func (s *Service) proveMFA(ctx context.Context, p *Principal, proof MFAProof) (bool, error) {
	if proof == (MFAProof{}) {
		return false, nil
	}
	if proof.Serial == "" || proof.Code == "" {
		return false, fail(ErrAccessDenied, mfaFailed+", must provide both MFA serial number and one time pass code.")
	}
	unknown := fail(ErrAccessDenied, mfaFailed+", unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.")
	name, ok := strings.CutPrefix(proof.Serial, mfaPrefix(s.Account))
	if !ok || p.Kind != IAMUser || !slices.Contains(p.user.MFADevices, name) {
		return false, unknown
	}
	ok, err := s.spendMFA(ctx, p.user.ID, name, proof.Code)
	if errors.Is(err, ErrNotFound) {
		return false, unknown
	}
	if err == nil && !ok {
		err = fail(ErrAccessDenied, mfaFailed+" with invalid MFA one time pass code. ")
	}
	return ok, err
}

// spendMFA reports whether the code is one of the device's that was not used yet,
// in one atomic step. Of wrong ones a guesser has five in fifteen minutes.
func (s *Service) spendMFA(ctx context.Context, userID, name, code string) (ok bool, err error) {
	_, err = s.Store.MFADevices().Update(ctx, s.Account, name, func(d *MFADevice) error {
		ok = false
		now := s.now()
		if d.UserID != userID || d.Enabled.IsZero() {
			return ErrNotFound
		}
		if now.Before(d.Paused) {
			return nil
		}
		step, match, err := totp.Match(d.Secret, code, now)
		if err != nil {
			return err
		}
		if ok = match && step > d.Step; ok {
			d.Step, d.Failed = step, 0
			return nil
		}
		if d.Failed++; d.Failed >= mfaTries {
			d.Failed, d.Paused = 0, now.Add(mfaPause)
		}
		return nil
	})
	return ok && err == nil, err
}

// MFA returns when the session's user showed a one-time password; zero for never.
func (p *Principal) MFA() time.Time {
	if p.state == nil || p.state.MFA == 0 {
		return time.Time{}
	}
	return time.UnixMicro(p.state.MFA).UTC()
}

// mfaKeys adds the condition keys of a session that began with a one-time password.
func (p *Principal) mfaKeys(now time.Time) {
	if at := p.MFA(); !at.IsZero() {
		p.Keys["aws:MultiFactorAuthPresent"] = []string{"true"}
		p.Keys["aws:MultiFactorAuthAge"] = []string{strconv.FormatInt(int64(now.Sub(at)/time.Second), 10)}
	}
}
