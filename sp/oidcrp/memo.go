package oidcrp

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"time"

	"golang.org/x/oauth2"

	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/userpool"
)

// A memo is what an answer is judged by. It stays on the server.
type memo struct {
	Provider string // whom the request went to: another provider's answer is none
	ClientID string
	Issuer   string
	Redirect string
	Nonce    string
	Verifier string // of PKCE (RFC 7636)
	Force    bool   // the person must have signed in since
	At       time.Time
}

func (u *Upstream) newMemo(ctx context.Context, ask *sp.Ask, at *endpoints) (*memo, error) {
	redirect, err := u.callback(ctx, ask)
	if err != nil {
		return nil, err
	}
	return &memo{Provider: ask.Provider.Name, ClientID: ask.Provider.Details["client_id"], Issuer: at.issuer, Redirect: redirect,
		Nonce: oauth2.GenerateVerifier(), Verifier: oauth2.GenerateVerifier(), Force: ask.Force, At: u.now()}, nil
}

// readMemo reads the memo of a request. A provider that was changed since is not
// the one that was asked.
func readMemo(raw []byte, p *userpool.Provider) (*memo, error) {
	if len(raw) == 0 {
		return nil, invalid("nobody asked %q", p.Name)
	}
	m := &memo{}
	if err := json.Unmarshal(raw, m); err != nil {
		return nil, invalid("the memo: %v", err)
	}
	if m.Provider != p.Name || m.ClientID != p.Details["client_id"] || m.Verifier == "" || m.Nonce == "" {
		return nil, invalid("%q was asked, and not %q", m.Provider, p.Name)
	}
	return m, nil
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
