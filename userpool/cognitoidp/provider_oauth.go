package cognitoidp

import (
	"context"
	"maps"

	"github.com/poolhouse/poolhouse/userpool"
)

// A Completer fills in what the details of a provider of OAuth need not say, as its
// issuer publishes it. It returns userpool.ErrInvalidParameter for a provider that
// could not be used.
type Completer interface {
	Complete(ctx context.Context, p *userpool.Provider) error
}

// complete fills in the details of a provider of OAuth.
func (a *API) complete(ctx context.Context, p *userpool.Provider) error {
	if p.Type == userpool.ProviderSAML {
		return nil
	}
	if err := p.CheckDetails(); err != nil {
		return err
	}
	return a.Completer.Complete(ctx, p)
}

const privateKey = "private_key"

// reported are the details that operations report: all but the key of Sign in with
// Apple, which AWS keeps to itself.
func reported(p *userpool.Provider) map[string]string {
	if _, ok := p.Details[privateKey]; !ok {
		return p.Details
	}
	details := maps.Clone(p.Details)
	delete(details, privateKey)
	return details
}

// keepKey keeps the private key where somebody sends back the details that they were
// told, of the same key.
func keepKey(p *userpool.Provider, details map[string]string) map[string]string {
	held := p.Details[privateKey]
	if held == "" || details[privateKey] != "" || details["key_id"] != p.Details["key_id"] || details["team_id"] != p.Details["team_id"] {
		return details
	}
	details = maps.Clone(details)
	details[privateKey] = held
	return details
}
