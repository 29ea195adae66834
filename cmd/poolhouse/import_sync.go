package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsclient"
	"github.com/poolhouse/poolhouse/internal/migrate"
	"github.com/poolhouse/poolhouse/internal/syncclient"
)

// cognitoSyncCmd copies datasets from Cognito Sync.
type cognitoSyncCmd struct {
	From       string `required:"" help:"Region of the identity pool, or URL of what speaks the APIs of Cognito Sync and of identity pools."`
	FromPool   string `required:"" help:"ID of the identity pool there."`
	ToPool     string `help:"ID of the identity pool here (default: the same)."`
	Identities string `help:"File that names the identities to copy, a line each: the ID there and, where it is another one, the ID here (default: all of the pool, under the same IDs)." type:"existingfile"`
	To         string `help:"URL of the server." default:"http://127.0.0.1:8080"`
	Region     string `help:"Region of the server." default:"us-east-1"`
	State      string `help:"File that a later run goes on from; by default poolhouse-import-POOL.json, colons as dashes." type:"path"`
	Overwrite  bool   `help:"Overwrite records that were changed later here, too."`
	DryRun     bool   `help:"Read everything and say what would be copied; write nothing."`
}

// Run signs as `import cognito` does.
func (c *cognitoSyncCmd) Run(e *env) error {
	from, to, err := importKeys(e)
	if err != nil {
		return err
	}
	region, _, _ := strings.Cut(c.FromPool, ":")
	syncAt, poolsAt := c.From, c.From
	if !strings.Contains(c.From, "://") {
		region, syncAt, poolsAt = c.From, "https://cognito-sync."+c.From+".amazonaws.com", "https://cognito-identity."+c.From+".amazonaws.com"
	}
	toPool, state := c.ToPool, c.State
	if toPool == "" {
		toPool = c.FromPool
	}
	if state == "" {
		state = "poolhouse-import-" + strings.ReplaceAll(c.FromPool, ":", "-") + ".json"
	}
	identities := migrate.ListIdentities(migrate.End{Client: awsclient.New(poolsAt, region), Key: from}, c.FromPool)
	if c.Identities != "" {
		text, err := os.ReadFile(c.Identities)
		if err != nil {
			return err
		}
		if identities, err = migrate.ReadIdentities(string(text)); err != nil {
			return fmt.Errorf("%s: %w", c.Identities, err)
		}
	}
	m := &migrate.DatasetImport{From: developer(syncAt, region, c.FromPool, from), To: developer(c.To, c.Region, toPool, to),
		Identities: identities, State: state, DryRun: c.DryRun, Overwrite: c.Overwrite, Out: e.stdout, Progress: e.stderr, Wait: time.Second}
	return m.Run(e.ctx)
}

// developer is a client with a long-term key.
func developer(endpoint, region, pool string, key awsclient.Key) *syncclient.Client {
	return &syncclient.Client{API: awsclient.New(endpoint, region), Pool: pool,
		Key: func(context.Context) (awsclient.Key, error) { return key, nil }}
}
