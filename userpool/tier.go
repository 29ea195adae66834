package userpool

import "slices"

// The tiers of a pool, from the smallest. Each has what those before it have.
const (
	TierLite       = "LITE"
	TierEssentials = "ESSENTIALS"
	TierPlus       = "PLUS"
)

var tiers = []string{TierLite, TierEssentials, TierPlus}

// tier is the pool's tier: ESSENTIALS where none was chosen.
func (p *Pool) tier() string {
	if p.Tier == "" {
		return TierEssentials
	}
	return p.Tier
}

// requireTier returns an ErrFeatureNotInTier that names the feature unless the
// pool's tier is at least the one given.
func (p *Pool) requireTier(tier, feature string) error {
	if slices.Index(tiers, p.tier()) >= slices.Index(tiers, tier) {
		return nil
	}
	return Fail(ErrFeatureNotInTier, "The following features need to be disabled for the "+p.tier()+" pricing tier configured: "+feature)
}

// checkTierChange refuses to leave a tier while what the pool has beside its
// settings needs it.
func (p *Pool) checkTierChange(old *Pool) error {
	if slices.Index(tiers, p.tier()) < slices.Index(tiers, old.tier()) && p.ManagedLogin() && p.requireTier(TierEssentials, "") != nil {
		return Fail(ErrTierChange, "The tier of the user pool cannot be changed to "+p.tier()+" while its domain is set to managed login. Set ManagedLoginVersion 1 first.")
	}
	return nil
}

// checkTier checks the pool's own settings against its tier.
func (p *Pool) checkTier() error {
	if err := p.checkThreats(); err != nil {
		return err
	}
	for _, f := range []struct {
		used bool
		name string
	}{
		{p.PasswordPolicy.History > 0, "Password History"},
		{p.passwordless() || p.allowsFirst("WEB_AUTHN"), "Passwordless Sign-In"},
		{p.EmailMFA, "Email MFA"},
		{p.customizesAccess(), "Access Token Customization"},
	} {
		if !f.used {
			continue
		}
		if err := p.requireTier(TierEssentials, f.name); err != nil {
			return err
		}
	}
	return nil
}

// customizesAccess reports whether a function writes access tokens: that of ID
// tokens alone has events of the first version.
func (p *Pool) customizesAccess() bool {
	version := p.Triggers[triggerPreToken].Version
	return version != "" && version != "V1_0"
}
