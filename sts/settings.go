package sts

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"
)

// Settings are what an account's administrators chose for all of STS.
type Settings struct {
	Account         string
	Outbound        bool     // IdentityToken answers
	DisabledRegions []string // no credentials are issued there; sorted
}

// Key returns what identifies the settings in their collection.
func (s *Settings) Key() (account, name string) { return s.Account, settingsName }

const settingsName = "settings"

// settingsAge is how long a node may act on settings that another node changed.
const settingsAge = time.Second

// maxDisabledRegions bounds the list.
const maxDisabledRegions = 100

// knownSettings are settings as they were read last.
type knownSettings struct {
	Settings
	until time.Time
}

// A settingsCache spares the calls that issue credentials a read each.
type settingsCache struct{ atomic.Pointer[knownSettings] }

// Settings returns the account's settings.
func (s *Service) Settings(ctx context.Context) (*Settings, error) {
	if known := s.settings.Load(); known != nil && s.Now().Before(known.until) {
		return &known.Settings, nil
	}
	found, err := s.Store.Settings().Get(ctx, s.Account, settingsName)
	if errors.Is(err, ErrNotFound) {
		found, err = &Settings{Account: s.Account}, nil
	}
	if err != nil {
		return nil, err
	}
	s.settings.Store(&knownSettings{*found, s.Now().Add(settingsAge)})
	return found, nil
}

// A SettingsChange is what UpdateSettings changes; nil leaves a part as it is.
type SettingsChange struct {
	Outbound        *bool
	DisabledRegions *[]string
}

// UpdateSettings changes the account's settings. The server's own region cannot
// be disabled: an account without any region could not be helped.
func (s *Service) UpdateSettings(ctx context.Context, c SettingsChange) (*Settings, error) {
	var regions []string
	if c.DisabledRegions != nil {
		regions = slices.Compact(slices.Sorted(slices.Values(*c.DisabledRegions)))
	}
	if slices.Contains(regions, s.Region) {
		return nil, fail(ErrValidation, "The region "+s.Region+" of this server cannot be disabled.")
	}
	if len(regions) > maxDisabledRegions {
		return nil, fail(ErrValidation, "No more than 100 regions can be disabled.")
	}
	err := s.Store.Settings().Create(ctx, &Settings{Account: s.Account})
	if err != nil && !errors.Is(err, ErrExists) {
		return nil, err
	}
	updated, err := s.Store.Settings().Update(ctx, s.Account, settingsName, func(x *Settings) error {
		if c.Outbound != nil {
			x.Outbound = *c.Outbound
		}
		if c.DisabledRegions != nil {
			x.DisabledRegions = regions
		}
		return nil
	})
	s.settings.Store(nil)
	return updated, err
}

// CheckRegion returns an error of kind ErrRegionDisabled where no credentials are
// issued in the region.
func (s *Service) CheckRegion(ctx context.Context, region string) error {
	set, err := s.Settings(ctx)
	if err != nil {
		return err
	}
	if slices.Contains(set.DisabledRegions, region) {
		return fail(ErrRegionDisabled, "STS is not activated in this region for account:"+s.Account+
			". Your account administrator can activate STS in this region with UpdateAccountSettings.")
	}
	return nil
}
