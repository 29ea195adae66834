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
	if p.PasswordPolicy.History > 0 {
		if err := p.requireTier(TierEssentials, "Password History"); err != nil {
			return err
		}
	}
	if p.passwordless() || p.allowsFirst("WEB_AUTHN") {
		if err := p.requireTier(TierEssentials, "Passwordless Sign-In"); err != nil {
			return err
		}
	}
	if p.EmailMFA {
		return p.requireTier(TierEssentials, "Email MFA")
	}
	return nil
}
