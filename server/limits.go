package server

import (
	"context"
	"errors"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/internal/ratelimit"
	"github.com/poolhouse/poolhouse/userpool"
	"github.com/poolhouse/poolhouse/userpool/cognitoidp"
)

// limits are the rate limits of the server; nil where they are off.
func (s *Server) limits(st *stores, now func() time.Time) *userpool.Limits {
	if s.cfg.RateLimits == "off" {
		return nil
	}
	return &userpool.Limits{Store: st.db.Userpool(st.keys), Limiter: ratelimit.New(st.ephemeral(), now, s.log), Now: now, Log: s.log}
}

// A throttle keeps callers of the AWS APIs from calling too fast.
type throttle struct {
	pools  *cognitoidp.API
	limits *userpool.Limits
}

// Limit implements awsapi.Limiter. Of services other than user pools it counts what
// needs no signature, by address: those calls turn tokens into others.
func (t *throttle) Limit(ctx context.Context, service, op string, in any) error {
	var err error
	switch call := awsapi.FromContext(ctx); {
	case service == "cognito-idp":
		err = t.pools.Limit(ctx, t.limits, op, in)
	case call.Caller == nil:
		err = t.limits.AllowAddress(ctx, userpool.CategoryToken, call.SourceIP)
	}
	var over *userpool.Throttled
	if !errors.As(err, &over) {
		return err
	}
	code := "TooManyRequestsException"
	if service == "sts" {
		code = "Throttling"
	}
	return &awsapi.Error{Status: 400, Code: code, Message: "Rate exceeded", RetryAfter: over.Wait}
}
