package userpool

import (
	"context"
	"time"
)

// DeviceRules are a pool's rules for remembered devices.
type DeviceRules struct {
	Track bool `json:",omitempty"` // the pool has a DeviceConfiguration

	// Challenge is ChallengeRequiredOnNewDevice: a remembered device, which proves
	// itself by its own password, replaces the second factor.
	Challenge bool `json:",omitempty"`
	// OnPrompt is DeviceOnlyRememberedOnUserPrompt: a confirmed device is remembered
	// once its user says so, not at once.
	OnPrompt bool `json:",omitempty"`
}

// A Device is one that a user has signed in with and that has proved, or can prove,
// a password of its own. Its password is made by the client and never sent.
type Device struct {
	Pool          PoolID
	Sub           string // of its user
	Key           string // {region}_{uuid}
	Group         string // what stands for the pool in its SRP exchange
	Name          string
	Remembered    bool
	Created       time.Time
	Modified      time.Time
	Authenticated time.Time // of the last sign-in with it
	IP            string    // that it was last seen at
	SDK           string    // that confirmed it

	Salt     []byte `json:"-"` // sealed at rest
	Verifier []byte `json:"-"` // sealed at rest: cheaper to guess than a hash
}

// A DeviceStore keeps devices.
type DeviceStore interface {
	// CreateDevice adds a device of a user. It returns ErrDeviceKeyExists for a key
	// that the pool knows already, whosever it is, and ErrUserNotFound.
	CreateDevice(ctx context.Context, d *Device) error
	// Device returns a user's device, or ErrNotFound: also for another user's.
	Device(ctx context.Context, pool PoolID, sub, key string) (*Device, error)
	// UpdateDevice replaces the device with the result of fn, as one atomic step.
	// Its pool, user and key do not change.
	UpdateDevice(ctx context.Context, pool PoolID, sub, key string, fn func(*Device) error) (*Device, error)
	DeleteDevice(ctx context.Context, pool PoolID, sub, key string) error
	// Devices returns up to limit devices of a user by key after the token, and the
	// next token. They come without salts and verifiers.
	Devices(ctx context.Context, pool PoolID, sub, after string, limit int) (devices []*Device, next string, err error)
}
