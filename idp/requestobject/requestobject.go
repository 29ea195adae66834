// Package requestobject reads authorization requests that a client has signed
// (RFC 9101, OpenID Connect Core section 6): sent along as request, or fetched from
// where the client keeps them.
//
// Only what the signature covers comes out. Whether it is a good request is for the
// authorization endpoint to judge, as if it had been sent plainly.
package requestobject

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/internal/jose"
	"github.com/poolhouse/poolhouse/userpool"
)

// maxObject bounds a request object, in bytes.
const maxObject = 32 << 10

// An Error says why a request object is refused. Both texts are for the app.
type Error struct {
	Code        string // of OpenID Connect Core section 3.1.2.6
	Description string
}

func (e *Error) Error() string { return e.Code + ": " + e.Description }

func refuse(text string) error { return &Error{"invalid_request_object", text} }

// A Reader reads request objects.
type Reader struct {
	Remote *jose.RemoteKeys // of clients
	// Keys are those that clients of a pool may have encrypted to.
	Keys   func(context.Context, userpool.PoolID) ([]jose.PrivateKey, error)
	Fetch  jose.Fetcher // of objects; it goes to public addresses only
	Issuer func(userpool.PoolID) string
	Now    func() time.Time
}

// Read verifies a client's request object and returns its parameters. What is wrong
// with it is an *Error.
func (r *Reader) Read(ctx context.Context, c *userpool.Client, raw string) (url.Values, error) {
	params, _, err := r.read(ctx, c, raw)
	return params, err
}

// A Mark tells a request object from all others of its client, for as long as it
// could be sent again.
type Mark struct {
	ID      string // jti
	Expires time.Time
}

// ReadMarked is Read for an object that must say all of itself, and is for one use
// (CIBA Core section 7.1.1). To remember the mark is the caller's.
func (r *Reader) ReadMarked(ctx context.Context, c *userpool.Client, raw string) (url.Values, Mark, error) {
	strict := *c
	strict.OpenID.RequireSigned = true
	params, o, err := r.read(ctx, &strict, raw)
	switch {
	case err != nil:
		return nil, Mark{}, err
	case o.ID == "" || len(o.ID) > maxID:
		return nil, Mark{}, refuse("jti is missing, or too long.")
	case o.Issued == nil || o.NotBefore == nil:
		return nil, Mark{}, refuse("iat or nbf is missing.")
	}
	return params, Mark{o.ID, time.Unix(int64(*o.Expires), 0).Add(skew + time.Second)}, nil
}

func (r *Reader) read(ctx context.Context, c *userpool.Client, raw string) (url.Values, *claims, error) {
	if len(raw) > maxObject {
		return nil, nil, refuse("The request object is too large.")
	}
	raw, err := r.open(ctx, c, raw)
	if err != nil {
		return nil, nil, err
	}
	if unsigned(raw) {
		return nil, nil, &Error{"request_not_supported", "The request object is not signed."}
	}
	payload, err := r.verify(ctx, c, raw)
	if err != nil {
		return nil, nil, err
	}
	claims, params, err := parse(payload)
	if err != nil {
		return nil, nil, err
	}
	return params, claims, r.judge(c, claims, params)
}

// ReadFrom is Read for a request object at an address, which must be one that the
// client registered, to the letter (F9).
func (r *Reader) ReadFrom(ctx context.Context, c *userpool.Client, address string) (url.Values, error) {
	if !slices.Contains(c.OpenID.RequestURIs, address) {
		return nil, &Error{"invalid_request_uri", "The request_uri is not registered."}
	}
	raw, err := r.Fetch.Fetch(ctx, address, maxObject)
	if err != nil {
		return nil, errors.Join(&Error{"invalid_request_uri", "The request object cannot be fetched."}, err)
	}
	params, err := r.Read(ctx, c, strings.TrimSpace(string(raw)))
	if e := (*Error)(nil); errors.As(err, &e) && e.Code == "request_not_supported" {
		return nil, &Error{"request_uri_not_supported", e.Description}
	}
	return params, err
}

// unsigned reports whether an object says itself that nobody signed it.
func unsigned(raw string) bool {
	_, h, err := jose.Peek(raw)
	return err == nil && h.Algorithm == "none"
}

// verify checks the signature by the algorithm that the client registered, or else by
// any of a public key: with none registered a shared secret proves nothing, and a
// server that had it would take it for a key (F4).
func (r *Reader) verify(ctx context.Context, c *userpool.Client, raw string) ([]byte, error) {
	allowed := jose.Asymmetric
	if c.OpenID.FAPI {
		allowed = jose.FAPI
	}
	var keys jose.KeySet
	var err error
	switch alg := c.OpenID.RequestObjectAlgorithm; {
	case slices.Contains(jose.Symmetric, alg) && !c.OpenID.FAPI && c.Secret != "":
		allowed, keys = []string{alg}, jose.Secret(c.Secret)
	case alg != "":
		allowed = slices.DeleteFunc(slices.Clone(allowed), func(a string) bool { return a != alg })
	}
	if keys == nil {
		if keys, err = r.Remote.Of(c.OpenID.JWKS, c.OpenID.JWKSURI); err != nil {
			return nil, refuse("The client's keys cannot be read.")
		}
	}
	payload, h, err := jose.Verify(ctx, raw, keys, allowed)
	switch {
	case errors.Is(err, jose.ErrUnavailable):
		return nil, errors.Join(refuse("The client's keys cannot be fetched."), err)
	case errors.Is(err, jose.ErrInvalid):
		return nil, errors.Join(refuse("The signature of the request object cannot be verified."), err)
	case err != nil:
		return nil, err
	case !isRequest(h.Type):
		return nil, refuse("typ is not that of a request object.")
	}
	return payload, nil
}

// isRequest reports whether a typ may be a request object's (RFC 9101 section 10.8):
// many clients write the general one or none.
func isRequest(typ string) bool {
	typ = strings.TrimPrefix(strings.ToLower(typ), "application/")
	return typ == "" || typ == "jwt" || typ == "oauth-authz-req+jwt"
}
