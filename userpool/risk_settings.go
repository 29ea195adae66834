package userpool

import (
	"cmp"
	"context"
	"errors"
)

// SetRiskConfiguration replaces the configuration of a pool or of one of its clients
// with c; one without any part is deleted. ErrAddOnNotEnabled: the pool's threat
// protection is off.
func (s *Service) SetRiskConfiguration(ctx context.Context, c *RiskConfiguration) (*RiskConfiguration, error) {
	if err := s.mayHaveRisks(ctx, c.Pool, c.Client); err != nil {
		return nil, err
	}
	if err := s.checkRisks(c); err != nil {
		return nil, err
	}
	c.Modified = s.now()
	if c.Compromised == nil && c.Takeover == nil && c.Exceptions == nil {
		return c, s.Store.DeleteRiskConfiguration(ctx, c.Pool, c.Client)
	}
	return c, namedClient(s.Store.PutRiskConfiguration(ctx, c), c.Client)
}

// RiskConfiguration returns the configuration of a client or, for an empty one, of
// the pool. Where there is none it has no part.
func (s *Service) RiskConfiguration(ctx context.Context, pool PoolID, client ClientID) (*RiskConfiguration, error) {
	if err := s.mayHaveRisks(ctx, pool, client); err != nil {
		return nil, err
	}
	c, err := s.Store.RiskConfiguration(ctx, pool, client)
	if errors.Is(err, ErrNotFound) {
		return &RiskConfiguration{Pool: pool, Client: client}, nil
	}
	return c, err
}

// mayHaveRisks refuses clients that there are not, and pools without threat
// protection.
func (s *Service) mayHaveRisks(ctx context.Context, pool PoolID, client ClientID) error {
	p, err := s.Pool(ctx, pool)
	if err != nil {
		return err
	}
	if client != "" {
		if _, err := s.Client(ctx, pool, client); err != nil {
			return err
		}
	}
	return p.requireThreatProtection()
}

// requireThreatProtection returns an ErrAddOnNotEnabled for a pool without.
func (p *Pool) requireThreatProtection() error {
	if p.Watched() {
		return nil
	}
	return Fail(ErrAddOnNotEnabled, "Threat protection is not enabled for user pool "+string(p.ID)+".")
}

// checkRisks refuses what could not be done.
func (s *Service) checkRisks(c *RiskConfiguration) error {
	if c.Compromised != nil && c.Compromised.Action == RiskBlock && !s.Risk.knowsBreaches() {
		return invalid("CompromisedCredentialsRiskConfiguration with BLOCK needs a list of compromised passwords, which this server was not given.")
	}
	if e := c.Exceptions; e != nil {
		_, blocked := parseRanges("BlockedIPRangeList", e.Blocked)
		_, skipped := parseRanges("SkippedIPRangeList", e.Skipped)
		if err := cmp.Or(blocked, skipped); err != nil {
			return err
		}
	}
	return c.Takeover.check()
}

// check refuses mails that there is no configuration of, and those without a body.
func (t *TakeoverRules) check() error {
	if t == nil {
		return nil
	}
	for _, a := range []*RiskAction{t.Low, t.Medium, t.High} {
		if a != nil && a.Notify && t.Notify == nil {
			return invalid("NotifyConfiguration is required where an action has Notify.")
		}
	}
	if t.Notify == nil {
		return nil
	}
	for _, m := range []*NotifyMail{t.Notify.Block, t.Notify.NoAction, t.Notify.MFA} {
		if m != nil && m.HTML == "" && m.Text == "" {
			return invalid("A mail of NotifyConfiguration needs HtmlBody or TextBody.")
		}
	}
	return nil
}
