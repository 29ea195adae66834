package sts

import (
	"cmp"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/poolhouse/poolhouse/sts/policy"
)

// A refusal is why a request was refused, sealed into the answer: the caller learns
// nothing from it, and who may decode it learns all.
type refusal struct {
	Time       int64               `json:"t"` // seconds since 1970
	Explicit   bool                `json:"x,omitempty"`
	Statement  json.RawMessage     `json:"s,omitempty"` // of a policy, that denied
	ID         string              `json:"i"`
	Name       string              `json:"n,omitempty"`
	ARN        string              `json:"p"`
	Action     string              `json:"a"`
	Resource   string              `json:"r"`
	Conditions map[string][]string `json:"c,omitempty"`
}

// Of a sealed refusal: its version, the salt of its key, and how many bytes of
// content it holds whatever they are. So its length tells nothing, not even if a
// role exists whose tags or policies are in it.
const (
	refusalVersion = 1
	refusalSalt    = 16
	refusalContent = 1280
)

// unsealed condition keys are left out: a Referer may hold a code or a token, the
// external ID is kept like a password by many, and the time stands beside them.
var unsealed = map[string]bool{"aws:Referer": true, "sts:ExternalId": true, "aws:CurrentTime": true, "aws:EpochTime": true}

// refuse returns the Fault of a request that was not allowed, worded as AWS does.
func (s *Service) refuse(ctx context.Context, p *Principal, r *policy.Request, stack *policy.Stack, d policy.Decision) error {
	text := "User: " + p.ARN + " is not authorized to perform: " + r.Action + " on resource: " + r.Resource
	switch part := d.Part.String(); {
	case d.Explicit:
		text += " with an explicit deny in " + article(part) + part
	case part != "":
		text += " because no " + part + " allows the " + r.Action + " action"
	}
	return s.refuseAs(ctx, p, r, stack, d, text)
}

// refuseAs is refuse with a text of its own.
func (s *Service) refuseAs(ctx context.Context, p *Principal, r *policy.Request, stack *policy.Stack, d policy.Decision, text string) error {
	out := refusal{Time: s.now().Unix(), Explicit: d.Explicit, ID: p.UserID, ARN: p.ARN, Action: r.Action, Resource: r.Resource}
	if p.Kind == IAMUser {
		out.Name = p.Name
	}
	if stack != nil {
		out.Statement = json.RawMessage(stack.Statement(d))
	}
	sealed, err := s.sealRefusal(ctx, &out, r.Keys)
	if err != nil {
		return err
	}
	return &Fault{Kind: ErrAccessDenied, Text: text, Sealed: sealed}
}

// sealRefusal takes the conditions in as far as they have room.
func (s *Service) sealRefusal(ctx context.Context, r *refusal, keys map[string][]string) (string, error) {
	r.Conditions = make(map[string][]string, len(keys))
	for k, v := range keys {
		if !unsealed[k] {
			r.Conditions[k] = v
		}
	}
	content, err := r.fit()
	if err != nil {
		return "", err
	}
	raw := make([]byte, 1+refusalSalt, 1+refusalSalt+refusalContent+16)
	raw[0] = refusalVersion
	rand.Read(raw[1:])
	aead, err := s.refusalCipher(ctx, raw)
	if err != nil {
		return "", err
	}
	padded := make([]byte, refusalContent)
	copy(padded, content)
	return base64.RawURLEncoding.EncodeToString(aead.Seal(raw, make([]byte, aead.NonceSize()), padded, nil)), nil
}

// fit returns the JSON of the refusal, made short enough.
func (r *refusal) fit() ([]byte, error) {
	content, err := json.Marshal(r)
	if err != nil || len(content) <= refusalContent {
		return content, err
	}
	for _, cut := range r.cuts() { // few requests come here
		cut()
		if content, err = json.Marshal(r); err != nil || len(content) <= refusalContent {
			return content, err
		}
	}
	return content[:refusalContent], nil // out of reach: what is left is short
}

// cuts are what makes a refusal shorter: the longest conditions go first, then the
// statement, then the ends of the rest.
func (r *refusal) cuts() (out []func()) {
	size := func(name string) int { return len(name) + len(strings.Join(r.Conditions[name], `","`)) }
	names := slices.SortedFunc(maps.Keys(r.Conditions), func(a, b string) int { return cmp.Or(size(b)-size(a), strings.Compare(a, b)) })
	for _, n := range names {
		out = append(out, func() { delete(r.Conditions, n) })
	}
	return append(out, func() { r.Statement = nil }, func() { r.Resource = clip(r.Resource) }, func() { r.Action = clip(r.Action) },
		func() { r.ARN = clip(r.ARN) })
}

// clip returns the begin of what came from a client. JSON makes six bytes of some.
func clip(s string) string { return s[:min(len(s), 64)] }

// refusalCipher returns the AEAD of one message, by its version and salt. A key of
// its own for each binds it to the account and makes a nonce needless.
func (s *Service) refusalCipher(ctx context.Context, head []byte) (cipher.AEAD, error) {
	root, err := s.secret(ctx, "authorization-message")
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(mac(root, s.Account+"\n"+string(head)))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// refuseRole is the refusal of AssumeRole. Neither text nor message tells if the
// role exists: the message knows the caller's own policies and keys only.
func (s *Service) refuseRole(ctx context.Context, p *Principal, action, roleARN string, keys map[string][]string) error {
	stack, err := s.stack(ctx, p)
	if err != nil {
		return err
	}
	r := &policy.Request{Principal: p.trusted(), Action: action, Resource: roleARN, Keys: s.requestKeys(p, keys)}
	return s.refuseAs(ctx, p, r, stack, policy.Decide(r, stack),
		"User: "+p.ARN+" is not authorized to perform: "+action+" on resource: "+roleARN)
}

func article(noun string) string {
	if noun[0] == 'i' {
		return "an "
	}
	return "a "
}
