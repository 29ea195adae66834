package sp

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/internal/expr"
	"github.com/poolhouse/poolhouse/userpool"
)

// maxComputing bounds the time of all expressions of one arrival; each has bounds of its
// own.
const maxComputing = time.Second

// A Problem is why an expression gave an attribute no value. Its text may hold values:
// it is for administrators and the log.
type Problem struct {
	Attribute string
	Err       error
}

// Text says what is wrong, to administrators.
func (p *Problem) Text() string {
	return "The expression gave no value: " + strings.TrimPrefix(p.Err.Error(), expr.ErrEvaluate.Error()+": ")
}

// computed are the attributes, as claims by the pool's names, that the provider's
// expressions make of what it says.
func computed(ctx context.Context, p *userpool.Provider, subject string, c Claims) (Claims, []Problem) {
	if len(p.Settings.Expressions) == 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, maxComputing)
	defer cancel()
	out, problems := Claims{}, []Problem(nil)
	values := map[string]any{"claims": map[string][]string(c), "subject": subject, "provider": p.Name}
	for _, name := range slices.Sorted(maps.Keys(p.Settings.Expressions)) {
		program, err := userpool.ClaimLanguage.Compile(p.Settings.Expressions[name])
		if err == nil {
			out[name], err = program.Texts(ctx, values)
		}
		if err != nil {
			problems = append(problems, Problem{name, err})
		}
	}
	return out.readable(), problems
}

// says reports whether a value is one that the provider itself has said, in any letters:
// an address that an expression put together is nobody's word.
func (c Claims) says(value string) bool {
	for _, values := range c {
		if slices.ContainsFunc(values, func(v string) bool { return strings.EqualFold(v, value) }) {
			return true
		}
	}
	return false
}
