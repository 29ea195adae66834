package oidcrp

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/oauth2"

	"github.com/poolhouse/poolhouse/sp"
)

// Depart implements sp.Upstream by an authorization request (RFC 6749 section
// 4.1.1) with PKCE and, where the provider knows it, a nonce.
func (u *Upstream) Depart(ctx context.Context, ask *sp.Ask) (*sp.Departure, error) {
	d, err := dialectOf(ask.Provider)
	if err != nil {
		return nil, err
	}
	at, err := u.locate(ctx, ask.Provider, d)
	if err != nil {
		return nil, err
	}
	address, err := url.Parse(at.authorize)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", sp.ErrUnusable, err)
	}
	m, err := u.newMemo(ctx, ask, at)
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	q := address.Query() // some addresses have a part of their own
	d.request(q, ask, m)
	address.RawQuery = q.Encode()
	return &sp.Departure{Address: address.String(), Memo: raw}, nil
}

// request writes an authorization request.
func (d *dialect) request(q url.Values, ask *sp.Ask, m *memo) {
	scopes := d.scopes(ask.Provider)
	for name, value := range map[string]string{
		"response_type": "code", "client_id": m.ClientID, "redirect_uri": m.Redirect, "state": ask.State,
		"code_challenge": oauth2.S256ChallengeFromVerifier(m.Verifier), "code_challenge_method": "S256",
	} {
		q.Set(name, value)
	}
	if d.openid {
		q.Set("nonce", m.Nonce)
		if !slices.Contains(scopes, "openid") {
			scopes = append([]string{"openid"}, scopes...)
		}
	}
	setUnlessEmpty(q, "scope", strings.Join(scopes, " "))
	d.ask(q, ask)
}
