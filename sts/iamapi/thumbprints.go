package iamapi

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/poolhouse/poolhouse/internal/outbound"
	"github.com/poolhouse/poolhouse/sts"
)

// Thumbprints reads the certificates of issuers elsewhere.
type Thumbprints struct {
	Fetch *outbound.Client
}

var _ sts.ThumbprintSource = Thumbprints{}

const maxDiscovery = 1 << 20 // bytes of a discovery document or a key set

// Thumbprint implements sts.ThumbprintSource: it finds the issuer's key set and
// takes the last certificate of the server that has it. That server's TLS was
// verified by then, so the thumbprint is of one that this server trusts.
func (t Thumbprints) Thumbprint(ctx context.Context, issuer string) (string, error) {
	raw, err := t.Fetch.Fetch(ctx, strings.TrimSuffix(issuer, "/")+"/.well-known/openid-configuration", maxDiscovery)
	if err != nil {
		return "", err
	}
	var doc struct {
		Keys string `json:"jwks_uri"`
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		return "", err
	}
	keys, err := t.Fetch.Get(ctx, doc.Keys, nil, maxDiscovery)
	switch {
	case err != nil:
		return "", err
	case keys.Status != 200:
		return "", fmt.Errorf("iamapi: %s answers %d", doc.Keys, keys.Status)
	case len(keys.Chain) == 0:
		return "", errors.New("iamapi: the key set is not served over TLS")
	}
	sum := sha1.Sum(keys.Chain[len(keys.Chain)-1].Raw)
	return hex.EncodeToString(sum[:]), nil
}
