package idp

import (
	"context"
	"errors"
)

// cleanBatch bounds how long one deletion holds a table.
const cleanBatch = 500

// Clean deletes dead sessions and forgotten grants, in small batches, until
// nothing is left or ctx ends. The server calls it every few minutes.
func Clean(ctx context.Context, s SessionStore, g GrantStore) error {
	return errors.Join(drain(ctx, s.DeleteExpired), drain(ctx, g.DeleteExpiredGrants))
}

func drain(ctx context.Context, del func(context.Context, int) (int, error)) error {
	for {
		n, err := del(ctx, cleanBatch)
		if err != nil || n < cleanBatch {
			return err
		}
	}
}
