package harness

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
)

// A Ledger writes down what SDK clients were answered, so that a suite can be held
// against the service model. Server.Ledger gives it to the clients of a server.
type Ledger struct {
	mu   sync.Mutex
	seen map[call]map[string]bool // codes; the empty one stands for success
}

type call struct{ service, operation string }

// watch adds the ledger to a client's calls.
func (l *Ledger) watch(conf *aws.Config) {
	if l == nil {
		return
	}
	step := func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
		out, meta, err := next.HandleInitialize(ctx, in)
		var api smithy.APIError
		if err == nil || errors.As(err, &api) { // else it did not get as far as the server
			code := ""
			if api != nil {
				code = api.ErrorCode()
			}
			l.note(call{awsmiddleware.GetServiceID(ctx), awsmiddleware.GetOperationName(ctx)}, code)
		}
		return out, meta, err
	}
	conf.APIOptions = append(conf.APIOptions, func(s *middleware.Stack) error {
		return s.Initialize.Add(middleware.InitializeMiddlewareFunc("poolhouse ledger", step), middleware.After)
	})
}

func (l *Ledger) note(c call, code string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.seen == nil {
		l.seen = map[call]map[string]bool{}
	}
	if l.seen[c] == nil {
		l.seen[c] = map[string]bool{}
	}
	l.seen[c][code] = true
}

// commonErrors are those that any signed operation may answer with.
var commonErrors = []string{"AccessDeniedException", "AccessDenied", "InvalidClientTokenId", "ExpiredToken", "ExpiredTokenException",
	"SignatureDoesNotMatch", "UnrecognizedClientException", "InvalidSignatureException", "MissingAuthenticationTokenException",
	"ValidationError", "InvalidParameterValue", "MalformedInput", "InvalidAction"} // STS declares none of these four

// Settle fails the test unless each operation of a service's model worked once, each
// error that it declares was provoked or has a reason why it cannot be, none has both,
// and nothing came that the model does not declare. cannot returns the reason, else "".
func (l *Ledger) Settle(t testing.TB, service string, cannot func(operation, code string) string) {
	t.Helper()
	var model struct {
		ServiceID  string `json:"serviceId"`
		Operations map[string]struct {
			Errors []struct {
				Code string `json:"code"`
			} `json:"errors"`
		} `json:"operations"`
	}
	raw, err := os.ReadFile(filepath.Join(Root(t), "internal", "awsapi", "models", service+".json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &model); err != nil {
		t.Fatal(err)
	}
	provoked, reasons := 0, 0
	for _, op := range slices.Sorted(maps.Keys(model.Operations)) {
		got := l.seen[call{model.ServiceID, op}]
		if !got[""] {
			t.Errorf("%s never worked", op)
		}
		declared := map[string]bool{"": true}
		for _, e := range model.Operations[op].Errors {
			declared[e.Code] = true
			switch why := cannot(op, e.Code); {
			case got[e.Code] && why != "":
				t.Errorf("%s answered %s, though %s", op, e.Code, why)
			case got[e.Code]:
				provoked++
			case why != "":
				reasons++
			default:
				t.Errorf("%s: %s was not provoked, and nothing says why it cannot be", op, e.Code)
			}
		}
		for code := range got {
			if !declared[code] && !slices.Contains(commonErrors, code) {
				t.Errorf("%s answered %s, which its model does not declare", op, code)
			}
		}
	}
	t.Logf("%s: %d operations, %d declared errors provoked, %d cannot occur", service, len(model.Operations), provoked, reasons)
}
