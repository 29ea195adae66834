package identity

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/internal/jose"
	"github.com/poolhouse/poolhouse/sts"
)

// A proof is a login whose token was verified.
type proof struct {
	Login
	method *method
	client string // the audience that was accepted
	claims map[string]any
	roles  []string // that a SAML assertion offers
}

// Skew is how long after its expiry a token is still accepted, for clocks that
// differ.
const Skew = 5 * time.Minute

// prove verifies all logins of a request, in the order of their names. One that
// fails fails the request, so that a stolen half of a pair is of no use.
func (s *Service) prove(ctx context.Context, p *Pool, logins map[string]string) ([]*proof, error) {
	var proofs []*proof
	seen := map[string]bool{}
	for _, provider := range sortedKeys(logins) {
		one, err := s.proveOne(ctx, p, provider, logins[provider])
		if err != nil {
			return nil, err
		}
		if seen[one.Provider] { // both spellings of one user pool
			return nil, errTwoOfOne
		}
		seen[one.Provider] = true
		proofs = append(proofs, one)
	}
	return proofs, nil
}

func (s *Service) proveOne(ctx context.Context, p *Pool, provider, token string) (*proof, error) {
	m, err := s.method(p, provider)
	if err != nil {
		return nil, err
	}
	var one *proof
	switch {
	case m.saml:
		one, err = s.proveSAML(ctx, m, token)
	case m.access:
		one, err = s.proveAccess(ctx, m, token)
	default:
		one, err = s.proveToken(ctx, m, token)
	}
	if err != nil {
		return nil, err
	}
	if len(one.Provider) > maxProvider || len(one.Subject) > maxSubject || strings.ContainsRune(one.Subject, 0) {
		return nil, errNotToken
	}
	return one, nil
}

func loginsOf(proofs []*proof) []Login {
	out := make([]Login, len(proofs))
	for i, one := range proofs {
		out[i] = one.Login
	}
	return out
}

// proveToken verifies an ID token.
func (s *Service) proveToken(ctx context.Context, m *method, token string) (*proof, error) {
	unverified, err := peek(token)
	if err != nil {
		return nil, err
	}
	issuer, err := s.issuerOf(ctx, m)
	if err != nil {
		return nil, err
	}
	if iss, _ := unverified["iss"].(string); iss != issuer {
		return nil, errIssuer
	}
	if audience(unverified) == nil {
		return nil, errAudience // also an access token of a user pool
	}
	if s.expired(unverified) {
		return nil, errExpired
	}
	claims, err := s.verify(ctx, m, issuer, token)
	if err != nil {
		return nil, err
	}
	return s.accept(ctx, m, claims)
}

// expired reports whether a token has no expiry or one that is long past.
func (s *Service) expired(claims map[string]any) bool {
	exp, ok := claims["exp"].(float64)
	return !ok || float64(s.Now().Add(-Skew).Unix()) >= exp
}

// peek reads the claims of a token that is not trusted yet, for an error that
// tells its sender what is wrong. A token that says to be of another kind, such as
// an access token (RFC 9068) or a logout token, is none that signs anybody in.
func peek(token string) (map[string]any, error) {
	payload, header, err := jose.Peek(token)
	if err != nil || strings.HasSuffix(strings.ToLower(header.Type), "+jwt") {
		return nil, errNotToken
	}
	var claims map[string]any
	if json.Unmarshal(payload, &claims) != nil || claims == nil {
		return nil, errNotToken
	}
	return claims, nil
}

// issuerOf returns the issuer that tokens of a provider must have, and for a
// provider of the account also learns its clients.
func (s *Service) issuerOf(ctx context.Context, m *method) (string, error) {
	switch {
	case m.userPool != "":
		return s.Issuer(m.userPool), nil
	case m.arn == "":
		return m.issuer, nil
	}
	issuer, clients, err := s.Providers.OIDCProvider(ctx, m.arn)
	if errors.Is(err, ErrNotFound) {
		return "", errProvider
	}
	for _, c := range clients {
		m.clients[c] = true
	}
	return issuer, err
}

func (s *Service) verify(ctx context.Context, m *method, issuer, token string) (map[string]any, error) {
	if m.userPool != "" {
		claims, err := s.UserPools.Verify(ctx, m.userPool, token)
		if errors.Is(err, ErrNotAuthorized) {
			return nil, s.refused(ctx, m, err, errNotToken)
		}
		return claims, err
	}
	if s.Remote == nil {
		return nil, fail(ErrExternalService, "This server verifies no tokens of other issuers.")
	}
	claims, err := s.Remote.Verify(ctx, issuer, token)
	switch {
	case errors.Is(err, sts.ErrTokenExpired):
		return nil, s.refused(ctx, m, err, errExpired)
	case errors.Is(err, sts.ErrInvalidToken):
		return nil, s.refused(ctx, m, err, errNotToken)
	case errors.Is(err, sts.ErrIDPCommunication):
		return nil, &Fault{Kind: ErrExternalService, Text: "The keys of " + m.name + " could not be fetched.", Cause: err}
	}
	return claims, err
}

func (s *Service) refused(ctx context.Context, m *method, cause, answer error) error {
	s.Log.InfoContext(ctx, "login token refused", "provider", m.name, "error", cause)
	return answer
}

// accept checks for whom a verified token was made, and whether its user may
// still sign in.
func (s *Service) accept(ctx context.Context, m *method, claims map[string]any) (*proof, error) {
	subject, _ := claims["sub"].(string)
	if subject == "" {
		return nil, fail(ErrNotAuthorized, "Invalid login token. Missing a required claim: sub")
	}
	i := slices.IndexFunc(audience(claims), func(a string) bool { return m.clients[a] })
	if i < 0 {
		s.Log.InfoContext(ctx, "login token for another audience", "provider", m.name, "aud", claims["aud"], "azp", claims["azp"])
		return nil, errProvider
	}
	if s.expired(claims) {
		return nil, errExpired
	}
	p := &proof{Login: Login{Provider: m.name, Subject: subject}, method: m, client: audience(claims)[i], claims: claims}
	if !m.checked[p.client] {
		return p, nil
	}
	err := s.UserPools.Alive(ctx, m.userPool, claims)
	if errors.Is(err, ErrNotAuthorized) {
		return nil, s.refused(ctx, m, err, fail(ErrNotAuthorized, "Invalid login token. The user is no longer signed in."))
	}
	return p, err
}

// audience returns azp where a token has it, else its aud.
func audience(claims map[string]any) []string {
	if azp, _ := claims["azp"].(string); azp != "" {
		return []string{azp}
	}
	return texts(claims["aud"])
}

// texts reads a claim that may be a string or a list of them.
func texts(v any) (out []string) {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []string:
		return v
	case []any:
		for _, item := range v {
			if s, ok := item.(string); ok {
				out = append(out, s)
			}
		}
	}
	return out
}
