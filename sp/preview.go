package sp

import (
	"context"

	"github.com/poolhouse/poolhouse/userpool"
)

// A Preview is what an arrival would become.
type Preview struct {
	Username   string // of a newcomer
	Attributes map[string]string
	Groups     []string
	Problems   []Problem
}

// PreviewMapping applies a provider's rules to what it might say of somebody, and
// changes nothing. The pool's function is not asked.
func PreviewMapping(ctx context.Context, pool *userpool.Pool, p *userpool.Provider, subject string, said Claims) *Preview {
	said = said.readable()
	m := mapped(ctx, pool, p, &Arrival{Subject: subject, Doubtful: p.Type != userpool.ProviderSAML && said.Doubtful()}, said)
	if m.name == "" {
		m.name = subject
	}
	return &Preview{Username: userpool.FederatedName(p.Name, m.name), Attributes: m.attributes, Groups: groups(p, said), Problems: m.problems}
}
