package sqlstore

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/poolhouse/poolhouse/userpool"
)

func clonePool(p *userpool.Pool) *userpool.Pool {
	c := *p
	c.AliasAttributes = slices.Clone(p.AliasAttributes)
	c.UsernameAttributes = slices.Clone(p.UsernameAttributes)
	c.AutoVerified = slices.Clone(p.AutoVerified)
	c.Schema = slices.Clone(p.Schema)
	c.RemovedKeys = slices.Clone(p.RemovedKeys)
	c.Tags = maps.Clone(p.Tags)
	c.Replicas = slices.Clone(p.Replicas)
	c.Triggers = maps.Clone(p.Triggers)
	c.FirstFactors = slices.Clone(p.FirstFactors)
	c.Texts = slices.Clone(p.Texts)
	c.Recovery = slices.Clone(p.Recovery)
	c.VerifyBeforeUpdate = slices.Clone(p.VerifyBeforeUpdate)
	c.Logs = slices.Clone(p.Logs)
	c.Settings = cloneSettings(p.Settings)
	if p.PasswordSource != nil {
		c.PasswordSource = new(*p.PasswordSource)
	}
	return &c
}

func cloneClient(p *userpool.Client) *userpool.Client {
	c := *p
	c.ExplicitAuthFlows = slices.Clone(p.ExplicitAuthFlows)
	c.ReadAttributes = slices.Clone(p.ReadAttributes)
	c.WriteAttributes = slices.Clone(p.WriteAttributes)
	c.OAuthFlows = slices.Clone(p.OAuthFlows)
	c.OAuthScopes = slices.Clone(p.OAuthScopes)
	c.CallbackURLs = slices.Clone(p.CallbackURLs)
	c.LogoutURLs = slices.Clone(p.LogoutURLs)
	c.IdentityProviders = slices.Clone(p.IdentityProviders)
	c.OpenID = p.OpenID.Clone()
	c.Settings = cloneSettings(p.Settings)
	return &c
}

func cloneGroup(g *userpool.Group) *userpool.Group {
	c := *g
	if g.Precedence != nil {
		c.Precedence = new(*g.Precedence)
	}
	return &c
}

func cloneSettings(m map[string]json.RawMessage) map[string]json.RawMessage {
	c := maps.Clone(m)
	for name, raw := range c {
		c[name] = slices.Clone(raw)
	}
	return c
}
