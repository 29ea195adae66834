package oidcrp

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"

	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/userpool"
)

// A session is what is kept of one at a provider that is signed out of.
type session struct {
	Issuer string
	Hint   string `json:",omitempty"` // the ID token
}

// maxHint bounds an ID token that is kept, in bytes: sp.Arrival allows 4 KiB in all. The
// client's name stands in for a longer one.
const maxHint = 3 << 10

// session returns what a sign-out will take; nil where there will be none.
func (v *visit) session() ([]byte, error) {
	if !v.provider.SignsOut() || !v.dialect.openid {
		return nil, nil
	}
	s := session{Issuer: v.at.issuer, Hint: v.tokens.id}
	if len(s.Hint) > maxHint {
		s.Hint = ""
	}
	return json.Marshal(s)
}

// SignedOutPath is where providers lead browsers back to after a sign-out, below the
// address of a pool: it has to be registered with them.
const SignedOutPath = "/oauth2/idpsignout"

// Leave sends the browser to end the session at a provider that one here came of (OpenID
// Connect RP-Initiated Logout 1.0 section 2). kept is what sp.Arrival had of it. The
// provider brings back state, unsigned. ErrUnusable: it cannot be signed out of.
func (u *Upstream) Leave(ctx context.Context, p *userpool.Provider, kept []byte, state string) (*sp.Departure, error) {
	d, err := dialectOf(p)
	if err != nil {
		return nil, err
	}
	var there session
	if err := json.Unmarshal(kept, &there); err != nil {
		return nil, err
	}
	at, err := u.locate(ctx, p, d)
	if err != nil {
		return nil, err
	}
	if !p.SignsOut() || at.issuer != there.Issuer || !isAddress(at.endSession) {
		return nil, fmt.Errorf("%w: %q is not signed out of", sp.ErrUnusable, p.Name)
	}
	address, err := url.Parse(at.endSession)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", sp.ErrUnusable, err)
	}
	pool, err := u.pools.Pool(ctx, p.Pool)
	if err != nil {
		return nil, err
	}
	q := address.Query() // some addresses have a part of their own
	q.Set("client_id", d.detailsOf(p)["client_id"])
	q.Set("post_logout_redirect_uri", u.bases(pool)[0]+SignedOutPath)
	q.Set("state", state)
	setUnlessEmpty(q, "id_token_hint", there.Hint)
	address.RawQuery = q.Encode()
	return &sp.Departure{Address: address.String()}, nil
}
