package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"filippo.io/age"

	"github.com/poolhouse/poolhouse/server"
)

// database says which database a command works on, as for serve.
type database struct {
	Data        string `help:"Directory of the embedded database and the master key file." default:"poolhouse-data" type:"path"`
	DatabaseURL string `name:"database-url" help:"PostgreSQL instead of the embedded SQLite."`
	ConfigFile  string `name:"config" help:"YAML file with the settings of serve." type:"path" placeholder:"FILE"`
}

func (d *database) config(e *env) server.Config {
	const conns = 4 // the migrations take two
	return server.Config{Data: d.Data, DatabaseURL: d.DatabaseURL, DatabaseConns: conns, MasterKey: e.getenv("POOLHOUSE_MASTER_KEY")}
}

// exportCmd writes a database into a file.
type exportCmd struct {
	To        string   `required:"" help:"File to write. It must not exist." type:"path" placeholder:"FILE"`
	Recipient []string `required:"" help:"Public key, age1…, of who may read the file. Repeatable." placeholder:"age1…"`
	Audit     bool     `help:"Write the audit log too."`
	database
}

// Run leaves no file behind where it fails.
func (c *exportCmd) Run(e *env) (err error) {
	recipients, err := age.ParseRecipients(strings.NewReader(strings.Join(c.Recipient, "\n")))
	if err != nil {
		return fmt.Errorf("%w: recipient: %w", errUsage, err)
	}
	f, err := os.OpenFile(c.To, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	x := &server.Export{Recipients: recipients, Audit: c.Audit, Progress: counter(e.stderr, "exported")}
	counts, err := x.Write(e.ctx, c.config(e), f)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(c.To))
	}
	fmt.Fprintf(e.stdout, "Exported %d records to %s\n", counts.Total(), c.To)
	return nil
}

// counter returns a progress function that writes a line now and then.
func counter(w io.Writer, done string) func(total int) {
	const step = 10_000 // records
	return func(total int) {
		if total%step == 0 {
			fmt.Fprintf(w, "%s %d records\n", done, total)
		}
	}
}
