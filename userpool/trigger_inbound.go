package userpool

import (
	"context"
	"encoding/json"
)

// An Inbound is what an identity provider says of somebody who signs in through it.
type Inbound struct {
	Provider string // its name in the pool
	Type     string // OIDC, SAML, Facebook, Google, SignInWithApple or LoginWithAmazon
	Username string // of the user here, "{Provider}_{id}"

	// Attributes is an InboundSAML or an InboundTokens.
	Attributes any
}

// InboundTokens is what a provider of OAuth 2.0 answered.
type InboundTokens struct {
	Response json.RawMessage `json:"tokenResponse"` // of the token endpoint
	IDToken  json.RawMessage `json:"idToken"`       // claims
	UserInfo json.RawMessage `json:"userInfo"`      // claims
}

// InboundSAML is what a provider of SAML asserted.
type InboundSAML struct {
	Attributes map[string]any `json:"samlResponse"`
}

// InboundFederation asks which of a provider's attributes are to be mapped to the
// user's. It returns nil to keep them all. An error refuses the sign-in.
func (t *Triggers) InboundFederation(ctx context.Context, p *Pool, c *Client, in Inbound) (map[string]json.RawMessage, error) {
	request := struct {
		Provider   string `json:"providerName"`
		Type       string `json:"providerType"`
		Attributes any    `json:"attributes"`
	}{in.Provider, in.Type, in.Attributes}
	var out struct {
		Attributes map[string]json.RawMessage `json:"userAttributesToMap"`
	}
	_, err := t.run(ctx, p, triggerInbound, newEvent("InboundFederation_ExternalProvider", idOf(c), in.Username, request), &out)
	if err != nil || len(out.Attributes) == 0 {
		return nil, err
	}
	return out.Attributes, nil
}
