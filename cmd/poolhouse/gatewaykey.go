package main

import (
	"fmt"
	"time"

	"github.com/poolhouse/poolhouse/server"
)

// gatewayKeyCmd prints the key of S3 gateways.
type gatewayKeyCmd struct {
	Rotate bool          `help:"Make another key. Servers take it within ten seconds, and the one before for as long as keep says."`
	Keep   time.Duration `help:"How long the former key is taken after a rotation." default:"24h"`
	database
}

// Run prints the key as environment variables that versitygw reads.
func (c *gatewayKeyCmd) Run(e *env) error {
	if c.Keep < 0 {
		return fmt.Errorf("%w: keep %v: it cannot be less than nothing", errUsage, c.Keep)
	}
	k, err := server.GatewayKey(e.ctx, c.config(e), c.Rotate, c.Keep)
	if err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "VGW_IAM_STANDALONE_ACCESS=%s\nVGW_IAM_STANDALONE_SECRET=%s\n", k.AccessKeyID, k.SecretAccessKey)
	return nil
}
