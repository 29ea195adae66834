package userpool

import (
	"context"
	"strings"

	"github.com/poolhouse/poolhouse/internal/jose"
)

// RequestManagers are the ways to encrypt a request to a pool (alg of RFC 9101 section
// 6.1): its keys for that are RSA keys.
var RequestManagers = []string{jose.RSAOAEP, jose.RSAOAEP256}

const useRequest = "request"

// requestScope is the keyring scope of the keys that clients encrypt requests to. They
// sign nothing. A pool has one from when a client of it means to encrypt.
func requestScope(pool PoolID) string { return "pool/" + string(pool) + "/" + useRequest }

func forRequests(scope string) bool { return strings.HasSuffix(scope, "/"+useRequest) }

// RequestKeys returns the keys that a client may have encrypted a request to: all that
// the pool publishes for it. There are none where no client ever meant to.
func (t *Tokens) RequestKeys(ctx context.Context, pool PoolID) ([]jose.PrivateKey, error) {
	published, err := t.Keys.Recent(ctx, keysSeen, requestScope(pool))
	if err != nil {
		return nil, err
	}
	keys := make([]jose.PrivateKey, len(published))
	for i, k := range published {
		keys[i] = jose.PrivateKey{ID: k.ID, Private: k.Private}
	}
	return keys, nil
}
