package awsapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"runtime/debug"
	"strconv"

	"github.com/poolhouse/poolhouse/internal/awsapi/sigv4"
	"github.com/poolhouse/poolhouse/internal/web"
)

// An exchange is one request on its way through the layer.
type exchange struct {
	h     *Handler
	w     http.ResponseWriter
	r     *http.Request
	call  *Call
	codec codec
	token string     // the session token that the caller sent
	svc   *service   // nil until it is known
	op    *operation // nil until it is known
	at    sigv4.Endpoint
	body  []byte
	form  form     // query: the parameters
	path  []string // REST-JSON: the escaped segments
	in    reflect.Value
	out   reflect.Value // of a call that succeeded
	done  bool          // the answer was written
	large bool          // a slot for a large body is held
	event Event
	ctx   context.Context    // of the operation
	keep  func(answer) error // of a call that may be repeated; else nil
}

// ServeHTTP serves one call.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	cors(w.Header())
	if r.Method == http.MethodOptions {
		preflight(w, r)
		return
	}
	if asksNothing(r) {
		http.Redirect(w, r, "/", http.StatusFound)
		return
	}
	x := &exchange{h: h, w: w, r: r, ctx: r.Context(), codec: jsonCodec{}, call: h.newCall(r)}
	defer x.releaseLargeSlot()
	defer x.record()
	defer x.recover()
	if err := x.serve(); err != nil {
		x.fail(err)
	}
}

// newCall describes the request.
func (h *Handler) newCall(r *http.Request) *Call {
	p := peerOf(r)
	return &Call{
		RequestID: newRequestID(), Region: h.cfg.Region, SourceIP: p.IP, SecureTransport: p.TLS, Hop: p.Hop,
		UserAgent: r.UserAgent(), SDKAgent: r.Header.Get("X-Amz-User-Agent"), Time: h.cfg.Now().UTC(),
	}
}

// serve takes the request through its stages. Input is decoded and validated
// only for callers whose signature holds, and permission is asked for a resource
// that is named by validated input.
func (x *exchange) serve() error {
	if err := x.route(); err != nil {
		return err
	}
	if err := x.op.written(); err != nil {
		return err
	}
	if err := x.authenticate(); err != nil {
		return err
	}
	if x.op.stream != nil {
		return x.open()
	}
	in := x.op.fn.newIn()
	v := reflect.ValueOf(in).Elem()
	if err := x.codec.decode(x, v); err != nil {
		return err
	}
	x.in = v
	if text, member := validate(x.op.in, v); text != "" {
		x.event.ErrorText = violated(x.op.in, v)
		return &Error{Status: 400, Code: x.svc.validationCode(member), Message: text}
	}
	ctx := WithCall(x.r.Context(), x.call)
	if err := x.authorize(ctx, in); err != nil {
		return err
	}
	if err := x.limit(ctx, in); err != nil {
		return err
	}
	x.ctx = x.intend(ctx)
	return x.once(ctx, func() error {
		out, err := x.op.fn.serve(x.ctx, in)
		if err != nil {
			return x.domainError(err)
		}
		x.out = reflect.ValueOf(out).Elem()
		x.codec.answer(x, x.out)
		return nil
	})
}

// limit asks whether the call comes too fast. Who has no permission was turned away
// before, so that strangers spend nobody's allowance of signed calls.
func (x *exchange) limit(ctx context.Context, in any) error {
	if x.h.cfg.Limiter == nil {
		return nil
	}
	return x.refused(x.h.cfg.Limiter.Limit(ctx, x.svc.spec.Name, x.op.name, in))
}

// domainError finds the wire form of what an operation returned. An operation
// may ask the authorizer itself, so a refusal is renamed here too.
func (x *exchange) domainError(err error) error {
	if e, ok := x.svc.spec.Errors.Find(err); ok {
		return x.codec.refusal(e)
	}
	return err
}

// validationCode is how the service reports input that breaks its model at member.
func (s *service) validationCode(member string) string {
	if code := s.spec.Violations[member]; code != "" {
		return code
	}
	switch s.model.Service {
	case "sts", "iam":
		return "ValidationError"
	case "cognito-idp", "cognito-identity", "cognito-sync", "poolhouse":
		return "InvalidParameterException"
	}
	return "ValidationException"
}

// fail answers an error. Whatever is not an *Error is unexpected: it is logged,
// and the client learns only the request id.
func (x *exchange) fail(err error) {
	var e *Error
	switch {
	case errors.Is(err, errTooLarge):
		x.w.Header().Set("Connection", "close") // the rest of the body is not read
		e = x.codec.refusal(&Error{Status: 413, Code: "RequestEntityTooLarge", Message: "The request body is too large."})
		e.Status = http.StatusRequestEntityTooLarge
	case errors.As(err, &e):
	case errors.Is(err, context.Canceled) && x.r.Context().Err() != nil:
		e = x.internal() // nobody is there to read it
	default:
		x.h.cfg.Log.Error("aws call failed", "service", x.call.Service, "operation", x.call.Operation,
			"request_id", x.call.RequestID, "error", err)
		e = x.internal()
	}
	if e.Status < 400 || e.Code == "" {
		x.h.cfg.Log.Error("aws error without code or status", "operation", x.call.Operation, "error", e)
		e = x.internal()
	}
	if x.event.ErrorCode = e.Code; x.event.ErrorText == "" {
		x.event.ErrorText = e.Message
	}
	if e.RetryAfter > 0 {
		web.RetryAfter(x.w.Header(), e.RetryAfter)
	}
	x.codec.fail(x, e)
}

func (x *exchange) internal() *Error {
	code := "InternalFailure"
	if x.svc != nil {
		code = x.svc.internal
	}
	return &Error{Status: 500, Code: code, Message: "An internal error occurred. Request id: " + x.call.RequestID}
}

// recover turns a panic into an internal error. If the answer had begun, the
// connection is dropped, so that no half answer looks whole.
func (x *exchange) recover() {
	p := recover()
	if p == nil {
		return
	}
	if x.done || p == http.ErrAbortHandler {
		panic(p)
	}
	x.fail(fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
}

// write sends a whole answer.
func (x *exchange) write(status int, contentType string, body []byte) {
	if x.keep != nil && status < 300 { // before it goes out: the next attempt may be here at once
		if err := x.keep(answer{status, contentType, body}); err != nil {
			x.h.cfg.Log.Error("an answer is not kept for another attempt", "operation", x.op.name, "error", err)
		}
	}
	x.done = true
	x.event.Status = status
	h := x.w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("X-Amzn-Requestid", x.call.RequestID)
	if x.svc != nil && x.svc.model.Service == "sts" {
		h.Set("X-Amz-Sts-Extended-Request-Id", x.call.RequestID)
	}
	h.Set("Cache-Control", "no-store") // answers hold tokens and credentials
	h.Set("X-Content-Type-Options", "nosniff")
	x.w.WriteHeader(status)
	_, _ = x.w.Write(body) // the client is gone: nothing to tell it
}
