package main

import (
	"errors"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsclient"
	"github.com/poolhouse/poolhouse/internal/migrate"
)

// importCmd brings what another system has.
type importCmd struct {
	Cognito     cognitoCmd     `cmd:"" help:"Copy a user pool from Amazon Cognito: settings, app clients, users, groups."`
	CognitoSync cognitoSyncCmd `cmd:"" help:"Copy the datasets of identities from Amazon Cognito Sync."`
}

// cognitoCmd copies a pool from Cognito.
type cognitoCmd struct {
	From       string `required:"" help:"Region of the pool, or URL of what speaks Cognito's API."`
	FromPool   string `required:"" help:"ID of the pool; it keeps it."`
	FromClient string `help:"App client with USER_PASSWORD_AUTH, that passwords are asked through at the first sign-in."`
	To         string `help:"URL of the server." default:"http://127.0.0.1:8080"`
	Region     string `help:"Region of the server." default:"us-east-1"`
	State      string `help:"File that a later run goes on from; by default poolhouse-import-POOL.json." type:"path"`
	DryRun     bool   `help:"Read everything and say what would be copied; write nothing."`
}

// Run signs for the source with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and for
// this server with POOLHOUSE_ACCESS_KEY_ID and POOLHOUSE_SECRET_ACCESS_KEY, or the
// root key in the environment.
func (c *cognitoCmd) Run(e *env) error {
	from, to, err := importKeys(e)
	if err != nil {
		return err
	}
	region, _, _ := strings.Cut(c.FromPool, "_")
	endpoint := c.From
	if !strings.Contains(endpoint, "://") {
		region, endpoint = c.From, "https://cognito-idp."+c.From+".amazonaws.com"
	}
	state := c.State
	if state == "" {
		state = "poolhouse-import-" + c.FromPool + ".json"
	}
	m := &migrate.Migration{From: migrate.End{Client: awsclient.New(endpoint, region), Key: from}, To: migrate.End{Client: awsclient.New(c.To, c.Region), Key: to},
		Pool: c.FromPool, FromClient: c.FromClient, State: state, DryRun: c.DryRun, Out: e.stdout, Progress: e.stderr, Wait: time.Second}
	return m.Run(e.ctx)
}

// importKeys are the keys of the source and of this server.
func importKeys(e *env) (from, to awsclient.Key, err error) {
	from, to = keyFrom(e, "AWS_"), keyFrom(e, "POOLHOUSE_")
	if to.AccessKeyID == "" {
		to = keyFrom(e, "POOLHOUSE_ROOT_")
	}
	if from.AccessKeyID == "" || to.AccessKeyID == "" {
		err = errors.New("import signs its calls: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY of the source, and POOLHOUSE_ACCESS_KEY_ID and POOLHOUSE_SECRET_ACCESS_KEY of this server")
	}
	return from, to, err
}

func keyFrom(e *env, prefix string) awsclient.Key {
	return awsclient.Key{AccessKeyID: e.getenv(prefix + "ACCESS_KEY_ID"), SecretAccessKey: e.getenv(prefix + "SECRET_ACCESS_KEY"), SessionToken: e.getenv(prefix + "SESSION_TOKEN")}
}
