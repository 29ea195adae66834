package oidcrp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/poolhouse/poolhouse/internal/jose"
	"github.com/poolhouse/poolhouse/internal/outbound"
	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/userpool"
)

// A Client calls providers; *outbound.Client does.
type Client interface {
	Fetcher
	Get(ctx context.Context, address string, header http.Header, limit int) (*outbound.Answer, error)
	Call(ctx context.Context, address string, header http.Header, body []byte, limit int) (*outbound.Answer, error)
}

// Pools finds pools; userpool.Store does.
type Pools interface {
	Pool(ctx context.Context, id userpool.PoolID) (*userpool.Pool, error)
}

// An Upstream signs people in through providers of OpenID Connect and OAuth 2.0.
// It is safe for concurrent use.
type Upstream struct {
	client    Client
	pools     Pools
	bases     func(*userpool.Pool) []string
	now       func() time.Time
	directory *directory
	keys      *jose.RemoteKeys
}

var _ sp.Upstream = (*Upstream)(nil)

// NewUpstream returns an Upstream that calls providers through c. bases are the
// addresses that a pool answers at, without a slash at the end: {public-url}/{poolId}
// first, then those of its domains.
func NewUpstream(c Client, pools Pools, bases func(*userpool.Pool) []string, now func() time.Time) *Upstream {
	return &Upstream{client: c, pools: pools, bases: bases, now: now, directory: newDirectory(c, now),
		keys: &jose.RemoteKeys{Fetch: c, Now: now, Spare: 1}}
}

// callback is the redirect URI of a sign-in, which the provider has registered. It is
// Cognito's, below each address of the pool.
func (u *Upstream) callback(ctx context.Context, ask *sp.Ask) (string, error) {
	pool, err := u.pools.Pool(ctx, ask.Provider.Pool)
	if err != nil {
		return "", err
	}
	return ask.At(u.bases(pool)) + "/oauth2/idpresponse", nil
}

const (
	skew     = time.Minute      // tolerance of clocks
	patience = 25 * time.Second // for all that one arrival asks a provider
	hurry    = 3 * time.Second  // for what an arrival can do without
)

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %s", sp.ErrInvalid, fmt.Sprintf(format, args...))
}

// ofCall says what it means that a provider could not be called.
func ofCall(what string, err error) error {
	as := sp.ErrUnreachable
	switch {
	case errors.Is(err, outbound.ErrForbidden):
		as = sp.ErrUnusable
	case errors.Is(err, outbound.ErrTooLarge):
		as = sp.ErrInvalid
	}
	var call *url.Error
	for errors.As(err, &call) { // its address may hold what is not for the log
		err = call.Err
	}
	return fmt.Errorf("%w: %s: %w", as, what, err)
}

// ofStatus says what it means that a provider answers with a status that is no 200.
func ofStatus(what string, status int) error {
	as := sp.ErrInvalid
	switch {
	case status >= 300 && status < 400: // secrets follow no redirect
		as = sp.ErrUnusable
	case status >= 500 || status == http.StatusTooManyRequests:
		as = sp.ErrUnreachable
	}
	return fmt.Errorf("%w: %s: status %d", as, what, status)
}
