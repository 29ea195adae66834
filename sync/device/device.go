// Package device is the domain of the devices that an identity wants its changes
// pushed to, and of the datasets that they are subscribed to. Its store is a
// database, not the one of the datasets: devices are registered once and read in
// the background.
package device

import (
	"context"
	"errors"
	"time"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

// ErrConfiguration says that nothing can be pushed to the devices of a pool. Other
// errors are of the kinds of package dataset.
var ErrConfiguration = errors.New("device: pool is not set up for push")

// An ID names a device of an identity: a UUID.
type ID string

// A Platform is the service that pushes to a device. Names are those of Amazon SNS.
type Platform string

// The platforms.
const (
	APNS        Platform = "APNS"
	APNSSandbox Platform = "APNS_SANDBOX"
	GCM         Platform = "GCM" // today's Firebase Cloud Messaging
	ADM         Platform = "ADM"
)

// A Device is where an app is installed.
type Device struct {
	ID         ID
	Owner      dataset.Owner
	Platform   Platform
	Token      string    // that the platform gave the app
	Endpoint   string    // ARN that SNS knows the token by; empty before the first push
	Registered time.Time // the last time
}

// A Store keeps devices and their subscriptions.
//
// Implementations must be safe for concurrent use by several processes, keep tokens
// sealed, return dataset.ErrNotFound for a device that is not the owner's, and pass
// devicetest.TestStore.
type Store interface {
	// Register keeps a device of an owner. Where the owner has one of that platform
	// with that token, it is registered anew under its old ID, with its endpoint and
	// subscriptions; else d is added. Beyond most devices the one that was registered
	// the longest ago is deleted. It returns the ID.
	Register(ctx context.Context, d *Device, most int) (ID, error)

	// Device returns a device of an owner.
	Device(ctx context.Context, owner dataset.Owner, id ID) (*Device, error)

	// SetEndpoint changes the endpoint of a device, from what it was. A device that
	// is gone, or has another one by now, is no error.
	SetEndpoint(ctx context.Context, d *Device, endpoint string) error

	// Subscribe subscribes a device to a dataset; again is no error.
	Subscribe(ctx context.Context, owner dataset.Owner, id ID, name string) error

	// Unsubscribe takes that back. A subscription that is not there is ErrNotFound.
	Unsubscribe(ctx context.Context, owner dataset.Owner, id ID, name string) error

	// Subscribed returns the IDs of the devices that are subscribed to a dataset, in
	// order.
	Subscribed(ctx context.Context, owner dataset.Owner, name string) ([]ID, error)

	// Erase deletes the devices of an owner with their subscriptions.
	Erase(ctx context.Context, owner dataset.Owner) error
}
