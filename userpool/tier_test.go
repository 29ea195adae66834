package userpool_test

import (
	"testing"

	"github.com/poolhouse/poolhouse/userpool"
)

func TestFeaturesNeedTheirTier(t *testing.T) {
	for name, tt := range map[string]struct {
		change  func(*userpool.Pool)
		feature string
	}{
		"password history": {func(p *userpool.Pool) { p.PasswordPolicy.History = 3 }, "Password History"},
		"e-mail codes":     {func(p *userpool.Pool) { p.MFA, p.EmailMFA = userpool.MFAOptional, true }, "Email MFA"},
		"access tokens": {func(p *userpool.Pool) {
			p.Triggers = map[string]userpool.Function{"PreTokenGeneration": {ARN: "arn:aws:lambda:us-east-1:000000000000:function:f", Version: "V2_0"}}
		}, "Access Token Customization"},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEstate(t)
			p := userpool.NewPool("lite")
			p.Tier = userpool.TierLite
			tt.change(p)
			_, err := e.CreatePool(t.Context(), p, nil)
			e.refused(err, userpool.ErrFeatureNotInTier,
				"The following features need to be disabled for the LITE pricing tier configured: "+tt.feature)

			p = userpool.NewPool("default") // ESSENTIALS
			tt.change(p)
			p, err = e.CreatePool(t.Context(), p, nil)
			e.ok(err)
			_, err = e.ChangePool(t.Context(), p.ID, func(p *userpool.Pool) error { p.Tier = userpool.TierLite; return nil })
			e.refused(err, userpool.ErrFeatureNotInTier, tt.feature)
		})
	}
}

// TestChoiceNeedsItsTier: the flow with a choice of first factors is not in the
// smallest tier.
func TestChoiceNeedsItsTier(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(func(p *userpool.Pool) { p.Tier = userpool.TierLite })
	choice := func() *userpool.Client {
		c := userpool.NewClient(p.ID, "app")
		c.ExplicitAuthFlows = []string{"ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}
		return c
	}
	_, err := e.CreateClient(t.Context(), choice())
	e.refused(err, userpool.ErrFeatureNotInTier, "LITE pricing tier configured: Choice-Based Sign-In")
	plain := e.newClient(p, func(*userpool.Client) {})
	_, err = e.ReplaceClient(t.Context(), p.ID, plain.ID, choice())
	e.refused(err, userpool.ErrFeatureNotInTier, "Choice-Based Sign-In")
	_, err = e.ChangePool(t.Context(), p.ID, func(p *userpool.Pool) error { p.Tier = userpool.TierEssentials; return nil })
	e.ok(err)
	_, err = e.CreateClient(t.Context(), choice())
	e.ok(err)
}
