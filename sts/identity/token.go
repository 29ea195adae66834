package identity

import (
	"context"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/poolhouse/poolhouse/sts"
)

const (
	keyScope  = "identity"
	algorithm = "RS256"
	tokenLife = 10 * time.Minute
)

// TokenIssuer is the issuer of pool tokens. Its discovery document and key set
// stand below it, at /.well-known/openid-configuration and /.well-known/jwks.json.
func (s *Service) TokenIssuer() string { return s.PublicURL + "/identity" }

// A poolToken is what a pool token says.
type poolToken struct {
	Issuer   string   `json:"iss"`
	Audience string   `json:"aud"`
	Subject  string   `json:"sub"`
	AMR      []string `json:"amr"`
	Issued   int64    `json:"iat"`
	Expires  int64    `json:"exp"`

	Tags *tagClaim `json:"https://aws.amazon.com/tags,omitempty"`

	claims map[string]any // all of them, as they were verified
}

// A tagClaim is the session tags in a token, as STS reads them.
type tagClaim struct {
	Principal map[string][]string `json:"principal_tags"`
}

func (t *poolToken) addTag(tag sts.Tag) {
	if t.Tags == nil {
		t.Tags = &tagClaim{Principal: map[string][]string{}}
	}
	t.Tags.Principal[tag.Key] = []string{tag.Value}
}

func (t *poolToken) sessionTags() (tags []sts.Tag) {
	if t.Tags == nil {
		return nil
	}
	for _, key := range sortedKeys(t.Tags.Principal) {
		for _, value := range t.Tags.Principal[key] {
			tags = append(tags, sts.Tag{Key: key, Value: value})
		}
	}
	return tags
}

func (s *Service) newToken(pool PoolID, id ID, amr []string, life time.Duration) *poolToken {
	now := s.now()
	return &poolToken{Issuer: s.TokenIssuer(), Audience: string(pool), Subject: string(id), AMR: amr,
		Issued: now.Unix(), Expires: now.Add(life).Unix()}
}

// OpenIDToken returns a token that speaks for an identity at STS (the basic flow),
// and the identity, which a merge may have changed.
func (s *Service) OpenIDToken(ctx context.Context, v Visitor) (token string, owner ID, err error) {
	who, err := s.present(ctx, v)
	if err != nil {
		return "", "", err
	}
	if classic := who.pool.Settings.AllowClassic; classic != nil && !*classic {
		return "", "", errClassicOff
	}
	if slices.ContainsFunc(who.proofs, func(one *proof) bool { return one.method.saml }) {
		return "", "", fail(ErrInvalidParameter, "SAML logins are for the enhanced flow only; please use GetCredentialsForIdentity.")
	}
	claims := s.newToken(who.pool.ID, who.identity.ID, who.amr(), tokenLife)
	for _, tag := range s.sessionTags(who) {
		claims.addTag(tag)
	}
	token, err = s.sign(ctx, claims)
	return token, who.identity.ID, err
}

func (s *Service) sign(ctx context.Context, claims *poolToken) (string, error) {
	key, err := s.Keys.Signer(ctx, keyScope, algorithm)
	if err != nil {
		return "", err
	}
	options := (&jose.SignerOptions{}).WithType("JWT").WithHeader("kid", key.ID)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: key.Private}, options)
	if err != nil {
		return "", err
	}
	return jwt.Signed(signer).Claims(claims).Serialize()
}

var _ sts.LocalIssuers = (*Service)(nil)

// Verify implements sts.LocalIssuers for pool tokens. A token of an identity
// that was merged away, deleted or unlinked since is sts.ErrIDPRejected.
func (s *Service) Verify(ctx context.Context, issuer, raw string) (claims map[string]any, ok bool, err error) {
	if issuer != s.TokenIssuer() {
		return nil, false, nil
	}
	token, err := s.verifyPoolToken(ctx, raw)
	if err != nil {
		return nil, true, err
	}
	return token.claims, true, nil
}

func (s *Service) verifyPoolToken(ctx context.Context, raw string) (*poolToken, error) {
	token, err := jwt.ParseSigned(raw, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil || len(token.Headers) != 1 {
		return nil, sts.ErrInvalidToken
	}
	keys, err := s.Keys.Published(ctx, keyScope)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		if key.ID != token.Headers[0].KeyID {
			continue
		}
		var t poolToken
		if token.Claims(key.Private.Public(), &t, &t.claims) != nil || t.Issuer != s.TokenIssuer() {
			return nil, sts.ErrInvalidToken
		}
		return &t, s.checkPoolToken(ctx, &t)
	}
	return nil, sts.ErrInvalidToken
}

func (s *Service) checkPoolToken(ctx context.Context, t *poolToken) error {
	if s.Now().Unix() >= t.Expires {
		return sts.ErrTokenExpired
	}
	i, err := s.Store.Identity(ctx, ID(t.Subject))
	switch {
	case errors.Is(err, ErrNotFound), err == nil && (i.Disabled || !t.holds(i)):
		return sts.ErrIDPRejected
	case err == nil && string(i.Pool) != t.Audience:
		return sts.ErrInvalidToken
	}
	return err
}

// holds reports whether an identity is still signed in to as the token says: with a
// login that it names, or without any.
func (t *poolToken) holds(i *Identity) bool {
	if len(i.Logins) == 0 {
		return slices.Contains(t.AMR, RoleUnauthenticated)
	}
	return slices.ContainsFunc(i.Logins, func(l Login) bool {
		if l.Developer {
			return slices.Contains(t.AMR, developerMethod(i.Pool, l))
		}
		return slices.ContainsFunc(allMethods, func(how string) bool { return slices.Contains(t.AMR, l.Provider+":"+how+":"+l.Subject) })
	})
}

// Discovery returns the discovery document of the token issuer.
func (s *Service) Discovery() ([]byte, error) {
	return sts.Discovery(s.TokenIssuer(), []string{algorithm}, []string{"iss", "aud", "sub", "amr", "iat", "exp", "https://aws.amazon.com/tags"})
}

// JWKS returns the key set of the token issuer, and makes its first key.
func (s *Service) JWKS(ctx context.Context) ([]byte, error) {
	if _, err := s.Keys.Signer(ctx, keyScope, algorithm); err != nil {
		return nil, err
	}
	keys, err := s.Keys.Published(ctx, keyScope)
	if err != nil {
		return nil, err
	}
	type jwk struct {
		Type      string `json:"kty"`
		Use       string `json:"use"`
		Algorithm string `json:"alg"`
		KeyID     string `json:"kid"`
		Modulus   string `json:"n"`
		Exponent  string `json:"e"`
	}
	set := struct {
		Keys []jwk `json:"keys"`
	}{Keys: []jwk{}}
	for _, key := range keys {
		if public, ok := key.Private.Public().(*rsa.PublicKey); ok {
			set.Keys = append(set.Keys, jwk{"RSA", "sig", key.Algorithm, key.ID,
				base64.RawURLEncoding.EncodeToString(public.N.Bytes()),
				base64.RawURLEncoding.EncodeToString(big.NewInt(int64(public.E)).Bytes())})
		}
	}
	return json.Marshal(set)
}
