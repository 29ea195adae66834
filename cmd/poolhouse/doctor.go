package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/poolhouse/poolhouse/server"
	"github.com/poolhouse/poolhouse/server/doctor"
)

// doctorCmd examines what the settings of serve name.
type doctorCmd struct {
	JSON       bool `help:"Print a line of JSON for each finding."`
	settings   `embed:""`
	ConfigFile string `name:"config" help:"YAML file with the same settings, by the names of the flags." type:"path" placeholder:"FILE"`
}

// settings are those of serve, which the command line does not judge: what is wrong with
// them is among the findings.
type settings server.Config

var errIll = errors.New("something does not work: see what failed above")

// Run fails if anything does not work. Warnings are no failure.
func (c *doctorCmd) Run(e *env) error {
	cfg := server.Config(c.settings)
	secrets(e, &cfg)
	tell := written(e.stdout)
	if c.JSON {
		lines := json.NewEncoder(e.stdout)
		tell = func(f doctor.Finding) { _ = lines.Encode(f) } // as with any output: nobody is left to tell
	}
	if server.NewDoctor(cfg).Examine(e.ctx, tell) == doctor.Failed {
		return errIll
	}
	return nil
}

// written writes findings for people, the area once.
func written(w io.Writer) func(doctor.Finding) {
	area := ""
	return func(f doctor.Finding) {
		name := f.Area
		if name == area {
			name = ""
		}
		area = f.Area
		fmt.Fprintf(w, "%-18s %-8s %s\n", name, f.State, f.Found)
		if f.Mend != "" {
			fmt.Fprintf(w, "%s %s\n", strings.Repeat(" ", 27), f.Mend)
		}
	}
}
