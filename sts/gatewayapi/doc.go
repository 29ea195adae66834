// Package gatewayapi serves the private protocol by which an S3 gateway, an
// unmodified versitygw, asks whose a request is and what it may do: its
// "standalone IAM" protocol, version 1. The gateway gets signing keys of one day
// and decisions; secrets, tokens and policies stay here.
//
// The handler has a listener of its own, a socket or mutual TLS. It must never
// stand on the public one.
package gatewayapi

import (
	"context"
	"log/slog"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsapi/sigv4"
	"github.com/poolhouse/poolhouse/sts"
)

// A Key is what a gateway signs its calls with.
type Key struct{ AccessKeyID, SecretAccessKey string }

// A Handler answers gateways. All fields but Limit must be set.
type Handler struct {
	STS  *sts.Service
	Keys func(context.Context) ([]Key, error) // that are accepted now; several while one is replaced by another
	// Limit counts a call of one access key before anything is looked up, and
	// returns an error where there are too many; nil lets every call pass.
	Limit   func(ctx context.Context, accessKeyID string) error
	Version string // of this build, for the gateway's log
	Now     func() time.Time
	Log     *slog.Logger

	signing sigv4.KeyCache
}
