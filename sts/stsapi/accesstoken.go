package stsapi

import (
	"context"
	"errors"
	"fmt"

	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/sp/oidcrp"
	"github.com/poolhouse/poolhouse/sts"
)

// AccessTokens asks public providers what their access tokens mean.
type AccessTokens struct{ Asker *oidcrp.AccessTokens }

var _ sts.AccessTokens = AccessTokens{}

// Bearer implements sts.AccessTokens.
func (a AccessTokens) Bearer(ctx context.Context, provider, token string) (apps []string, subject string, err error) {
	apps, subject, err = a.Asker.Bearer(ctx, provider, token)
	switch {
	case errors.Is(err, sp.ErrInvalid):
		err = fmt.Errorf("%w: %w", sts.ErrIDPRejected, err)
	case err != nil:
		err = fmt.Errorf("%w: %w", sts.ErrIDPCommunication, err)
	}
	return apps, subject, err
}
