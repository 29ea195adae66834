// Package dpop checks proofs of possession (RFC 9449): a JWT that an app signs
// for one request with a key of its own, so that a token which was stolen without
// the key is worth nothing. It also makes the nonces that such proofs may need.
package dpop

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"time"

	"github.com/poolhouse/poolhouse/internal/ephemeral"
	"github.com/poolhouse/poolhouse/internal/jose"
	"github.com/poolhouse/poolhouse/userpool"
)

// skew is how far the clock of an app may be off in either direction. It is also how
// long a proof without a nonce is good for.
const skew = time.Minute

// namespace of the proofs that were seen.
const namespace = "dpop"

// ErrNonce says that the proof is good but for its nonce, which is missing or too
// old. The answer carries a new one (RFC 9449 section 8).
var ErrNonce = errors.New("dpop: the proof needs a fresh nonce")

// An Error says what is wrong with a proof. Its text may be shown to the app.
type Error struct{ Reason string }

func (e *Error) Error() string { return "dpop: " + e.Reason }

func refuse(reason string) error { return &Error{reason} }

// A Target is the request that a proof must have been made for.
type Target struct {
	Pool      userpool.PoolID
	Method    string
	URL       string // of the endpoint, from the public URL
	Token     string // presented together with the proof; empty where none is
	NeedNonce bool
}

// A Verifier checks proofs.
type Verifier struct {
	Ephemeral ephemeral.Store
	Secret    []byte // of the nonces; the same on every node
	Now       func() time.Time
}

// Verify checks the DPoP header of a request and returns the thumbprint of the key
// that signed it (RFC 7638): what tokens are bound to. A proof that was seen
// before, or that is not for this request, is an *Error. The proof counts as seen
// only once everything else about it is right.
func (v *Verifier) Verify(ctx context.Context, header []string, t Target) (thumbprint string, err error) {
	if len(header) != 1 {
		return "", refuse("There must be one DPoP header.")
	}
	p, err := parse(header[0])
	if err != nil {
		return "", err
	}
	until, err := v.judge(p, t)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(p.claims.ID))
	first, err := v.Ephemeral.Claim(ctx, namespace, string(t.Pool)+"/"+p.thumbprint+"/"+hex.EncodeToString(sum[:]), until)
	if err != nil {
		return "", err
	}
	if !first {
		return "", refuse("The proof was used before.")
	}
	return p.thumbprint, nil
}

// judge compares the claims of a proof with the request, and returns until when
// the proof could be sent again.
func (v *Verifier) judge(p *proof, t Target) (until time.Time, err error) {
	c, now := p.claims, v.Now()
	switch {
	case c.ID == "" || len(c.ID) > maxID:
		return until, refuse("jti is missing or too long.")
	case c.Method != t.Method:
		return until, refuse("htm is not the method of the request.")
	case !sameURL(c.URL, t.URL):
		return until, refuse("htu is not the address of the request.")
	case c.Issued == nil:
		return until, refuse("iat is missing.")
	case c.Expires != nil && !now.Before(jose.Time(*c.Expires)):
		return until, refuse("The proof has expired.")
	case c.NotBefore != nil && jose.Time(*c.NotBefore).After(now.Add(skew)):
		return until, refuse("The proof is not valid yet.")
	case t.Token != "" && c.TokenHash != tokenHash(t.Token):
		return until, refuse("ath is not the hash of the access token.")
	}
	if c.Nonce != "" || t.NeedNonce {
		return v.nonceUntil(t.Pool, c.Nonce)
	}
	issued := jose.Time(*c.Issued)
	if issued.Before(now.Add(-skew)) || issued.After(now.Add(skew)) {
		return until, refuse("iat is too far from now.")
	}
	return issued.Add(2 * skew), nil
}

func tokenHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
