package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/poolhouse/poolhouse/idp/dpop"
	"github.com/poolhouse/poolhouse/sts/authz"
	"github.com/poolhouse/poolhouse/userpool"
)

// openAuthz reads the rules that reverse proxies ask by.
func (s *Server) openAuthz(ctx context.Context, st *stores, now func() time.Time) error {
	if s.cfg.Authz == "" {
		return nil
	}
	text, err := os.ReadFile(s.cfg.Authz)
	if err != nil {
		return fmt.Errorf("authz: %w", err)
	}
	rules, err := authz.Parse(text)
	if err != nil {
		return fmt.Errorf("%s: %w", s.cfg.Authz, err)
	}
	verifier, err := proofs(ctx, st.keys, st.ephemeral(), now)
	if err != nil {
		return err
	}
	s.decisions = newDecisions(&authz.Journal{Mode: rules.Audit, Now: now, Write: auditor{s.audit, s.cfg.Region, s.cfg.Account}.decided})
	s.authz = &authz.Handler{Rules: rules, STS: s.STS, Tokens: s.Tokens, Prove: prove(verifier), Decided: s.decisions.decided, Now: now, Log: s.log}
	return nil
}

// prove checks proofs of possession for package authz. There is nobody to hand a
// nonce to, so none is asked for.
func prove(v *dpop.Verifier) func(context.Context, []string, userpool.PoolID, string, string, string) (string, error) {
	return func(ctx context.Context, header []string, pool userpool.PoolID, method, url, token string) (string, error) {
		thumbprint, err := v.Verify(ctx, header, dpop.Target{Pool: pool, Method: method, URL: url, Token: token})
		var bad *dpop.Error
		if errors.As(err, &bad) || errors.Is(err, dpop.ErrNonce) {
			return "", fmt.Errorf("%w: %w", authz.ErrProof, err)
		}
		return thumbprint, err
	}
}
