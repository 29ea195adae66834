package userpool

import (
	"context"
	"slices"
)

// A Front says which tokens an authorization endpoint hands out itself.
type Front struct {
	Access bool
	ID     bool   // where the grant has the openid scope
	Code   string // that goes with them; hashed into the ID token
}

// IssueFront starts a family and returns its access token, its ID token, or both.
// There is never a refresh token: what passes through a browser cannot be kept
// secret for as long as that lives (RFC 6749 section 4.2.2).
func (t *Tokens) IssueFront(ctx context.Context, g *Grant, front Front) (*TokenSet, error) {
	if err := t.customize(ctx, g); err != nil {
		return nil, err // before there is a sign-in
	}
	life := g.Client.longestToken() // nothing refreshes these
	if front.ID {
		life = g.Client.LongestSignIn() // the ID token may be a hint later
	}
	f, err := t.createFamily(ctx, g, life)
	if err != nil {
		return nil, err
	}
	if g.EventID == "" {
		g.EventID = newTokenID()
	}
	set := &TokenSet{Family: f}
	if front.Access {
		set.ExpiresIn = g.accessLife(t.Now())
		if set.AccessToken, err = t.AccessToken(ctx, g, f); err != nil {
			return nil, err
		}
	}
	if front.ID && slices.Contains(g.Scopes, ScopeOpenID) {
		set.IDToken, err = t.IDToken(ctx, g, f, set.AccessToken, front.Code)
	}
	return set, err
}
