package web

import (
	"context"
	"crypto/x509"
)

type chainKey struct{}

// WithClientChain returns a context that says which certificates the client's
// connection showed, its own first. Nobody has judged them yet.
func WithClientChain(ctx context.Context, chain []*x509.Certificate) context.Context {
	return context.WithValue(ctx, chainKey{}, chain)
}

// ClientChain returns the certificates of the client's connection, none where it
// showed none. It is what the edge of the server found, not what a header says.
func ClientChain(ctx context.Context) []*x509.Certificate {
	chain, _ := ctx.Value(chainKey{}).([]*x509.Certificate)
	return chain
}
