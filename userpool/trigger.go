package userpool

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
)

// Triggers runs the functions that a pool's LambdaConfig names. A nil *Triggers,
// and a pool without that trigger, do nothing.
//
// A function that fails stops the operation that called it, with Cognito's errors:
// ErrUserLambda where the function itself refused, ErrUnexpectedLambda where it
// could not be run, ErrInvalidLambdaResponse where its answer makes no sense. What
// the operation had done by then stays done.
type Triggers struct {
	Invoker Invoker
	Codes   CodeSealer // for custom senders
	Region  string     // of the events
	Log     *slog.Logger
}

// An Invoker runs functions. It keeps to the limits of a call, five seconds a try
// and three tries, itself.
type Invoker interface {
	// Invoke returns what the function answered; of an Async call nothing. An
	// error is a *FunctionError where the function failed, an *InvokeError where
	// it did not run, or any other for the log.
	Invoke(ctx context.Context, call Invocation) (answer []byte, err error)
}

// An Invocation is one call of a function.
type Invocation struct {
	Pool     PoolID
	Trigger  string // the name in LambdaConfig
	Function string // ARN
	Event    []byte // JSON
	Async    bool   // nobody waits for the answer
}

// A FunctionError is what a function threw. Its text is shown to the client: that
// is how a function says why.
type FunctionError struct{ Message string }

func (e *FunctionError) Error() string { return "function failed: " + e.Message }

// An InvokeError is a function that did not run.
type InvokeError struct {
	Reason string // for the client, for instance AccessDeniedException
	Err    error  // for the log
}

func (e *InvokeError) Error() string {
	if e.Err == nil {
		return e.Reason
	}
	return e.Reason + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *InvokeError) Unwrap() error { return e.Err }

// ReasonTimeout is the reason of an InvokeError after the last try.
const ReasonTimeout = "Socket timeout while invoking Lambda function"

var errLambdaOutput = Fail(ErrInvalidLambdaResponse, "Unrecognizable lambda output")

// run calls a trigger's function with an event and decodes the response of its
// answer into response, which before that is what the event offers to fill in. It
// reports false where the pool has no such trigger.
func (t *Triggers) run(ctx context.Context, p *Pool, name string, e triggerEvent, response any) (bool, error) {
	f, ok := p.Triggers[name]
	if t == nil || !ok {
		return false, nil
	}
	e.Response = response
	answer, err := t.invoke(ctx, p, name, f, e, false)
	if err != nil {
		return true, t.failed(ctx, p, name, f, err)
	}
	if err := readAnswer(answer, response); err != nil {
		t.Log.WarnContext(ctx, "trigger answered nonsense", "pool", p.ID, "trigger", name, "function", f.ARN, "error", err)
		return true, errLambdaOutput
	}
	return true, nil
}

// start starts a function that nobody waits for.
func (t *Triggers) start(ctx context.Context, p *Pool, name string, f Function, e triggerEvent) error {
	e.Response = none{}
	_, err := t.invoke(ctx, p, name, f, e, true)
	return err
}

func (t *Triggers) invoke(ctx context.Context, p *Pool, name string, f Function, e triggerEvent, async bool) ([]byte, error) {
	if t.Invoker == nil {
		return nil, &InvokeError{Reason: "EndpointNotConfigured"}
	}
	e.complete(ctx, t.Region, p)
	body, err := json.Marshal(e)
	if err != nil {
		return nil, err
	}
	return t.Invoker.Invoke(ctx, Invocation{Pool: p.ID, Trigger: name, Function: f.ARN, Event: body, Async: async})
}

// failed gives the failure of a trigger the text that Cognito has for it.
func (t *Triggers) failed(ctx context.Context, p *Pool, name string, f Function, err error) error {
	if ctx.Err() != nil {
		return ctx.Err() // the client went away
	}
	t.Log.WarnContext(ctx, "trigger failed", "pool", p.ID, "trigger", name, "function", f.ARN, "error", err)
	var thrown *FunctionError
	var unrun *InvokeError
	switch {
	case errors.As(err, &thrown):
		return Fail(ErrUserLambda, name+" failed with error "+cut(thrown.Message)+".")
	case errors.As(err, &unrun):
		return Fail(ErrUnexpectedLambda, name+" invocation failed due to error "+unrun.Reason+".")
	}
	return Fail(ErrUnexpectedLambda, name+" invocation failed due to error ServiceException.")
}

// maxThrown is the longest text of a function that is passed on, in bytes.
const maxThrown = 2000

// cut shortens a text to maxThrown and makes it valid.
func cut(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), maxThrown)], "")
}

// readAnswer decodes the response member of a function's answer; nothing else of
// the answer counts. A function without an opinion may leave response out.
func readAnswer(answer []byte, response any) error {
	var out struct {
		Response json.RawMessage `json:"response"`
	}
	answer = bytes.TrimSpace(answer)
	if len(answer) == 0 || answer[0] != '{' {
		return errors.New("not an object")
	}
	if err := json.Unmarshal(answer, &out); err != nil {
		return err
	}
	if response == nil || len(out.Response) == 0 {
		return nil
	}
	return json.Unmarshal(out.Response, response)
}
