package harness

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
)

// A Ledger is what SDK clients received from each operation of a service, so that a
// suite can be held against the service's model: nothing is claimed at its end that no
// client saw. Server.Ledger gives it to the clients of a server.
type Ledger struct {
	model  *serviceModel
	cannot *impossible

	mu       sync.Mutex
	answered map[string]bool            // operations, since the present test began
	works    map[string]bool            // answered in a test of what they are for
	received map[string]map[string]bool // operation to error codes
	asked    map[string]map[string]bool // those of received that a test wanted
}

// NewLedger returns a ledger of a service, by the name of its model.
func NewLedger(t testing.TB, service string) *Ledger {
	t.Helper()
	l := &Ledger{model: new(serviceModel), cannot: new(impossible), answered: map[string]bool{}, works: map[string]bool{},
		received: map[string]map[string]bool{}, asked: map[string]map[string]bool{}}
	readJSON(t, "internal/awsapi/models/"+service+".json", l.model)
	readJSON(t, "conformance/impossible/"+service+".json", l.cannot)
	return l
}

// watch adds the ledger to a client's calls.
func (l *Ledger) watch(conf *aws.Config) {
	if l == nil {
		return
	}
	conf.APIOptions = append(conf.APIOptions, func(s *middleware.Stack) error {
		return s.Initialize.Add(middleware.InitializeMiddlewareFunc("poolhouse ledger", l.step), middleware.After)
	})
}

func (l *Ledger) step(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
	out, meta, err := next.HandleInitialize(ctx, in)
	if awsmiddleware.GetServiceID(ctx) != l.model.ServiceID {
		return out, meta, err
	}
	operation := awsmiddleware.GetOperationName(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	var api smithy.APIError
	switch {
	case err == nil:
		l.answered[operation] = true
	case errors.As(err, &api): // else it did not get as far as the server
		note(l.received, operation, api.ErrorCode())
		err = &entered{err, l, operation}
	}
	return out, meta, err
}

func note(in map[string]map[string]bool, operation, code string) {
	if in[operation] == nil {
		in[operation] = map[string]bool{}
	}
	in[operation][code] = true
}

// An entered error is one that a ledger has.
type entered struct {
	error
	ledger    *Ledger
	operation string
}

func (e *entered) Unwrap() error { return e.error }

// Wanted notes that a test was made to receive an error. What comes on the side of
// something else proves nothing.
func Wanted(err error) {
	var e *entered
	if errors.As(err, &e) {
		e.ledger.mu.Lock()
		defer e.ledger.mu.Unlock()
		note(e.ledger.asked, e.operation, Code(err))
	}
}

// Test is a test of what operations are for: each of those named must be answered in it.
func (l *Ledger) Test(t *testing.T, name, operations string, run func(t *testing.T)) {
	t.Run(name, func(t *testing.T) {
		l.mu.Lock()
		l.answered = map[string]bool{}
		l.mu.Unlock()
		run(t)
		l.mu.Lock()
		defer l.mu.Unlock()
		for _, o := range strings.Fields(operations) {
			if !l.answered[o] {
				t.Errorf("%s was not answered in this test", o)
			}
			l.works[o] = !t.Failed()
		}
	})
}

// Settle holds the ledger against the model: each operation has a test of what it is
// for, each error that it declares was provoked or cannot occur, none is both, and
// nothing came that it does not declare.
func (l *Ledger) Settle(t *testing.T) {
	provoked, reasons := 0, 0
	for _, op := range slices.Sorted(maps.Keys(l.model.Operations)) {
		if !l.works[op] && l.cannot.AlwaysRefused[op] == "" {
			t.Errorf("%s has no test of what it is for", op)
		}
		declared := map[string]bool{}
		for _, e := range l.model.Operations[op].Errors {
			declared[e.Code] = true
			switch why := l.cannot.why(op, e.Code); {
			case why != "" && l.received[op][e.Code]:
				t.Errorf("%s answered %s, which cannot occur: %s", op, e.Code, why)
			case why != "":
				reasons++
			case !l.asked[op][e.Code]:
				t.Errorf("%s was not made to answer %s, and nothing says why it cannot be", op, e.Code)
			default:
				provoked++
			}
		}
		for code := range l.received[op] {
			if !declared[code] && !slices.Contains(l.cannot.Common, code) && l.cannot.Undeclared[op][code] == "" {
				t.Errorf("%s answered %s, which its model does not declare", op, code)
			}
		}
	}
	t.Logf("%d operations, %d declared errors provoked, %d cannot occur", len(l.works), provoked, reasons)
}
