package sts

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"time"
)

// Bounds of a trade-in token's life.
const (
	minTradeIn     = time.Second
	maxTradeIn     = 7 * 24 * time.Hour
	defaultTradeIn = time.Hour
)

// A TradeInRequest asks for a token that somebody else can trade in for a session
// of a role.
type TradeInRequest struct {
	AssumeRoleRequest
	Delegate string        // ARN of the user or role that may trade it in
	Expires  time.Duration // life of the token itself; 0 for an hour
}

// A tradeIn is the content of a trade-in token.
type tradeIn struct {
	Session   session `json:"s"`
	Life      int64   `json:"l"` // of the credentials, in seconds
	Packed    *int    `json:"p,omitempty"`
	Delegate  string  `json:"d"` // stable ID of the user or role
	Delegator session `json:"f"` // who gave it, as a session that must be alive
	Expires   int64   `json:"e"` // Unix microseconds
}

// TradeInToken lets a delegate have a session of a role that p may assume, with
// the session policies that p sets. Nothing is stored: it dies with the role, with
// who gave it, and when the role's sessions are revoked.
func (s *Service) TradeInToken(ctx context.Context, p *Principal, in TradeInRequest) (token string, expires time.Time, err error) {
	if in.Expires == 0 {
		in.Expires = defaultTradeIn
	}
	if in.Expires < minTradeIn || in.Expires > maxTradeIn {
		return "", expires, fail(ErrValidation, "ExpiresInSeconds must be between 1 and 604800.")
	}
	delegate, err := s.principalID(ctx, in.Delegate)
	if err != nil && !errors.Is(err, ErrMalformedPolicy) {
		return "", expires, err
	}
	if delegate == "" {
		return "", expires, fail(ErrValidation, "DelegateArn must be a user or a role of this account.")
	}
	a, err := s.assumable(ctx, p, &in.AssumeRoleRequest)
	if err != nil {
		return "", expires, err
	}
	if a.role.Upstream != nil {
		return "", expires, fail(ErrValidation, "A role that stands for one of another system cannot be given away.")
	}
	g, err := s.grant(ctx, a, p.Kind == RoleSession, in.Tags, in.Transitive)
	if err != nil {
		return "", expires, err
	}
	now := s.now()
	expires = now.Add(in.Expires)
	if p.Temporary() && expires.After(p.Expires()) {
		expires = p.Expires()
	}
	g.session.Issued = now.UnixMicro()
	token, err = s.sealTradeIn(ctx, &tradeIn{Session: *g.session, Life: int64(g.life / time.Second), Packed: g.packed,
		Delegate: delegate, Delegator: p.origin(now), Expires: expires.UnixMicro()})
	return token, expires, err
}

// origin is what must be alive for what p gave away to be good.
func (p *Principal) origin(now time.Time) session {
	if p.state != nil {
		return session{Kind: p.Kind, Account: p.Account, Name: p.state.Name, Owner: p.state.Owner, OwnerName: p.state.OwnerName, Issued: p.state.Issued}
	}
	return session{Kind: p.Kind, Account: p.Account, Name: p.Name, Owner: ownerID(p), Issued: now.UnixMicro()}
}

// A DelegatedSession is the answer to a trade-in token.
type DelegatedSession struct {
	Credentials  Credentials
	ARN          string // of the session
	PackedPolicy *int   // percent; nil where neither policies nor tags were set
}

const badTradeIn = "The trade-in token is invalid, or is not for this caller."

// TradeIn gives the delegate of a token a session of the role. It can be traded in
// until it expires.
func (s *Service) TradeIn(ctx context.Context, p *Principal, token string) (*DelegatedSession, error) {
	t, err := s.openTradeIn(ctx, token)
	if err != nil {
		return nil, err
	}
	if t == nil || t.Session.Account != s.Account || !p.is(t.Delegate) {
		return nil, fail(ErrAccessDenied, badTradeIn)
	}
	if s.Now().UnixMicro() >= t.Expires {
		return nil, fail(ErrTradeInExpired, "The trade-in token is expired.")
	}
	for _, st := range []*session{&t.Session, &t.Delegator} {
		alive := &Principal{Kind: st.Kind, Account: st.Account, state: st}
		if err := s.bindOwner(ctx, alive); err != nil {
			return nil, deadTradeIn(err)
		}
		if alive.role != nil && alive.role.Upstream != nil && st == &t.Session {
			return nil, fail(ErrAccessDenied, badTradeIn)
		}
	}
	c, err := s.issue(ctx, &t.Session, time.Duration(t.Life)*time.Second)
	if err != nil {
		return nil, err
	}
	return &DelegatedSession{c, assumedRoleARN(t.Session.Account, t.Session.Name, t.Session.SessionName), t.Packed}, nil
}

// is reports whether p is the user, or a session of the role, with a stable ID.
func (p *Principal) is(id string) bool {
	return (p.Kind == IAMUser || p.Kind == RoleSession) && p.stableID() == id
}

func deadTradeIn(err error) error {
	if errors.Is(err, ErrUnknownCredential) {
		return fail(ErrAccessDenied, badTradeIn)
	}
	return err
}

// sealTradeIn and openTradeIn keep what a token says from everybody, and from
// being changed.
func (s *Service) sealTradeIn(ctx context.Context, t *tradeIn) (string, error) {
	plain, err := json.Marshal(t)
	if err != nil {
		return "", err
	}
	id := newID("", 16)
	aead, err := s.tradeInCipher(ctx, id)
	if err != nil {
		return "", err
	}
	raw := append([]byte(id), make([]byte, aead.NonceSize())...)
	rand.Read(raw[len(id):])
	return base64.RawURLEncoding.EncodeToString(aead.Seal(raw, raw[len(id):], plain, nil)), nil
}

// openTradeIn returns nil for a token that is none.
func (s *Service) openTradeIn(ctx context.Context, token string) (*tradeIn, error) {
	if len(token) > maxToken {
		return nil, nil
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) < 16+12 {
		return nil, nil
	}
	aead, err := s.tradeInCipher(ctx, string(raw[:16]))
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, raw[16:28], raw[28:], nil)
	if err != nil {
		return nil, nil
	}
	t := new(tradeIn)
	return t, json.Unmarshal(plain, t)
}

// tradeInCipher is a key of its own for each token, as of session tokens.
func (s *Service) tradeInCipher(ctx context.Context, id string) (cipher.AEAD, error) {
	root, err := s.secret(ctx, "trade-in-token")
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(mac(root, id))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
