package main

import (
	"fmt"
	"os"

	"github.com/poolhouse/poolhouse/internal/awsclient"
	"github.com/poolhouse/poolhouse/internal/tour"
	"github.com/poolhouse/poolhouse/server"
)

// tourCmd runs the whole job as a client.
type tourCmd struct {
	Endpoint string `help:"URL of the server." default:"http://127.0.0.1:8080"`
	Region   string `help:"Region of the server." default:"us-east-1"`
}

// Run takes the tour. With the root key in the environment it seeds a pool of
// its own; otherwise it visits what the demo seeded.
func (c *tourCmd) Run(e *env) error {
	o := tour.Options{Endpoint: c.Endpoint, Region: c.Region, Out: e.stdout, Colour: isTerminal(e)}
	if id := e.getenv("POOLHOUSE_ROOT_ACCESS_KEY_ID"); id != "" {
		o.Root = &awsclient.Key{AccessKeyID: id, SecretAccessKey: e.getenv("POOLHOUSE_ROOT_SECRET_ACCESS_KEY")}
	}
	return tour.Run(e.ctx, o)
}

func isTerminal(e *env) bool {
	f, ok := e.stdout.(*os.File)
	if !ok || e.getenv("NO_COLOR") != "" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// versionCmd prints the version.
type versionCmd struct{}

// Run prints the module's version as the Go toolchain recorded it.
func (versionCmd) Run(e *env) error {
	fmt.Fprintln(e.stdout, "poolhouse", server.Version())
	return nil
}
