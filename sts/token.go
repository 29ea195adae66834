package sts

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"time"
)

// A session is the content of a session token. Times are microseconds since 1970.
// Once issued it is never changed: all requests with a token share one.
type session struct {
	Kind           Kind                `json:"k"`
	Account        string              `json:"a"`
	Name           string              `json:"n"`           // of the role, the user or the federated user
	Owner          string              `json:"o"`           // stable ID of the role or user; the account for root
	OwnerName      string              `json:"w,omitempty"` // user behind a federated one; empty for root
	SessionName    string              `json:"s,omitempty"`
	Policies       []string            `json:"p,omitempty"` // inline session policies
	PolicyARNs     []string            `json:"m,omitempty"`
	Tags           []Tag               `json:"t,omitempty"`
	Transitive     []string            `json:"r,omitempty"`
	SourceIdentity string              `json:"i,omitempty"`
	Provider       string              `json:"f,omitempty"` // aws:FederatedProvider
	Keys           map[string][]string `json:"c,omitempty"` // condition keys that outlive the call
	MFA            int64               `json:"x,omitempty"` // when a one-time password was shown
	Task           string              `json:"j,omitempty"` // of AssumeRoot: ARN of the task policy
	Issued         int64               `json:"b"`
	Expires        int64               `json:"e"`
}

// tokenVersion is the first byte of every token.
const tokenVersion = 1

// maxToken bounds what is issued and decoded; most tokens are far smaller.
const maxToken = 64 << 10

// issue seals a session into credentials.
func (s *Service) issue(ctx context.Context, st *session, life time.Duration) (Credentials, error) {
	now := s.now()
	expires := now.Add(life)
	st.Issued, st.Expires = now.UnixMicro(), expires.UnixMicro()
	plain, err := json.Marshal(st)
	if err != nil {
		return Credentials{}, err
	}
	c := Credentials{AccessKeyID: newID("ASIA", 16), Expiration: expires}
	aead, err := s.tokenCipher(ctx, c.AccessKeyID)
	if err != nil {
		return Credentials{}, err
	}
	raw := make([]byte, 1+aead.NonceSize(), 1+aead.NonceSize()+len(plain)+aead.Overhead())
	raw[0] = tokenVersion
	rand.Read(raw[1:])
	raw = aead.Seal(raw, raw[1:], plain, raw[:1])
	c.SessionToken = base64.StdEncoding.EncodeToString(raw)
	if len(c.SessionToken) > maxToken {
		return Credentials{}, fail(ErrPackedPolicy, "Serialized token too large for session")
	}
	c.SecretAccessKey, err = s.deriveSecret(ctx, c.AccessKeyID, c.SessionToken)
	return c, err
}

// open returns the session in a token that was issued with this access key.
func (s *Service) open(ctx context.Context, accessKeyID, token string) (*session, error) {
	if len(token) > maxToken {
		return nil, ErrUnknownCredential
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(token)
	if err != nil {
		return nil, ErrUnknownCredential
	}
	aead, err := s.tokenCipher(ctx, accessKeyID)
	if err != nil {
		return nil, err
	}
	head := 1 + aead.NonceSize()
	if len(raw) < head || raw[0] != tokenVersion {
		return nil, ErrUnknownCredential
	}
	plain, err := aead.Open(nil, raw[1:head], raw[head:], raw[:1])
	if err != nil {
		return nil, ErrUnknownCredential
	}
	if st, ok := s.sessions.Bytes(plain); ok {
		return st, nil
	}
	st := new(session)
	if err := json.Unmarshal(plain, st); err != nil {
		return nil, err
	}
	s.sessions.Put(string(plain), st)
	return st, nil
}

// tokenCipher returns the AEAD of one access key. A key of its own per credential
// binds the token to the access key and removes any limit on how many random
// nonces are safe.
func (s *Service) tokenCipher(ctx context.Context, accessKeyID string) (cipher.AEAD, error) {
	root, err := s.secret(ctx, "session-token")
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(mac(root, accessKeyID))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// deriveSecret returns the secret access key that belongs to a token. It depends
// on a key that the token says nothing about.
func (s *Service) deriveSecret(ctx context.Context, accessKeyID, token string) (string, error) {
	root, err := s.secret(ctx, "secret-access-key")
	if err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(mac(root, accessKeyID+"\n"+token)[:30]), nil
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}
