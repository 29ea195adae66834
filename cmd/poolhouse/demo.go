package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/poolhouse/poolhouse/internal/demodata"
	"github.com/poolhouse/poolhouse/server"
)

// demoCmd runs a seeded server on loopback.
type demoCmd struct {
	Addr     string `help:"Loopback address to listen on." default:"127.0.0.1:8080"`
	Data     string `help:"Directory to keep the data in; a temporary one where absent." type:"path"`
	LogLevel string `name:"log-level" help:"debug, info, warn or error." default:"warn" enum:"debug,info,warn,error"`
}

// Run serves the demo until the process is told to stop.
func (c *demoCmd) Run(e *env) (err error) {
	data, err := c.dataDir()
	if err != nil {
		return err
	}
	if c.Data == "" {
		defer os.RemoveAll(data)
	}
	cfg := server.Config{Addr: c.Addr, Data: data, Region: demodata.Region, Account: demodata.Account, LogLevel: c.LogLevel,
		RootAccessKeyID: demodata.RootAccessKeyID, RootSecretAccessKey: demodata.RootSecretAccessKey}
	s, err := server.OpenDemo(e.ctx, cfg, logger(e, cfg), time.Now)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	printDemo(e.stdout, s.URL())
	return s.Serve(e.ctx)
}

func (c *demoCmd) dataDir() (string, error) {
	if c.Data != "" {
		return c.Data, nil
	}
	return os.MkdirTemp("", "poolhouse-demo-")
}

// printDemo says what to try.
func printDemo(w io.Writer, url string) {
	fmt.Fprintf(w, `Poolhouse demo at %[1]s  (this machine only; everything in it is public knowledge)

Sign in as            %[2]s / %[3]s      or      %[4]s / %[5]s
  a SAML app          %[1]s/demo/saml/
  an OpenID app       %[1]s/demo/oidc/
  two devices, synced %[1]s/demo/sync/
  mails and codes     %[1]s/demo/mail
  all of it           %[1]s/demo/

OpenID configuration  %[1]s/%[6]s/.well-known/openid-configuration
SAML metadata         %[1]s/%[6]s/saml/metadata

User pool %[6]s, app client %[7]s, identity pool %[8]s

For any AWS SDK or the AWS CLI:

  export AWS_ENDPOINT_URL=%[1]s
  export AWS_REGION=%[9]s AWS_DEFAULT_REGION=%[9]s
  export AWS_ACCESS_KEY_ID=%[10]s
  export AWS_SECRET_ACCESS_KEY=%[11]s
  aws cognito-idp initiate-auth --auth-flow USER_PASSWORD_AUTH --client-id %[7]s \
    --auth-parameters USERNAME=%[2]s,PASSWORD=%[3]s

Credentials of a person instead of that key: sign in, then have SDKs ask for them.

  poolhouse login --issuer %[1]s/%[6]s --client-id %[7]s --identity-pool %[8]s
  poolhouse credentials

The whole job as a client, step by step:

  poolhouse tour --endpoint %[1]s
`, url, demodata.Alice.Username, demodata.Alice.Password, demodata.Bob.Username, demodata.Bob.Password,
		demodata.PoolID, demodata.ClientID, demodata.IdentityPool, demodata.Region,
		demodata.RootAccessKeyID, demodata.RootSecretAccessKey)
}
