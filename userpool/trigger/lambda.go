package trigger

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/poolhouse/poolhouse/internal/outbound"
	"github.com/poolhouse/poolhouse/userpool"
)

// invocations is the path of the invoke API.
func invocations(name string) string {
	return "/2015-03-31/functions/" + url.PathEscape(name) + "/invocations"
}

// lambda is the way to a function by its name.
func (i *Invoker) lambda(f function, call userpool.Invocation) route {
	address := strings.TrimRight(i.Lambda, "/") + invocations(f.name)
	if f.qualifier != "" {
		address += "?Qualifier=" + url.QueryEscape(f.qualifier)
	}
	header := func(ctx context.Context, body []byte) (http.Header, error) {
		h := invokeHeader(call)
		if i.Key.AccessKeyID == "" {
			return h, nil
		}
		return i.Key.Sign(ctx, address, h, body, "lambda", f.region, i.Now())
	}
	return route{address, header, readLambda}
}

// emulator is the way to the one function of a runtime interface emulator, which
// calls it "function". An address with a path is taken as it is.
func (i *Invoker) emulator(address string, call userpool.Invocation) (route, error) {
	u, err := url.Parse(address)
	if err != nil {
		return route{}, err
	}
	if strings.Trim(u.Path, "/") == "" {
		u.Path = invocations("function")
	}
	header := func(context.Context, []byte) (http.Header, error) { return invokeHeader(call), nil }
	return route{u.String(), header, readLambda}, nil
}

func invokeHeader(call userpool.Invocation) http.Header {
	h := http.Header{"Content-Type": {"application/json"}}
	h.Set("X-Amz-Invocation-Type", "RequestResponse")
	if call.Async {
		h.Set("X-Amz-Invocation-Type", "Event")
	}
	return h
}

// readLambda reads an answer of the invoke API.
func readLambda(a *outbound.Answer) ([]byte, error) {
	if a.Status/100 != 2 {
		return nil, &userpool.InvokeError{Reason: errorCode(a), Err: fmt.Errorf("status %d", a.Status)}
	}
	thrown, ok := readThrown(a.Body)
	if a.Header.Get("X-Amz-Function-Error") != "" || ok {
		return nil, &userpool.FunctionError{Message: thrown}
	}
	return a.Body, nil
}

// readThrown reads what a function threw: an object with an errorMessage and none
// of the members of an event. The runtime interface emulator has no other mark.
func readThrown(body []byte) (message string, ok bool) {
	var thrown struct {
		Message *string         `json:"errorMessage"`
		Source  json.RawMessage `json:"triggerSource"`
		Answer  json.RawMessage `json:"response"`
	}
	if !bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) || json.Unmarshal(body, &thrown) != nil || thrown.Message == nil {
		return "null", false
	}
	return *thrown.Message, thrown.Source == nil && thrown.Answer == nil
}

var codeForm = regexp.MustCompile(`^[A-Za-z]{1,64}$`)

// errorCode is the name of the error that the invoke API answered.
func errorCode(a *outbound.Answer) string {
	code, _, _ := strings.Cut(a.Header.Get("X-Amzn-Errortype"), ":")
	if codeForm.MatchString(code) {
		return code
	}
	switch a.Status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return "AccessDeniedException"
	case http.StatusNotFound:
		return "ResourceNotFoundException"
	case http.StatusTooManyRequests:
		return "TooManyRequestsException"
	}
	return "ServiceException"
}
