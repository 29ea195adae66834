package sts

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
)

// LocalIssuers verifies tokens of this server's own issuers without leaving the
// process.
type LocalIssuers interface {
	// Verify returns the claims of a token of issuer. ok is false where the issuer
	// is not one of ours. It returns ErrTokenExpired, ErrInvalidToken, or ErrIDPRejected
	// for a token of ours that we no longer stand by.
	Verify(ctx context.Context, issuer, rawJWT string) (claims map[string]any, ok bool, err error)
}

// RemoteIssuers verifies tokens of issuers elsewhere by their published keys.
type RemoteIssuers interface {
	// Verify checks signature, issuer and times. It returns ErrTokenExpired,
	// ErrInvalidToken or ErrIDPCommunication.
	Verify(ctx context.Context, issuer, rawJWT string) (claims map[string]any, err error)
}

// A WebTokenRequest asks for a role on the strength of a token yet to be verified.
type WebTokenRequest struct {
	SessionSpec
	RoleARN     string
	SessionName string
	Token       string
	ProviderID  string // only for OAuth access tokens: who gave it out
}

// A WebTokenResult is the session and what the token said.
type WebTokenResult struct {
	AssumedRole
	Subject, Audience, Provider string
}

// tokenAlgorithms are what a token may be signed with. Symmetric ones would make
// a client secret an authority over the account.
var tokenAlgorithms = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}

// AssumeRoleWithToken verifies a token and begins a session.
func (s *Service) AssumeRoleWithToken(ctx context.Context, in WebTokenRequest) (*WebTokenResult, error) {
	id, issuer, err := s.tokenIdentity(ctx, &in)
	if err != nil {
		return nil, err
	}
	role, err := s.AssumeRoleWithWebIdentity(ctx, WebIdentityRequest{SessionSpec: in.SessionSpec,
		RoleARN: in.RoleARN, SessionName: in.SessionName, Identity: *id})
	if err != nil {
		return nil, err
	}
	return &WebTokenResult{AssumedRole: *role, Subject: id.Subject, Audience: id.Audience, Provider: issuer}, nil
}

// tokenIdentity verifies a token and returns what it says and who gave it out.
func (s *Service) tokenIdentity(ctx context.Context, in *WebTokenRequest) (*WebIdentity, string, error) {
	if in.ProviderID != "" {
		id, err := s.accessTokenIdentity(ctx, in.ProviderID, in.Token)
		return id, in.ProviderID, err
	}
	issuer, err := peekIssuer(in.Token)
	if err != nil {
		return nil, "", err
	}
	provider, err := s.tokenProvider(ctx, issuer)
	if err != nil {
		return nil, "", err
	}
	claims, err := s.verifyToken(ctx, issuer, in.Token)
	if err != nil {
		s.Log.InfoContext(ctx, "web identity token refused", "issuer", issuer, "error", err)
		return nil, "", err
	}
	id, err := s.webIdentity(ctx, issuer, provider, claims)
	return id, issuer, err
}

// peekIssuer reads the issuer of a token before anything of it is trusted, and
// refuses algorithms that no issuer may use.
func peekIssuer(token string) (string, error) {
	malformed := fail(ErrInvalidToken, "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return "", malformed
	}
	var header struct {
		Algorithm string   `json:"alg"`
		Critical  []string `json:"crit"`
	}
	var payload struct {
		Issuer string `json:"iss"`
	}
	if decodePart(parts[0], &header) != nil || decodePart(parts[1], &payload) != nil || payload.Issuer == "" {
		return "", malformed
	}
	if !slices.Contains(tokenAlgorithms, header.Algorithm) || header.Critical != nil {
		return "", malformed
	}
	return payload.Issuer, nil
}

func decodePart(part string, v any) error {
	raw, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, v)
}

// identityPoolIssuer is the issuer of identity-pool tokens.
func (s *Service) identityPoolIssuer() string { return s.PublicURL + "/identity" }

// tokenProvider returns the registered provider of an issuer; nil for identity
// pools, which need none.
func (s *Service) tokenProvider(ctx context.Context, issuer string) (*OIDCProvider, error) {
	if issuer == s.identityPoolIssuer() {
		return nil, nil
	}
	unknown := fail(ErrInvalidToken, "No OpenIDConnect provider found in your account for "+issuer)
	p, err := s.Store.OIDCProviders().Get(ctx, s.Account, providerURL(issuer))
	if errors.Is(err, ErrNotFound) {
		return nil, unknown
	}
	if err != nil {
		return nil, err
	}
	if strings.TrimSuffix(p.Issuer, "/") != strings.TrimSuffix(issuer, "/") {
		return nil, unknown // http where https was registered, or the reverse
	}
	return p, nil
}

// providerURL is an issuer as ARNs and condition keys spell it.
func providerURL(issuer string) string {
	_, rest, _ := strings.Cut(issuer, "://")
	return strings.TrimSuffix(rest, "/")
}

func (s *Service) verifyToken(ctx context.Context, issuer, token string) (map[string]any, error) {
	claims, err := s.verifyAnywhere(ctx, issuer, token)
	switch {
	case err == nil:
		return claims, nil
	case errors.Is(err, ErrTokenExpired):
		return nil, &Fault{Kind: ErrTokenExpired, Text: "Token expired", Cause: err}
	case errors.Is(err, ErrIDPCommunication):
		return nil, &Fault{Kind: ErrIDPCommunication, Cause: err,
			Text: "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements"}
	case errors.Is(err, ErrIDPRejected):
		return nil, &Fault{Kind: ErrIDPRejected, Text: idpRejected, Cause: err}
	case errors.Is(err, ErrInvalidToken):
		return nil, &Fault{Kind: ErrInvalidToken, Text: "The web identity token provided could not be validated.", Cause: err}
	}
	return nil, err
}

const idpRejected = "The identity provider reported that authentication failed."

func (s *Service) verifyAnywhere(ctx context.Context, issuer, token string) (map[string]any, error) {
	if s.Local != nil {
		if claims, ok, err := s.Local.Verify(ctx, issuer, token); ok || err != nil {
			return claims, err
		}
	}
	if issuer == s.identityPoolIssuer() {
		return nil, ErrInvalidToken // ours by name, yet nobody here signs for it
	}
	if s.Remote == nil {
		return nil, ErrIDPCommunication
	}
	return s.Remote.Verify(ctx, issuer, token)
}

// webIdentity turns verified claims into what a trust policy is asked about.
func (s *Service) webIdentity(ctx context.Context, issuer string, p *OIDCProvider, claims map[string]any) (*WebIdentity, error) {
	id := &WebIdentity{Principal: IdentityPoolPrincipal, Prefix: IdentityPoolPrincipal}
	audiences := stringsOf(claims["aud"])
	if azp, _ := claims["azp"].(string); azp != "" {
		audiences = []string{azp}
	}
	id.Subject, _ = claims["sub"].(string)
	id.AMR = stringsOf(claims["amr"])
	if p != nil {
		id.Principal, id.Prefix = p.ARN(), p.URL
		audiences = slices.DeleteFunc(audiences, func(a string) bool { return !slices.Contains(p.ClientIDs, a) })
	}
	if len(audiences) == 0 {
		s.Log.InfoContext(ctx, "web identity token for another audience", "issuer", issuer, "aud", claims["aud"], "azp", claims["azp"])
		return nil, fail(ErrInvalidToken, "Incorrect token audience")
	}
	id.Audience = audiences[0]
	if id.Subject == "" {
		return nil, fail(ErrInvalidToken, "Missing a required claim: sub")
	}
	if id.Prefix == "accounts.google.com" {
		id.Keys = map[string][]string{"accounts.google.com:oaud": stringsOf(claims["aud"])}
	}
	return id, readSessionClaims(id, claims)
}

// readSessionClaims reads AWS's two claims for session tags and source identity.
func readSessionClaims(id *WebIdentity, claims map[string]any) error {
	if v, ok := claims["https://aws.amazon.com/source_identity"]; ok {
		id.SourceIdentity, _ = v.(string)
		if !validSourceIdentity(id.SourceIdentity) {
			return fail(ErrInvalidToken, badSourceIdentity)
		}
	}
	v, ok := claims["https://aws.amazon.com/tags"]
	if !ok {
		return nil
	}
	malformed := fail(ErrInvalidToken, "The claim https://aws.amazon.com/tags is malformed.")
	m, ok := v.(map[string]any)
	if !ok {
		return malformed
	}
	tags, _ := m["principal_tags"].(map[string]any)
	for k, values := range tags {
		list := stringsOf(values)
		if len(list) != 1 {
			return malformed
		}
		id.Tags = append(id.Tags, Tag{k, list[0]})
	}
	slices.SortFunc(id.Tags, func(a, b Tag) int { return strings.Compare(a.Key, b.Key) })
	id.Transitive = stringsOf(m["transitive_tag_keys"])
	return nil
}

const badSourceIdentity = `Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64} and not begin with "aws:"`

func validSourceIdentity(s string) bool {
	return validSessionName(s) && !strings.HasPrefix(strings.ToLower(s), "aws:")
}

// stringsOf reads a claim that may be a string or a list of them.
func stringsOf(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []string:
		return slices.Clone(v)
	case []any:
		var out []string
		for _, item := range v {
			if s, ok := item.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}
