package awsgo_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// A ledger is what the clients of one run received from each operation of IAM.
// Nothing is claimed at its end that no client saw.
type ledger struct {
	mu       sync.Mutex
	answered map[string]bool            // since the present test began
	works    map[string]bool            // answered in a test of what they are for
	received map[string]map[string]bool // operation to error codes
	refused  map[string]map[string]bool // those of received that a test asked for
}

func newLedger() *ledger {
	return &ledger{works: map[string]bool{}, received: map[string]map[string]bool{}, refused: map[string]map[string]bool{}}
}

// client returns a client of IAM whose answers are noted.
func (l *ledger) client(s *harness.Server, id, secret, token string) *iam.Client {
	return iam.New(iam.Options{Region: harness.Region, BaseEndpoint: aws.String(s.URL), HTTPClient: s.HTTP,
		Credentials: credentials.NewStaticCredentialsProvider(id, secret, token),
		APIOptions: []func(*middleware.Stack) error{func(stack *middleware.Stack) error {
			return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("ledger", l.watch), middleware.After)
		}}})
}

func (l *ledger) watch(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
	out, meta, err := next.HandleInitialize(ctx, in)
	l.mu.Lock()
	defer l.mu.Unlock()
	operation := awsmiddleware.GetOperationName(ctx)
	if err == nil {
		l.answered[operation] = true
	} else {
		note(l.received, operation, harness.Code(err))
	}
	return out, meta, err
}

func note(in map[string]map[string]bool, operation, code string) {
	if in[operation] == nil {
		in[operation] = map[string]bool{}
	}
	in[operation][code] = true
}

// test is a test of what operations are for: each of those named must have been
// answered in it.
func (l *ledger) test(t *testing.T, name, operations string, run func(t *testing.T)) {
	t.Run(name, func(t *testing.T) {
		l.answered = map[string]bool{}
		run(t)
		for _, o := range strings.Fields(operations) {
			if !l.answered[o] {
				t.Errorf("%s was not answered in this test", o)
			}
			l.works[o] = !t.Failed()
		}
	})
}

// A refusal is a call that failed, and how it should have.
type refusal struct {
	code, text string
	err        error
}

// failed is the error of a call.
func failed[T any](_ T, err error) error { return err }

// refusals checks calls that must have failed, each with its code and text.
func (l *ledger) refusals(t *testing.T, list []refusal) {
	t.Helper()
	for i, r := range list {
		var op *smithy.OperationError
		var api smithy.APIError
		if !errors.As(r.err, &op) || !errors.As(r.err, &api) || api.ErrorCode() != r.code || r.text != "" && api.ErrorMessage() != r.text {
			t.Errorf("%d: got %v, want %s: %s", i, r.err, r.code, r.text)
			continue
		}
		note(l.refused, op.OperationName, r.code)
	}
}

// An iamModel is what counts here of the service's model.
type iamModel struct {
	Operations map[string]struct {
		Group  string
		Errors []struct{ Code string }
	}
}

func readModel(t *testing.T) (m iamModel) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(harness.Root(t), "internal/awsapi/models/iam.json"))
	must(t, err)
	must(t, json.Unmarshal(raw, &m))
	return m
}

// check holds the ledger against the model: each operation has a test of what it is
// for, each error that it declares was provoked or cannot occur, and nothing came
// that it does not declare.
func (l *ledger) check(t *testing.T) {
	m, cannotOccur := readModel(t), readImpossible(t)
	provoked, cannot := 0, 0
	for name, op := range m.Operations {
		if op.Group == "simulation" { // of the policy language, with tests of their own
			continue
		}
		if !l.works[name] && cannotOccur.AlwaysRefused[name] == "" {
			t.Errorf("%s has no test of what it is for", name)
		}
		declared := map[string]bool{}
		for _, e := range op.Errors {
			declared[e.Code] = true
			why := cannotOccur.why(name, e.Code)
			switch {
			case why != "" && l.received[name][e.Code]:
				t.Errorf("%s answered %s, which cannot occur: %s", name, e.Code, why)
			case why != "":
				cannot++
			case !l.refused[name][e.Code]:
				t.Errorf("%s was not made to answer %s", name, e.Code)
			default:
				provoked++
			}
		}
		for code := range l.received[name] {
			if !declared[code] && !slices.Contains(cannotOccur.Common, code) && cannotOccur.Undeclared[name][code] == "" {
				t.Errorf("%s answered %s, which its model does not declare", name, code)
			}
		}
	}
	t.Logf("%d operations, %d errors provoked, %d cannot occur", len(l.works), provoked, cannot)
}
