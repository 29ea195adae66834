package device

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

// Settings knows how pools are set up.
type Settings interface {
	// Applications returns the ARNs of the SNS applications that a pool pushes
	// through; none where it is not set up for push.
	Applications(ctx context.Context, pool dataset.PoolID) ([]string, error)
}

// A Service registers devices and keeps their subscriptions. Use it by pointer.
type Service struct {
	Store    Store
	Datasets *dataset.Service
	Settings Settings
	// Pushes says that the server has a way to push at all.
	Pushes bool
	Now    func() time.Time
}

const (
	// maxDevices bounds the devices of an identity: an app that registers at each
	// start with a new token must not fill the table.
	maxDevices = 25
	// maxToken bounds a token, in bytes. The longest known are those of ADM.
	maxToken = 4096
)

// Register keeps a device under a new ID, or under the ID that it has already.
func (s *Service) Register(ctx context.Context, owner dataset.Owner, platform Platform, token string) (ID, error) {
	if token == "" || len(token) > maxToken {
		return "", dataset.Fail(dataset.ErrInvalidParameter, "Token must have 1 to %d bytes.", maxToken)
	}
	if _, err := s.Application(ctx, owner.Pool, platform); err != nil {
		return "", err
	}
	d := &Device{ID: newID(), Owner: owner, Platform: platform, Token: token, Registered: s.Now().UTC().Truncate(time.Microsecond)}
	return s.Store.Register(ctx, d, maxDevices)
}

// Subscribe has a device hear of the changes of a dataset, which must exist.
func (s *Service) Subscribe(ctx context.Context, owner dataset.Owner, id ID, name string) error {
	d, err := s.ready(ctx, owner, id)
	if err != nil {
		return err
	}
	if _, err := s.Datasets.DescribeDataset(ctx, owner, name); err != nil {
		return err
	}
	return s.Store.Subscribe(ctx, owner, d.ID, name)
}

// Unsubscribe takes a subscription back; one that is not there is
// dataset.ErrNotFound.
func (s *Service) Unsubscribe(ctx context.Context, owner dataset.Owner, id ID, name string) error {
	if _, err := s.ready(ctx, owner, id); err != nil {
		return err
	}
	if err := dataset.CheckNames([]string{name}); err != nil {
		return err
	}
	return s.Store.Unsubscribe(ctx, owner, id, name)
}

// ready returns a device whose pool can push to it.
func (s *Service) ready(ctx context.Context, owner dataset.Owner, id ID) (*Device, error) {
	if _, err := s.applications(ctx, owner.Pool); err != nil {
		return nil, err
	}
	d, err := s.Store.Device(ctx, owner, id)
	if err != nil {
		return nil, err
	}
	_, err = s.Application(ctx, owner.Pool, d.Platform)
	return d, err
}

// Application returns the ARN of the SNS application through which a pool pushes to
// a platform, or ErrConfiguration.
func (s *Service) Application(ctx context.Context, pool dataset.PoolID, platform Platform) (string, error) {
	arns, err := s.applications(ctx, pool)
	if err != nil {
		return "", err
	}
	for _, arn := range arns { // arn:aws:sns:REGION:ACCOUNT:app/PLATFORM/NAME
		if parts := strings.Split(arn, "/"); len(parts) == 3 && parts[1] == string(platform) {
			return arn, nil
		}
	}
	return "", fail("The identity pool has no push application for platform %s.", platform)
}

// Ready reports whether anything can be pushed to the devices of a pool.
func (s *Service) Ready(ctx context.Context, pool dataset.PoolID) (bool, error) {
	_, err := s.applications(ctx, pool)
	if errors.Is(err, ErrConfiguration) || errors.Is(err, dataset.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

func (s *Service) applications(ctx context.Context, pool dataset.PoolID) ([]string, error) {
	if !s.Pushes {
		return nil, fail("This server has no way to push; see --push-endpoint.")
	}
	arns, err := s.Settings.Applications(ctx, pool)
	if err != nil {
		return nil, err
	}
	if len(arns) == 0 {
		return nil, fail("The identity pool is not set up for push sync.")
	}
	return arns, nil
}

func fail(format string, args ...any) error {
	return dataset.Fail(ErrConfiguration, format, args...)
}

func newID() ID {
	b := make([]byte, 16)
	rand.Read(b) // never fails, see crypto/rand
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return ID(fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]))
}
