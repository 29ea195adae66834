package main

import (
	"errors"
	"fmt"

	"github.com/poolhouse/poolhouse/internal/apply"
	"github.com/poolhouse/poolhouse/internal/awsclient"
)

// applyCmd makes a server match a file.
type applyCmd struct {
	File     string `short:"f" required:"" help:"YAML file." type:"path"`
	Diff     bool   `help:"Print what would change, and change nothing."`
	Endpoint string `help:"URL of the server." default:"http://127.0.0.1:8080"`
	Region   string `help:"Region of the server." default:"us-east-1"`
}

// Run signs with the key in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or
// with the root key in the environment.
func (c *applyCmd) Run(e *env) error {
	key := awsclient.Key{AccessKeyID: e.getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: e.getenv("AWS_SECRET_ACCESS_KEY"), SessionToken: e.getenv("AWS_SESSION_TOKEN")}
	if key.AccessKeyID == "" {
		key = awsclient.Key{AccessKeyID: e.getenv("POOLHOUSE_ROOT_ACCESS_KEY_ID"), SecretAccessKey: e.getenv("POOLHOUSE_ROOT_SECRET_ACCESS_KEY")}
	}
	if key.AccessKeyID == "" {
		return errors.New("apply signs its calls: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
	}
	f, err := apply.Read(c.File)
	if err != nil {
		return err
	}
	a := &apply.Applier{Client: awsclient.New(c.Endpoint, c.Region), Key: key, Out: e.stdout, Diff: c.Diff}
	changes, err := a.Run(e.ctx, f)
	if err != nil {
		return err
	}
	switch {
	case changes == 0:
		fmt.Fprintln(e.stdout, "Nothing to change.")
	case c.Diff:
		fmt.Fprintf(e.stdout, "%d changes to make.\n", changes)
	default:
		fmt.Fprintf(e.stdout, "%d changes made.\n", changes)
	}
	return nil
}
