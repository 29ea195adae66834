package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/poolhouse/poolhouse/internal/breach"
)

// breachCmd makes lists of passwords that are known from breaches.
type breachCmd struct {
	Build breachBuildCmd `cmd:"" help:"Make the file of --breach-filter from lists in the form of Have I Been Pwned."`
}

// breachBuildCmd makes the file of --breach-filter.
type breachBuildCmd struct {
	Output string   `required:"" short:"o" help:"File to write, in place of one that there may be." type:"path" placeholder:"FILE"`
	Least  uint64   `help:"Leave out passwords that were seen less often." default:"1" placeholder:"COUNT"`
	Lists  []string `arg:"" optional:"" help:"Lists of SHA-1 hashes, HASH:COUNT a line, in any order; standard input where none is named."`
}

// Run leaves the file as it was where it fails.
func (c *breachBuildCmd) Run(e *env) (err error) {
	b, err := breach.NewBuilder(c.Output)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	b.Least = c.Least
	b.Progress = func(lines uint64) { fmt.Fprintf(e.stderr, "read %d million lines\n", lines>>20) }
	if err := c.read(e, b); err != nil {
		return err
	}
	fmt.Fprintln(e.stderr, "sorting")
	n, err := b.Finish()
	if err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "Wrote %d passwords to %s\n", n, c.Output)
	return nil
}

func (c *breachBuildCmd) read(e *env, b *breach.Builder) error {
	if len(c.Lists) == 0 {
		return named("standard input", b.Add(e.stdin))
	}
	for _, name := range c.Lists {
		if err := c.readFile(b, name); err != nil {
			return err
		}
	}
	return nil
}

func (c *breachBuildCmd) readFile(b *breach.Builder, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return named(name, b.Add(f))
}

// named says which input an error is about.
func named(input string, err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return err
	}
	return fmt.Errorf("%s: %w", input, err)
}
