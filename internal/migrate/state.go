package migrate

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
)

// A state is how far a migration has come. It has no secrets in it.
type state struct {
	From, To, Pool string
	Done           map[string]bool
	Users          string            // pagination token of the next page
	Groups         map[string]string // the same, of the members of each group; "-" where all are copied
	Counts         map[string]int
	Notes          []string
}

// load reads the state of an earlier run of the same migration. A dry run begins at
// the beginning.
func (m *Migration) load() error {
	fresh := state{From: m.From.Client.Endpoint, To: m.To.Client.Endpoint, Pool: m.Pool, Done: map[string]bool{},
		Groups: map[string]string{}, Counts: map[string]int{}}
	m.at = fresh
	if m.DryRun {
		return nil
	}
	found, err := readState(m.State, &m.at)
	if err != nil || !found {
		return err
	}
	if m.at.From != fresh.From || m.at.To != fresh.To || m.at.Pool != fresh.Pool || m.at.Done == nil || m.at.Groups == nil || m.at.Counts == nil {
		return fmt.Errorf("%s is of another migration", m.State)
	}
	return nil
}

// save replaces the state file as a whole.
func (m *Migration) save() error {
	if m.DryRun {
		return nil
	}
	return writeState(m.State, m.at)
}

// readState reads a state file, if there is one.
func readState(name string, to any) (found bool, err error) {
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := json.Unmarshal(text, to); err != nil {
		return false, fmt.Errorf("%s: %w", name, err)
	}
	return true, nil
}

// writeState replaces a state file as a whole.
func writeState(name string, from any) error {
	text, err := json.MarshalIndent(from, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(name+".new", text, 0o600); err != nil {
		return err
	}
	return os.Rename(name+".new", name)
}

func (m *Migration) report() {
	verb := "Copied"
	if m.DryRun {
		verb = "Would copy"
	}
	for _, what := range slices.Sorted(maps.Keys(m.at.Counts)) {
		fmt.Fprintf(m.Out, "%s %s: %d\n", verb, what, m.at.Counts[what])
	}
	for _, n := range m.at.Notes {
		fmt.Fprintln(m.Out, "Not copied:", n)
	}
	if m.FromClient == "" {
		fmt.Fprintln(m.Out, "No --from-client: users have no password here, and set one by a code.")
	}
}
