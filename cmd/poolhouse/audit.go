package main

import (
	"fmt"
	"io"
	"os"

	"github.com/poolhouse/poolhouse/server"
)

// auditCmd reads the audit log of a database, beside a server or without one.
type auditCmd struct {
	Verify auditVerifyCmd `cmd:"" help:"Check that no entry was changed, removed, added or cut off."`
	Export auditExportCmd `cmd:"" help:"Write the records to standard output, a line of JSON each."`
	Keys   auditKeysCmd   `cmd:"" help:"Print the public keys of checkpoints as a JSON Web Key Set."`
	Rotate auditRotateCmd `cmd:"" name:"rotate-key" help:"Have a new key sign checkpoints; the old ones still verify."`
}

type auditVerifyCmd struct {
	Checkpoint string `help:"File of a sink, or of checkpoints, kept elsewhere: the log must have what they have signed." type:"path" placeholder:"FILE"`
	database
}

// Run fails, and says where, if the log is not what was written.
func (c *auditVerifyCmd) Run(e *env) error {
	var kept io.Reader
	if c.Checkpoint != "" {
		f, err := os.Open(c.Checkpoint)
		if err != nil {
			return err
		}
		defer f.Close()
		kept = f
	}
	r, err := server.VerifyAudit(e.ctx, c.config(e), kept)
	if err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "The audit log is whole: %d entries in %d chains, %d checkpoints, %d entries after the last one\n",
		r.Entries, r.Segments, r.Checkpoints, r.Unsigned)
	return nil
}

type auditExportCmd struct{ database }

// Run writes the chains one after the other, the entries of each in their order.
func (c *auditExportCmd) Run(e *env) error { return server.ExportAudit(e.ctx, c.config(e), e.stdout) }

type auditKeysCmd struct{ database }

// Run prints one line.
func (c *auditKeysCmd) Run(e *env) error {
	set, err := server.AuditKeys(e.ctx, c.config(e))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.stdout, "%s\n", set)
	return err
}

type auditRotateCmd struct{ database }

// Run prints nothing: the new key is among those of auditKeysCmd.
func (c *auditRotateCmd) Run(e *env) error { return server.RotateAuditKey(e.ctx, c.config(e)) }
