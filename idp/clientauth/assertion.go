package clientauth

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4/json" // tells names by case and refuses a name that stands twice

	"github.com/poolhouse/poolhouse/internal/jose"
	"github.com/poolhouse/poolhouse/userpool"
)

const (
	// skew is how far the clock of a client may be off.
	skew = 15 * time.Second
	// The longest life that an assertion may have left, of a FAPI client and of others.
	longestFAPI = 10 * time.Minute
	longest     = time.Hour + skew

	namespace = "client-assertion"
	maxID     = 256 // of a jti, in bytes
)

// claims are those of an assertion (RFC 7523 section 3).
type claims struct {
	Issuer    string   `json:"iss"`
	Subject   string   `json:"sub"`
	Audience  audience `json:"aud"`
	Expires   *float64 `json:"exp"`
	NotBefore *float64 `json:"nbf"`
	Issued    *float64 `json:"iat"`
	ID        string   `json:"jti"`
}

// An audience is the aud of a JWT: a string, or a list of them.
type audience struct {
	list   []string
	single bool
}

// UnmarshalJSON implements json.Unmarshaler.
func (a *audience) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		a.list, a.single = []string{one}, true
		return nil
	}
	return json.Unmarshal(raw, &a.list)
}

// checkAssertion verifies a signed assertion. It counts as used only when all else
// about it was right: nobody can burn the ids of another.
func (a *Authenticator) checkAssertion(ctx context.Context, r *Request, c *userpool.Client, raw, method string) error {
	payload, err := a.verify(ctx, c, raw, method)
	if errors.Is(err, jose.ErrUnavailable) {
		return refuse("The keys of the client cannot be read.")
	}
	if errors.Is(err, jose.ErrInvalid) {
		return refuse("The client assertion has no good signature of an algorithm that this client may use.")
	}
	if err != nil {
		return err
	}
	var got claims
	if json.Unmarshal(payload, &got) != nil {
		return refuse("The claims of the client assertion are malformed.")
	}
	if err := a.judge(r, c, &got); err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(got.ID))
	key := string(c.Pool) + "/" + string(c.ID) + "/" + hex.EncodeToString(sum[:])
	first, err := a.Ephemeral.Claim(ctx, namespace, key, jose.Time(*got.Expires).Add(skew))
	if err != nil {
		return err
	}
	if !first {
		return refuse("The client assertion was used before.")
	}
	return nil
}

// verify checks the signature with the client's secrets or its keys.
func (a *Authenticator) verify(ctx context.Context, c *userpool.Client, raw, method string) ([]byte, error) {
	allowed := jose.Asymmetric
	if method == userpool.AuthSecretJWT {
		allowed = jose.Symmetric
	}
	if c.OpenID.FAPI {
		allowed = jose.FAPI
	}
	if only := c.OpenID.AuthAlgorithm; only != "" {
		allowed = slices.DeleteFunc(slices.Clone(allowed), func(alg string) bool { return alg != only })
	}
	keys, err := a.keys(c, method)
	if err != nil {
		return nil, err
	}
	payload, _, err := jose.Verify(ctx, raw, keys, allowed)
	return payload, err
}

// keys are what the client's assertions are verified by.
func (a *Authenticator) keys(c *userpool.Client, method string) (jose.KeySet, error) {
	if method != userpool.AuthSecretJWT {
		return a.Remote.Of(c.OpenID.JWKS, c.OpenID.JWKSURI)
	}
	var keys jose.Keys
	for _, s := range c.Secrets() {
		keys = append(keys, jose.Secret(s.Value)...)
	}
	return keys, nil
}

// judge compares the claims with the client and the clock.
func (a *Authenticator) judge(r *Request, c *userpool.Client, got *claims) error {
	now, most := a.Now(), longest
	if c.OpenID.FAPI {
		most = longestFAPI
	}
	ahead := func(t *float64) bool { return t != nil && jose.Time(*t).After(now.Add(skew)) }
	switch {
	case got.Issuer != string(c.ID) || got.Subject != string(c.ID):
		return refuse("iss and sub of the client assertion must be the client.")
	case !a.forUs(r, c, got.Audience):
		return refuse("aud of the client assertion must be the issuer.")
	case got.ID == "" || len(got.ID) > maxID:
		return refuse("jti of the client assertion is missing or too long.")
	case got.Expires == nil || !now.Before(jose.Time(*got.Expires).Add(skew)):
		return refuse("The client assertion has expired.")
	case jose.Time(*got.Expires).After(now.Add(most)):
		return refuse("The client assertion lives too long.")
	case ahead(got.NotBefore) || ahead(got.Issued):
		return refuse("The client assertion is not valid yet.")
	}
	return nil
}

// forUs reports whether an assertion is for this server. A FAPI client names the
// issuer, as one string (FAPI 2.0 section 5.3.2.1). Others may name the token
// endpoint or the one that they call (OpenID Connect Core section 9), or several
// of these; an assertion that is for anybody else as well is good for nothing:
// whom else it names could use it here.
func (a *Authenticator) forUs(r *Request, c *userpool.Client, aud audience) bool {
	issuer := a.Issuer(r.Pool.ID)
	if c.OpenID.FAPI {
		return aud.single && aud.list[0] == issuer
	}
	ours := []string{issuer, issuer + "/oauth2/token", issuer + r.Endpoint}
	return len(aud.list) > 0 && !slices.ContainsFunc(aud.list, func(one string) bool { return !slices.Contains(ours, one) })
}
