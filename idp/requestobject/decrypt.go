package requestobject

import (
	"context"
	"errors"

	"github.com/poolhouse/poolhouse/internal/jose"
	"github.com/poolhouse/poolhouse/userpool"
)

// open returns what is in an encrypted request object, and any other as it is. Inside
// must be a signed one (RFC 9101 section 6.1): anybody can encrypt to a public key.
// Nothing tells why one cannot be opened (RFC 7516 section 11.5).
func (r *Reader) open(ctx context.Context, c *userpool.Client, raw string) (string, error) {
	if !jose.Encrypted(raw) {
		return raw, nil
	}
	keys, err := r.Keys(ctx, c.Pool)
	if err != nil {
		return "", err
	}
	inner, h, err := jose.Decrypt(raw, keys, userpool.RequestManagers, jose.Contents)
	if errors.Is(err, jose.ErrInvalid) || err == nil && (!isRequest(h.ContentType) || jose.Encrypted(string(inner))) {
		return "", errors.Join(refuse("The request object cannot be decrypted."), err)
	}
	return string(inner), err
}
