// Package trigger runs the functions of user pools: by the invoke API of AWS
// Lambda, which local emulators speak too, or by signed calls over HTTPS.
package trigger

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/poolhouse/poolhouse/internal/outbound"
	"github.com/poolhouse/poolhouse/userpool"
)

// The limits of a call. The sign-in that waits for a function waits 15 s at most.
const (
	tryTime   = 5 * time.Second
	maxTries  = 3
	maxAnswer = 1 << 20 // bytes, where Answer does not say otherwise
	maxCalls  = 256     // at a time: functions that hang must not hold everything up
)

// An Invoker runs functions. A function that it has no way to is an InvokeError. Use
// it by pointer.
type Invoker struct {
	// Lambda is an endpoint of the invoke API, where functions are found by their
	// names; empty for none.
	Lambda string
	Key    outbound.Key // signs calls to Lambda; unsigned where empty
	// Emulators are addresses of runtime interface emulators, which run one
	// function each, and Webhooks those of programs that stand in for functions. Keys
	// are names or ARNs of functions.
	Emulators, Webhooks map[string]string
	Secret              []byte // signs webhooks; of webhook.ParseSecret

	Client *outbound.Client
	Now    func() time.Time
	Try    time.Duration // limit of a try; 5 s where zero
	Calls  int64         // limit of calls at a time; 256 where zero
	Answer int           // limit of an answer in bytes; 1 MB where zero

	running atomic.Int64
}

var _ userpool.Invoker = (*Invoker)(nil)

// A route is a way to a function.
type route struct {
	address string
	header  func(ctx context.Context, body []byte) (http.Header, error)
	read    func(*outbound.Answer) ([]byte, error)
}

// Invoke implements userpool.Invoker.
func (i *Invoker) Invoke(ctx context.Context, call userpool.Invocation) ([]byte, error) {
	r, err := i.route(call)
	if err != nil {
		return nil, err
	}
	defer i.running.Add(-1)
	if i.running.Add(1) > cmp.Or(i.Calls, maxCalls) {
		return nil, &userpool.InvokeError{Reason: "TooManyRequestsException"}
	}
	header, err := r.header(ctx, call.Event)
	if err != nil {
		return nil, err
	}
	a, err := i.tries(ctx, r.address, header, call)
	if err != nil {
		return nil, err
	}
	return r.read(a)
}

// route finds the way to a function: what is named for it before what is there for
// all.
func (i *Invoker) route(call userpool.Invocation) (route, error) {
	f := parseFunction(call.Function)
	if address, ok := f.find(i.Webhooks); ok {
		return i.webhook(address), nil
	}
	if address, ok := f.find(i.Emulators); ok {
		return i.emulator(address, call)
	}
	if i.Lambda != "" {
		return i.lambda(f, call), nil
	}
	return route{}, &userpool.InvokeError{Reason: "EndpointNotConfigured"}
}

// tries calls until there is an answer, whatever it says. Only timeouts and failed
// connections are worth another try: a function that failed has run. One that nobody
// waits for may run on after a timeout, and would send its message again.
func (i *Invoker) tries(ctx context.Context, address string, header http.Header, call userpool.Invocation) (*outbound.Answer, error) {
	var last error
	for range maxTries {
		a, err := i.try(ctx, address, header, call.Event)
		switch {
		case err == nil:
			return a, nil
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case errors.Is(err, outbound.ErrForbidden):
			return nil, &userpool.InvokeError{Reason: "EndpointNotAllowed", Err: withoutAddress(err)}
		case errors.Is(err, outbound.ErrTooLarge):
			return nil, &userpool.InvokeError{Reason: "ResponseSizeTooLarge", Err: err}
		}
		if last = err; call.Async && isTimeout(err) {
			break
		}
	}
	if isTimeout(last) {
		return nil, &userpool.InvokeError{Reason: userpool.ReasonTimeout, Err: withoutAddress(last)}
	}
	return nil, &userpool.InvokeError{Reason: "ServiceException", Err: withoutAddress(last)}
}

func (i *Invoker) try(ctx context.Context, address string, header http.Header, body []byte) (*outbound.Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(i.Try, tryTime))
	defer cancel()
	return i.Client.Call(ctx, address, header.Clone(), body, cmp.Or(i.Answer, maxAnswer))
}

func isTimeout(err error) bool {
	var slow interface{ Timeout() bool }
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &slow) && slow.Timeout()
}

// withoutAddress leaves out of a failed call's error where it went: the address may
// hold a token.
func withoutAddress(err error) error {
	var failed *url.Error
	if errors.As(err, &failed) {
		return failed.Err
	}
	return err
}
