package main

import (
	"errors"
	"fmt"
	"os"

	"filippo.io/age"

	"github.com/poolhouse/poolhouse/server"
)

// restoreCmd fills an empty database from a file.
type restoreCmd struct {
	File     string `arg:"" help:"What export wrote." type:"path"`
	Identity string `required:"" help:"File with the private key, as age-keygen writes it." type:"path" placeholder:"KEYFILE"`
	database
}

// Run restores all or nothing.
func (c *restoreCmd) Run(e *env) (err error) {
	identities, err := readIdentities(c.Identity)
	if err != nil {
		return err
	}
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	counts, err := server.Restore(e.ctx, c.config(e), f, counter(e.stderr, "restored"), identities...)
	if err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "Restored %d records.\n", counts.Total())
	return nil
}

func readIdentities(name string) (_ []age.Identity, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	identities, err := age.ParseIdentities(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return identities, nil
}
