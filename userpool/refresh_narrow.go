package userpool

import "slices"

// narrow gives the grant of a refresh what the client asks for, within what the
// sign-in has granted and the client may still have, bound to the keys that it holds.
func (g *Grant) narrow(f *Family, r RefreshRequest) (err error) {
	c := g.Client
	if !r.endpoint && !c.knownToAPI() {
		return Fail(ErrNotAuthorized, "The client must refresh at the token endpoint")
	}
	if g.Particulars.Confirmation, err = f.bind(c, r.Held); err != nil {
		return err
	}
	for _, s := range r.Scopes {
		if !slices.Contains(f.Scopes, s) {
			return Fail(ErrScopeNotGranted, "A requested scope was not granted.")
		}
	}
	g.Scopes = c.still(f.Scopes, g.Native)
	if len(r.Scopes) > 0 {
		g.Scopes = slices.DeleteFunc(slices.Clone(g.Scopes), func(s string) bool { return !slices.Contains(r.Scopes, s) })
	}
	if r.Resource == "" {
		return nil
	}
	if r.Resource != f.Resource && !slices.Contains(f.Particulars.Resources, r.Resource) {
		return Fail(ErrResourceNotGranted, "The requested resource was not granted.")
	}
	g.Resource, g.Particulars.Resources = r.Resource, nil
	return nil
}

// knownToAPI reports whether the user pools API can tell who the client is: it knows
// secrets, and nothing better.
func (c *Client) knownToAPI() bool {
	switch c.OpenID.AuthMethod {
	case AuthPrivateKeyJWT, AuthTLS, AuthSelfSignedTLS:
		return false
	}
	return !c.OpenID.FAPI
}

// bind returns what the family's next tokens are bound to. A client that proves who
// it is may change its key; of a public one the key is the proof.
func (f *Family) bind(c *Client, held *Confirmation) (*Confirmation, error) {
	bound := f.Particulars.Confirmation
	if bound == nil {
		return held, nil
	}
	if held == nil {
		held = new(Confirmation)
	}
	for _, key := range []struct{ bound, held string }{{bound.Thumbprint, held.Thumbprint}, {bound.Certificate, held.Certificate}} {
		if key.bound != "" && (key.held == "" || c.Public() && key.held != key.bound) {
			return nil, Fail(ErrKeyNotHeld, "The token is bound to a key that was not shown.")
		}
	}
	return held, nil
}
