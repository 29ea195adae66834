package awsapi

import (
	"bytes"
	"errors"
	"mime"
	"net/http"
	"strings"

	"github.com/poolhouse/poolhouse/internal/awsapi/models"
	"github.com/poolhouse/poolhouse/internal/awsapi/sigv4"
)

// Matches says whether r is an AWS API call: POST / and OPTIONS /, GET / with an
// Action, and everything below /identitypools. The server must ask before any
// router that cleans paths, because signatures cover the path as it was sent.
func (h *Handler) Matches(r *http.Request) bool {
	path := r.URL.EscapedPath()
	if path == restRoot || strings.HasPrefix(path, restRoot+"/") {
		return true
	}
	if path != "/" && path != "" {
		return false
	}
	switch r.Method {
	case http.MethodPost, http.MethodOptions:
		return true
	case http.MethodGet:
		return strings.Contains(r.URL.RawQuery, "Action=")
	}
	return false
}

// route finds the operation and reads the body. On an error as much of x is
// filled as is known, so that the error can be written in the right format.
func (x *exchange) route() error {
	if path := x.r.URL.EscapedPath(); strings.HasPrefix(path, restRoot) {
		return x.routeREST(path)
	}
	if target, ok := x.r.Header["X-Amz-Target"]; ok {
		return x.routeTarget(target)
	}
	media, _, _ := mime.ParseMediaType(x.r.Header.Get("Content-Type"))
	if x.r.Method == http.MethodGet || media == "application/x-www-form-urlencoded" {
		return x.routeQuery()
	}
	return &Error{Status: 400, Code: "UnknownOperationException",
		Message: "The request names no operation: neither X-Amz-Target nor a form with an Action was sent."}
}

func (x *exchange) routeREST(path string) error {
	x.codec, x.path = restCodec{}, segments(path)
	for _, s := range x.h.rest {
		for _, op := range s.streams {
			if op.matches(x.r.Method, x.path) {
				x.found(op)
				return x.read(op.limit)
			}
		}
		for i := range s.model.Operations {
			op := s.ops[s.model.Operations[i].Name]
			if op.matches(x.r.Method, x.path) {
				x.found(op)
				return x.read(op.limit)
			}
		}
	}
	return &Error{Status: 404, Code: "UnknownOperationException", Message: "No operation has this method and path."}
}

func (x *exchange) routeTarget(target []string) error {
	unknown := &Error{Status: 400, Code: "UnknownOperationException"}
	if len(target) != 1 || x.r.Method != http.MethodPost {
		unknown.Message = "The request must be a POST with one X-Amz-Target."
		return unknown
	}
	dot := strings.LastIndexByte(target[0], '.')
	if dot < 0 {
		unknown.Message = "X-Amz-Target must have the form Service.Operation."
		return unknown
	}
	s := x.h.targets[target[0][:dot]]
	if s == nil {
		unknown.Message = "No service has this X-Amz-Target."
		return unknown
	}
	x.svc, x.codec = s, s.codec
	op := s.ops[target[0][dot+1:]]
	if op == nil {
		unknown.Message = "Unknown operation " + clipRunes(target[0][dot+1:], 100) + " of " + s.model.FullName + "."
		return unknown
	}
	x.found(op)
	return x.read(op.limit)
}

// routeQuery reads the parameters, which name the operation.
func (x *exchange) routeQuery() error {
	x.codec = queryCodec{}
	raw := x.r.URL.RawQuery
	if x.r.Method == http.MethodPost {
		if err := x.readForm(); err != nil {
			return err
		}
		raw = string(x.body)
	} else if err := x.read(defaultLimit); err != nil {
		return err
	}
	f, err := parseForm(raw)
	if err != nil {
		return err
	}
	x.form = f
	action, _ := f.get("Action")
	version, _ := f.get("Version")
	if action == "" {
		return &Error{Status: 400, Code: "MissingAction", Message: "The request is missing an action or a required parameter."}
	}
	op := x.h.action(x.r, action, version)
	if op == nil {
		return &Error{Status: 400, Code: "InvalidAction",
			Message: "Could not find operation " + clipRunes(action, 100) + " for version " + clipRunes(version, 20)}
	}
	x.found(op)
	if int64(len(x.body)) > op.limit {
		return errTooLarge
	}
	return nil
}

// readForm reads a form. Beyond the default limit it goes on only where the
// part that was read names an operation that may be larger.
func (x *exchange) readForm() error {
	err := x.read(defaultLimit)
	if !errors.Is(err, errTooLarge) {
		return err
	}
	for pair := range bytes.SplitSeq(x.body, []byte("&")) {
		if action, ok := bytes.CutPrefix(pair, []byte("Action=")); ok {
			for _, s := range x.h.versions {
				if op := s.ops[string(action)]; op != nil && op.limit > defaultLimit {
					return x.read(op.limit)
				}
			}
		}
	}
	return err
}

// action finds a query operation: by version, or without one by the service in
// the credential scope, or by its name alone.
func (h *Handler) action(r *http.Request, name, version string) *operation {
	if version != "" {
		if s := h.versions[version]; s != nil {
			return s.ops[name]
		}
		return nil
	}
	if s := h.services[sigv4.ScopeService(r)]; s != nil && s.model.Protocol == models.Query {
		return s.ops[name]
	}
	for _, service := range []string{"sts", "iam"} {
		if op := h.services[service].ops[name]; op != nil {
			return op
		}
	}
	return nil
}

// found notes the operation.
func (x *exchange) found(op *operation) {
	x.op, x.svc, x.codec = op, op.svc, op.svc.codec
	x.call.Service, x.call.Operation = op.svc.model.SigningName, op.name
	x.locate()
}

// read reads the body up to limit, going on from what was read before.
func (x *exchange) read(limit int64) (err error) {
	if x.r.Body == nil {
		return nil
	}
	if x.r.ContentLength > largeLimit {
		return errTooLarge
	}
	x.body, err = readBody(x.r, x.body, min(limit, defaultLimit))
	if errors.Is(err, errTooLarge) && limit > defaultLimit && x.takeLargeSlot() {
		x.body, err = readBody(x.r, x.body, limit)
	}
	if err != nil && !errors.Is(err, errTooLarge) {
		return &Error{Status: 400, Code: "RequestTimeout", Message: "The request body could not be read."}
	}
	return err
}

// takeLargeSlot waits for its turn to hold a large body. It is false where the
// client left meanwhile.
func (x *exchange) takeLargeSlot() bool {
	if x.large {
		return true
	}
	select {
	case x.h.large <- struct{}{}:
		x.large = true
	case <-x.r.Context().Done():
	}
	return x.large
}

// releaseLargeSlot ends the turn.
func (x *exchange) releaseLargeSlot() {
	if x.large {
		<-x.h.large
	}
}

// written says whether the operation is there to be served.
func (o *operation) written() error {
	if o.fn != nil {
		return nil
	}
	return &Error{Status: 501, Code: "NotImplementedException",
		Message: "The operation " + o.name + " of " + o.svc.model.FullName + " is not implemented."}
}
