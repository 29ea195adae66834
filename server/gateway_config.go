package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/poolhouse/poolhouse/sts/gatewayapi"
)

const (
	// maxGatewayKeys is one, and another while it is replaced.
	maxGatewayKeys = 2
	// minGatewaySecret bounds guesses of who gets hold of signed calls, in bytes.
	minGatewaySecret = 16
)

// checkGateway reports what is wrong with the settings of S3 gateways.
func (c *Config) checkGateway() error {
	var errs []error
	tls := []string{c.GatewayTLSCert, c.GatewayTLSKey, c.GatewayClientCA}
	for _, file := range tls {
		if (file == "") != (c.GatewayAddr == "") {
			errs = append(errs, errors.New("gateway-addr, gateway-tls-cert, gateway-tls-key and gateway-client-ca go together"))
			break
		}
	}
	if _, _, err := net.SplitHostPort(c.GatewayAddr); c.GatewayAddr != "" && err != nil {
		errs = append(errs, fmt.Errorf("gateway-addr %q: want HOST:PORT", c.GatewayAddr))
	}
	if n := len(c.GatewayAccessKeys); n != len(c.GatewaySecretFiles) || n > maxGatewayKeys {
		errs = append(errs, errors.New("gateway-access-key and gateway-secret-file go together, in the same order, twice at the most"))
	}
	return errors.Join(errs...)
}

// gatewayKeys reads the keys that were given; none where the server makes its own.
func (c *Config) gatewayKeys() ([]gatewayapi.Key, error) {
	var keys []gatewayapi.Key
	for i, file := range c.GatewaySecretFiles {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("gateway-secret-file: %w", err)
		}
		secret := bytes.TrimSpace(text)
		if len(secret) < minGatewaySecret {
			return nil, fmt.Errorf("gateway-secret-file %s: want at least %d characters", file, minGatewaySecret)
		}
		keys = append(keys, gatewayapi.Key{AccessKeyID: c.GatewayAccessKeys[i], SecretAccessKey: string(secret)})
	}
	return keys, nil
}

// GatewayKey returns the gateway key of the database of cfg. With rotate it is
// another one from now on, and the one before is accepted for keep. Servers may go
// on using the database.
func GatewayKey(ctx context.Context, cfg Config, rotate bool, keep time.Duration) (_ gatewayapi.Key, err error) {
	db, keys, err := openUsed(ctx, cfg)
	if err != nil {
		return gatewayapi.Key{}, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if rotate {
		return gatewayapi.RotateKey(ctx, keys, keep)
	}
	return gatewayapi.MakeKey(ctx, keys)
}
