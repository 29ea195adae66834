package awsapi

import (
	"net/http"
	"reflect"
	"strings"

	"github.com/poolhouse/poolhouse/internal/awsapi/models"
)

// A codec is a wire format: how input is read, and answers and errors written.
type codec interface {
	// decode fills in from the request. The error is an *Error.
	decode(x *exchange, in reflect.Value) error
	// answer writes the output of x.op.
	answer(x *exchange, out reflect.Value)
	// fail writes an error.
	fail(x *exchange, e *Error)
	// refusal rewrites an error of signing or permission, named as STS names
	// it, to the form that the format's clients know.
	refusal(e *Error) *Error
}

func codecOf(m *models.Model) codec {
	switch m.Protocol {
	case models.Query:
		return queryCodec{}
	case models.RESTJSON:
		return restCodec{}
	}
	return jsonCodec{}
}

// refusals maps the query names of refusals to those of the JSON services.
var refusals = map[string]string{
	"AccessDenied":               "AccessDeniedException",
	"ExpiredToken":               "ExpiredTokenException",
	"IncompleteSignature":        "IncompleteSignatureException",
	"InvalidClientTokenId":       "UnrecognizedClientException",
	"MissingAuthenticationToken": "MissingAuthenticationTokenException",
	"RequestEntityTooLarge":      "RequestEntityTooLargeException",
	"SignatureDoesNotMatch":      "InvalidSignatureException",
}

// renamed returns e under its JSON name and, if it was a refusal, with status.
func renamed(e *Error, status int) *Error {
	code, ok := refusals[e.Code]
	if !ok {
		return e
	}
	return &Error{Status: status, Code: code, Message: e.Message, RetryAfter: e.RetryAfter, Sealed: e.Sealed}
}

// A jsonCodec is AWS JSON 1.1.
type jsonCodec struct{}

func (jsonCodec) decode(x *exchange, in reflect.Value) error {
	return decodeJSON(x.op.in, x.body, in)
}

func (jsonCodec) answer(x *exchange, out reflect.Value) {
	x.write(http.StatusOK, "application/x-amz-json-1.1", appendJSON(make([]byte, 0, 512), x.op.out, out))
}

func (jsonCodec) fail(x *exchange, e *Error) {
	kind := e.Code
	// Amplify and the iOS SDK expect the colon of the live Cognito services.
	if x.svc != nil && strings.HasPrefix(x.svc.model.Service, "cognito-") {
		kind += ":"
	}
	errorHeaders(x.w.Header(), kind, e)
	b := appendJSONString([]byte(`{"__type":`), e.Code)
	b = appendJSONString(append(b, `,"message":`...), e.text())
	x.write(e.Status, "application/x-amz-json-1.1", append(b, '}'))
}

func (jsonCodec) refusal(e *Error) *Error { return renamed(e, http.StatusBadRequest) }

// errorHeaders sets the headers that clients read before the body.
func errorHeaders(h http.Header, kind string, e *Error) {
	h.Set("X-Amzn-Errortype", kind)
	h.Set("X-Amzn-Errormessage", headerText(e.Message))
}

// headerText makes a message fit for a header: one bounded line of ASCII.
func headerText(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < ' ':
			return ' '
		case r > '~':
			return '?'
		}
		return r
	}, strings.TrimSpace(clipText(s)))
}

// A restCodec is REST-JSON.
type restCodec struct{}

func (restCodec) answer(x *exchange, out reflect.Value) {
	x.write(http.StatusOK, "application/json", appendJSON(make([]byte, 0, 512), x.op.out, out))
}

func (restCodec) fail(x *exchange, e *Error) {
	errorHeaders(x.w.Header(), e.Code, e)
	b := appendJSONString([]byte(`{"message":`), e.text())
	x.write(e.Status, "application/json", append(b, '}'))
}

func (restCodec) refusal(e *Error) *Error {
	switch e.Code {
	case "RequestEntityTooLarge":
		return renamed(e, e.Status)
	case "AccessDenied": // Sync declares a name of its own, and its clients catch that
		return &Error{Status: http.StatusForbidden, Code: "NotAuthorizedException", Message: e.Message, Sealed: e.Sealed}
	}
	return renamed(e, http.StatusForbidden)
}

// A queryCodec is the query protocol with its XML answers.
type queryCodec struct{}

func (queryCodec) decode(x *exchange, in reflect.Value) error {
	return x.form.structure(x.op.in, "", in)
}

func (queryCodec) answer(x *exchange, out reflect.Value) {
	x.write(http.StatusOK, "text/xml", xmlAnswer(x.op, x.call.RequestID, out))
}

func (queryCodec) fail(x *exchange, e *Error) {
	namespace := dispatchNamespace
	if x.op != nil {
		namespace = x.svc.model.XMLNamespace
	}
	x.write(e.Status, "text/xml", xmlError(namespace, x.call.RequestID, e))
}

func (queryCodec) refusal(e *Error) *Error { return e }
