// Package doctor examines an installation, and says how to mend what is wrong with it.
// It changes nothing. What there is to examine is put together by package server.
package doctor

import (
	"context"
	"fmt"
	"time"
)

// A State is how something was found.
type State string

// From the best to the worst but for Skipped, which says that nobody looked.
const (
	OK      State = "ok"
	Skipped State = "skipped"
	Warning State = "warning"
	Failed  State = "failed"
)

var rank = map[State]int{OK: 0, Skipped: 0, Warning: 1, Failed: 2}

// A Finding is one thing that was looked at. Mend says what to do, and is empty where
// nothing has to be done.
type Finding struct {
	Area  string `json:"area"`
	State State  `json:"state"`
	Found string `json:"found"`
	Mend  string `json:"mend,omitempty"`
}

// Good finds that something is as it should be.
func Good(format string, args ...any) Finding {
	return Finding{State: OK, Found: fmt.Sprintf(format, args...)}
}

// Skip says why something was not looked at, and how it could be.
func Skip(mend, format string, args ...any) Finding {
	return Finding{State: Skipped, Found: fmt.Sprintf(format, args...), Mend: mend}
}

// Warn finds something that works, but should not stay so.
func Warn(mend, format string, args ...any) Finding {
	return Finding{State: Warning, Found: fmt.Sprintf(format, args...), Mend: mend}
}

// Bad finds something that does not work.
func Bad(mend, format string, args ...any) Finding {
	return Finding{State: Failed, Found: fmt.Sprintf(format, args...), Mend: mend}
}

// A Check looks at one area.
type Check struct {
	Area string
	Look func(ctx context.Context) []Finding
}

// patience is what a check may take: one that waits for an answer for longer has its
// answer.
const patience = 15 * time.Second

// Examine makes the checks one after the other, tells each finding at once, and returns
// the worst state.
func Examine(ctx context.Context, checks []Check, tell func(Finding)) State {
	worst := OK
	for _, c := range checks {
		for _, f := range c.look(ctx) {
			f.Area = c.Area
			if rank[f.State] > rank[worst] {
				worst = f.State
			}
			tell(f)
		}
	}
	return worst
}

func (c Check) look(ctx context.Context) []Finding {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return c.Look(ctx)
}
