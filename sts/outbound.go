package sts

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/internal/jose"
)

// Bounds of identity tokens.
const (
	minIdentityToken     = time.Minute
	maxIdentityToken     = time.Hour
	DefaultIdentityToken = 5 * time.Minute
	maxTokenAudiences    = 10
	maxIdentityPayload   = 8 << 10 // bytes; with its signature it fits a header of 16 KiB
)

// outboundAlgorithms are what identity tokens can be signed with, each by a key
// of its own.
var outboundAlgorithms = []string{jose.RS256, jose.ES384}

// An IdentityTokenRequest asks for a token by which others can tell who p is.
type IdentityTokenRequest struct {
	Audience  []string
	Duration  time.Duration // 0 for five minutes
	Algorithm string        // RS256 or ES384
	Tags      []Tag
	Region    string              // where the call was made
	Keys      map[string][]string // condition keys of the request
}

// An IdentityToken is the answer to it.
type IdentityToken struct {
	Token   string
	Expires time.Time
}

// identityClaims is what such a token says.
type identityClaims struct {
	Issuer   string         `json:"iss"`
	Audience any            `json:"aud"` // one is a string, several are a list
	Subject  string         `json:"sub"`
	Issued   int64          `json:"iat"`
	Expires  int64          `json:"exp"`
	ID       string         `json:"jti"`
	Detail   identityDetail `json:"https://sts.amazonaws.com/"`
}

type identityDetail struct {
	Account       string            `json:"aws_account"`
	Region        string            `json:"source_region,omitempty"`
	PrincipalID   string            `json:"principal_id"`
	PrincipalTags map[string]string `json:"principal_tags,omitempty"`
	RequestTags   map[string]string `json:"request_tags,omitempty"`
}

// IdentityToken signs a token that says who p is. Tags need a permission of their
// own, and a token does not outlive the session that asks for it.
func (s *Service) IdentityToken(ctx context.Context, p *Principal, in IdentityTokenRequest) (*IdentityToken, error) {
	life, err := in.check()
	if err != nil {
		return nil, err
	}
	set, err := s.Settings(ctx)
	if err != nil {
		return nil, err
	}
	if !set.Outbound {
		return nil, fail(ErrOutboundDisabled, "Outbound web identity federation is not enabled for this account.")
	}
	if err := s.mayTagToken(ctx, p, &in); err != nil {
		return nil, err
	}
	now := s.Now().UTC().Truncate(time.Second)
	expires := now.Add(life)
	if p.Temporary() && expires.After(p.Expires()) {
		return nil, fail(ErrDurationEscalation, "The requested DurationSeconds would outlive the session that asks for the token.")
	}
	payload, err := json.Marshal(s.identityClaims(p, &in, now, expires))
	if err != nil {
		return nil, err
	}
	if len(payload) > maxIdentityPayload {
		return nil, fail(ErrPayloadTooLarge, "The payload of the token exceeds 8192 bytes; pass fewer tags.")
	}
	token, err := s.signOutbound(ctx, in.Algorithm, payload)
	return &IdentityToken{token, expires}, err
}

func (in *IdentityTokenRequest) check() (time.Duration, error) {
	life := in.Duration
	if life == 0 {
		life = DefaultIdentityToken
	}
	switch {
	case life < minIdentityToken || life > maxIdentityToken:
		return 0, fail(ErrValidation, "DurationSeconds must be between 60 and 3600.")
	case !slices.Contains(outboundAlgorithms, in.Algorithm):
		return 0, fail(ErrValidation, "SigningAlgorithm must be one of: RS256, ES384.")
	case len(in.Audience) == 0 || len(in.Audience) > maxTokenAudiences || slices.Contains(in.Audience, ""):
		return 0, fail(ErrValidation, "Audience must have 1 to 10 values.")
	}
	return life, checkTags(in.Tags, nil)
}

func (s *Service) mayTagToken(ctx context.Context, p *Principal, in *IdentityTokenRequest) error {
	if len(in.Tags) == 0 {
		return nil
	}
	return s.Authorize(ctx, p, "sts:TagGetWebIdentityToken", "*", in.Keys)
}

func (s *Service) identityClaims(p *Principal, in *IdentityTokenRequest, now, expires time.Time) *identityClaims {
	subject := p.Keys["aws:PrincipalArn"][0]
	c := &identityClaims{Issuer: s.OutboundIssuer(), Audience: in.Audience, Subject: subject, Issued: now.Unix(), Expires: expires.Unix(),
		ID: strings.ToLower(newID("", 26)), Detail: identityDetail{Account: p.Account, Region: in.Region, PrincipalID: subject,
			PrincipalTags: tagMap(p.tags()), RequestTags: tagMap(in.Tags)}}
	if len(in.Audience) == 1 {
		c.Audience = in.Audience[0]
	}
	return c
}

func tagMap(tags []Tag) map[string]string {
	out := make(map[string]string, len(tags))
	for _, t := range tags {
		out[t.Key] = t.Value
	}
	return out
}

// OutboundIssuer is the issuer of identity tokens. Its discovery document and key
// set stand below it, at /.well-known/openid-configuration and
// /.well-known/jwks.json.
func (s *Service) OutboundIssuer() string { return s.PublicURL + "/sts/" + s.Account }

// OutboundScopes are the scopes of the keyring that identity tokens are signed in.
func OutboundScopes() []string {
	var out []string
	for _, algorithm := range outboundAlgorithms {
		out = append(out, outboundScope(algorithm))
	}
	return out
}

func outboundScope(algorithm string) string { return "sts/outbound/" + algorithm }

func (s *Service) signOutbound(ctx context.Context, algorithm string, payload []byte) (string, error) {
	key, err := s.Keys.Signer(ctx, outboundScope(algorithm), algorithm)
	if err != nil {
		return "", err
	}
	return jose.Sign(jose.PrivateKey{ID: key.ID, Algorithm: key.Algorithm, Private: key.Private}, "JWT", payload)
}

// OutboundDiscovery returns the discovery document of the issuer.
func (s *Service) OutboundDiscovery() ([]byte, error) {
	return Discovery(s.OutboundIssuer(), outboundAlgorithms, []string{"iss", "aud", "sub", "iat", "exp", "jti", "https://sts.amazonaws.com/"})
}

// OutboundKeys returns the key set of the issuer, and makes its first keys.
func (s *Service) OutboundKeys(ctx context.Context) ([]byte, error) {
	var set jose.Keys
	for _, algorithm := range outboundAlgorithms {
		if _, err := s.Keys.Signer(ctx, outboundScope(algorithm), algorithm); err != nil {
			return nil, err
		}
		keys, err := s.Keys.Published(ctx, outboundScope(algorithm))
		if err != nil {
			return nil, err
		}
		for _, k := range keys {
			set = append(set, jose.Key{ID: k.ID, Algorithm: k.Algorithm, Use: "sig", Material: k.Private.Public()})
		}
	}
	return jose.EncodeKeySet(set)
}
