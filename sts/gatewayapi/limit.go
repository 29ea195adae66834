package gatewayapi

import (
	"context"
	"errors"
	"hash/fnv"
	"strconv"
	"time"

	"github.com/poolhouse/poolhouse/internal/ratelimit"
)

// Whoever can reach the S3 gateway can have keys looked up here. Access keys share
// a few counters, so that made-up ones fill no store, and a flood with one key
// leaves most of the others alone.
const (
	limitShares = 64
	limitMax    = 50_000 // calls of one share in a window, of all nodes
	limitWindow = 10 * time.Second
	limitBlock  = limitMax / 20
)

// NewLimit returns a ceiling on how often signing keys are asked for.
func NewLimit(l *ratelimit.Limiter) func(ctx context.Context, accessKeyID string) error {
	rule := ratelimit.Rule{Max: limitMax, Window: limitWindow, Block: limitBlock, Open: true}
	return func(ctx context.Context, accessKeyID string) error {
		h := fnv.New32a()
		h.Write([]byte(accessKeyID))
		err := l.Allow(ctx, "gateway/"+strconv.Itoa(int(h.Sum32()%limitShares)), rule)
		var over *ratelimit.Exceeded
		if errors.As(err, &over) {
			return errTooMany
		}
		return err
	}
}
