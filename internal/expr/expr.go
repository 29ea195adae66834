// Package expr evaluates small expressions that administrators write, in the
// Common Expression Language (CEL): what an app is told of a user, how a user of
// another provider becomes one of ours. An expression is typed, cannot loop
// without end, reaches nothing but the values it is given, and is bounded in
// length, in cost and in time.
package expr

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/ext"
)

// Bounds of an expression. The cost of one is about a unit for each step and for
// each ten characters that a function reads or writes.
const (
	MaxSource = 2048 // characters
	maxNested = 40   // parentheses and the like, one in the other
	maxLoops  = 2    // one in the other
	maxCost   = 20_000
	maxTime   = 500 * time.Millisecond // a backstop: the cost is what is the same on any machine
)

// Errors of this package. An error of Compile tells the author of the expression
// what is wrong with it; one of an evaluation may hold values and is for the log
// and for administrators.
var (
	ErrCompile  = errors.New("expr: not a usable expression")
	ErrEvaluate = errors.New("expr: expression failed")
)

// A Type is the type of a variable.
type Type int

// The types of variables.
const (
	Text        Type = iota // string
	List                    // []string
	TextByName              // map[string]string
	ListsByName             // map[string][]string
)

func (t Type) cel() *cel.Type {
	switch t {
	case List:
		return cel.ListType(cel.StringType)
	case TextByName:
		return cel.MapType(cel.StringType, cel.StringType)
	case ListsByName:
		return cel.MapType(cel.StringType, cel.ListType(cel.StringType))
	}
	return cel.StringType
}

// A Language is the variables that expressions may use, with CEL's standard
// functions and those of its extension for strings and sets.
type Language struct {
	vars map[string]Type
	env  func() (*cel.Env, error)

	mu       sync.Mutex
	programs map[string]*Program
}

// New returns a language. It is made ready on first use.
func New(vars map[string]Type) *Language {
	l := &Language{vars: vars}
	l.env = sync.OnceValues(l.open)
	return l
}

func (l *Language) open() (*cel.Env, error) {
	options := []cel.EnvOption{
		cel.ParserRecursionLimit(maxNested), cel.ParserExpressionSizeLimit(MaxSource),
		cel.OptionalTypes(), ext.Strings(), ext.Sets(),
		cel.ASTValidators(cel.ValidateComprehensionNestingLimit(maxLoops)),
	}
	for name, t := range l.vars {
		options = append(options, cel.Variable(name, t.cel()))
	}
	return cel.NewEnv(options...)
}

// maxPrograms bounds what Compile remembers; past it, it starts afresh.
const maxPrograms = 4096

// Compile checks an expression and makes it ready. The same text is compiled once.
// Its result must be a text, a list of texts, a number, or a yes or no; or an
// optional one of these. Errors match ErrCompile and say where and what.
func (l *Language) Compile(source string) (*Program, error) {
	l.mu.Lock()
	p, ok := l.programs[source]
	l.mu.Unlock()
	if ok {
		return p, nil
	}
	p, err := l.compile(source)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.programs == nil || len(l.programs) >= maxPrograms {
		l.programs = map[string]*Program{}
	}
	l.programs[source] = p
	return p, nil
}

func (l *Language) compile(source string) (*Program, error) {
	if len(source) > MaxSource {
		return nil, fmt.Errorf("%w: it is longer than %d bytes", ErrCompile, MaxSource)
	}
	env, err := l.env()
	if err != nil {
		return nil, err
	}
	ast, issues := env.Compile(source)
	if issues.Err() != nil {
		return nil, fmt.Errorf("%w: %w", ErrCompile, issues.Err())
	}
	if err := check(ast); err != nil {
		return nil, err
	}
	program, err := env.Program(ast, cel.CostLimit(maxCost), cel.InterruptCheckFrequency(100), cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCompile, err)
	}
	return &Program{program: program, uses: variables(ast)}, nil
}

// A Program is an expression that was compiled. It is safe for concurrent use.
type Program struct {
	program cel.Program
	uses    map[string]bool
}

// Uses reports whether the expression reads a variable.
func (p *Program) Uses(variable string) bool { return p.uses[variable] }

// Texts evaluates the expression with a value for each variable of its language.
// A single value is a list of one; an empty text and an absent optional are none.
// Errors match ErrEvaluate.
func (p *Program) Texts(ctx context.Context, values map[string]any) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, maxTime)
	defer cancel()
	out, _, err := p.program.ContextEval(ctx, values)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrEvaluate, err)
	}
	return texts(out)
}

// Text is Texts for an expression that should give one value. None is empty; more
// than one match ErrEvaluate.
func (p *Program) Text(ctx context.Context, values map[string]any) (string, error) {
	all, err := p.Texts(ctx, values)
	switch {
	case err != nil:
		return "", err
	case len(all) > 1:
		return "", fmt.Errorf("%w: %d values where one is wanted", ErrEvaluate, len(all))
	case len(all) == 0:
		return "", nil
	}
	return all[0], nil
}
