package oidcrp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/sync/singleflight"
)

// Errors of this package. Their texts are for the log.
var (
	ErrUnreachable = errors.New("oidcrp: issuer unreachable")
	ErrExpired     = errors.New("oidcrp: token expired")
	ErrInvalid     = errors.New("oidcrp: token invalid")
)

// algorithms are what an ID token may be signed with. "none" and HMAC are not
// among them, whatever an issuer's discovery document says.
var algorithms = []string{oidc.RS256, oidc.RS384, oidc.RS512, oidc.PS256, oidc.PS384, oidc.PS512,
	oidc.ES256, oidc.ES384, oidc.ES512, oidc.EdDSA}

// discoveryLife is how long a discovery document is believed.
const discoveryLife = time.Hour

// A Verifier verifies ID tokens. Discovery happens at an issuer's first token;
// keys are cached until a token names one that is not known. It is safe for
// concurrent use.
type Verifier struct {
	client *http.Client
	now    func() time.Time
	flight singleflight.Group

	mu      sync.Mutex
	issuers map[string]*issuer
}

type issuer struct {
	keys       *oidc.RemoteKeySet
	discovered time.Time
}

// New returns a Verifier that fetches through f.
func New(f Fetcher, now func() time.Time) *Verifier {
	return &Verifier{client: &http.Client{Transport: &transport{fetcher: f, now: now}}, now: now, issuers: map[string]*issuer{}}
}

// Verify returns the claims of a token that issuer signed and that is valid now.
// Whom it is for is left to the caller.
func (v *Verifier) Verify(ctx context.Context, issuerURL, rawJWT string) (map[string]any, error) {
	i, err := v.issuer(ctx, issuerURL)
	if err != nil {
		return nil, err
	}
	keys := &recorder{keys: i.keys}
	token, err := oidc.NewVerifier(issuerURL, keys, &oidc.Config{
		SkipClientIDCheck: true, SupportedSigningAlgs: algorithms, Now: v.now}).Verify(ctx, rawJWT)
	var expired *oidc.TokenExpiredError
	switch {
	case errors.As(err, &expired):
		return nil, fmt.Errorf("%w: %w", ErrExpired, err)
	case err != nil && errors.Is(keys.err, errFetch):
		return nil, fmt.Errorf("%w: %w", ErrUnreachable, keys.err)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	claims := map[string]any{}
	if err := token.Claims(&claims); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return claims, nil
}

// A recorder keeps the error of a key set, which go-oidc flattens to text.
type recorder struct {
	keys oidc.KeySet
	err  error
}

// VerifySignature implements oidc.KeySet.
func (r *recorder) VerifySignature(ctx context.Context, jwt string) ([]byte, error) {
	payload, err := r.keys.VerifySignature(ctx, jwt)
	r.err = err
	return payload, err
}

func (v *Verifier) issuer(ctx context.Context, url string) (*issuer, error) {
	v.mu.Lock()
	i := v.issuers[url]
	v.mu.Unlock()
	if i != nil && v.now().Sub(i.discovered) < discoveryLife {
		return i, nil
	}
	found, err, _ := v.flight.Do(url, func() (any, error) { return v.discover(ctx, url) })
	if err == nil {
		return found.(*issuer), nil
	}
	if i != nil { // better an old document than none: its keys are still checked
		return i, nil
	}
	return nil, fmt.Errorf("%w: %w", ErrUnreachable, err)
}

// discover outlives the request that asked first: others wait for it as well.
func (v *Verifier) discover(ctx context.Context, url string) (*issuer, error) {
	ctx = oidc.ClientContext(context.WithoutCancel(ctx), v.client)
	p, err := oidc.NewProvider(ctx, url)
	if err != nil {
		return nil, err
	}
	var doc struct {
		Keys string `json:"jwks_uri"`
	}
	if err := p.Claims(&doc); err != nil {
		return nil, err
	}
	i := &issuer{keys: oidc.NewRemoteKeySet(ctx, doc.Keys), discovered: v.now()}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.issuers[url] = i
	return i, nil
}
