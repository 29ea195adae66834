package authz

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/poolhouse/poolhouse/internal/awsapi/sigv4"
	"github.com/poolhouse/poolhouse/sts"
	"github.com/poolhouse/poolhouse/userpool"
)

// decide returns who may make the request, or a refusal.
func (h *Handler) decide(ctx context.Context, o *original, d *Decision) (*identity, error) {
	rule, vars := h.Rules.find(o)
	if rule == nil {
		return nil, forbidden("no rule")
	}
	d.Rule = rule.Path
	if rule.Public {
		return &identity{}, nil
	}
	scheme, credential, _ := strings.Cut(o.Header.Get("Authorization"), " ")
	if bearer := strings.EqualFold(scheme, "Bearer"); bearer || strings.EqualFold(scheme, "DPoP") {
		if rule.Bearer == nil {
			return nil, unsigned("a token where the rule asks for a signature")
		}
		return h.bearer(ctx, o, rule.Bearer, credential, !bearer, d)
	}
	if rule.Action == "" {
		return nil, noToken("no token")
	}
	return h.signed(ctx, o, rule, vars, d)
}

// signed judges a request with a signature of version 4 by its signer's policies.
func (h *Handler) signed(ctx context.Context, o *original, rule *Rule, vars map[string]string, d *Decision) (*identity, error) {
	s, err := sigv4.Parse(o.Request)
	if err == nil {
		err = s.CheckScope(h.Rules.Service, h.Now())
	}
	if err != nil {
		return nil, notSigned(err)
	}
	secret, p, err := h.STS.Credential(ctx, s.AccessKeyID, s.SessionToken)
	if errors.Is(err, sts.ErrUnknownCredential) || errors.Is(err, sts.ErrExpiredCredential) {
		return nil, unsigned(err.Error())
	}
	if err != nil {
		return nil, err
	}
	hash, err := s.VerifyDeclared(o.Request, secret, &h.keys)
	if err != nil {
		return nil, notSigned(err)
	}
	if hash == sigv4.Unsigned {
		if !rule.UnsignedBody && o.Method != "GET" && o.Method != "HEAD" {
			return nil, unsigned("the signature leaves the body out")
		}
		hash = ""
	}
	if hash == sigv4.EmptyHash && o.ContentLength > 0 {
		return nil, unsigned("a body where none was signed")
	}
	d.Signer, d.Region, d.Action, d.Resource = p, s.Region, rule.Action, fill(rule.Resource, vars)
	h.STS.RecordUse(ctx, p, s.Service, s.Region)
	keys := rule.conditionKeys(vars)
	o.addKeys(keys)
	keys["aws:RequestedRegion"] = []string{s.Region}
	err = h.STS.Authorize(ctx, p, d.Action, d.Resource, keys)
	if errors.Is(err, sts.ErrAccessDenied) {
		return nil, forbidden(err.Error())
	}
	return &identity{principal: p.ARN, account: p.Account, user: p.Name, bodyHash: hash}, err
}

// notSigned makes a refusal of what is wrong with a signature.
func notSigned(err error) error {
	var e *sigv4.Error
	if errors.As(err, &e) {
		return unsigned(e.Text)
	}
	return err
}

// addKeys adds the condition keys of the request itself.
func (o *original) addKeys(keys map[string][]string) {
	keys["aws:SourceIp"] = []string{o.clientIP}
	keys["aws:SecureTransport"] = []string{strconv.FormatBool(o.scheme == "https")}
	for name, value := range map[string]string{"aws:UserAgent": o.UserAgent(), "aws:Referer": o.Referer()} {
		if value != "" {
			keys[name] = []string{value}
		}
	}
}

// bearer judges a request with an access token by what the token holds.
func (h *Handler) bearer(ctx context.Context, o *original, want *Bearer, token string, proved bool, d *Decision) (*identity, error) {
	if len(o.Header.Values("Authorization")) != 1 {
		return nil, noToken("several tokens")
	}
	c, err := h.Tokens.VerifyAccess(ctx, token)
	if errors.Is(err, userpool.ErrNotAuthorized) || errors.Is(err, userpool.ErrUserNotFound) || errors.Is(err, userpool.ErrPoolNotFound) {
		return nil, noToken(err.Error())
	}
	if err != nil {
		return nil, err
	}
	if err := h.bound(ctx, o, c, token, proved); err != nil {
		return nil, err
	}
	d.Token = c
	if reason := want.lacks(c); reason != "" {
		return nil, forbidden(reason)
	}
	return &identity{principal: c.Sub, user: c.Username, pool: string(c.Pool), client: string(c.Client), groups: c.Groups, scopes: c.Scopes}, nil
}

// bound checks that whoever presents a token which is bound to a key has the key. A
// certificate cannot be seen from here.
func (h *Handler) bound(ctx context.Context, o *original, c *userpool.AccessClaims, token string, proved bool) error {
	if c.Confirmation == nil {
		if proved {
			return noToken("a proof for a token that is bound to no key")
		}
		return nil
	}
	if !proved || c.Confirmation.Thumbprint == "" || c.Confirmation.Certificate != "" {
		return noToken("the token is bound to a key that was not shown")
	}
	thumbprint, err := h.Prove(ctx, o.Header.Values("DPoP"), c.Pool, o.Method, o.address(), token)
	if errors.Is(err, ErrProof) {
		return noToken(err.Error())
	}
	if err == nil && thumbprint != c.Confirmation.Thumbprint {
		return noToken("the proof is of another key")
	}
	return err
}

// lacks says what a token does not have, or "".
func (b *Bearer) lacks(c *userpool.AccessClaims) string {
	switch {
	case string(c.Pool) != b.Pool:
		return "a token of another pool"
	case len(b.Clients) > 0 && !slices.Contains(b.Clients, string(c.Client)):
		return "a token of another client"
	case b.Audience != "" && !slices.Contains(c.Audience, b.Audience):
		return "a token for another audience"
	case len(b.Groups) > 0 && !slices.ContainsFunc(b.Groups, func(g string) bool { return slices.Contains(c.Groups, g) }):
		return "in none of the groups"
	}
	for _, s := range b.Scopes {
		if !slices.Contains(c.Scopes, s) {
			return "without the scope " + s
		}
	}
	return ""
}
