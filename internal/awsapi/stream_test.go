package awsapi_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsapi"
)

// A streamer is a service with a stream, and who may open it.
type streamer struct {
	t       *testing.T
	done    []string // what happened, in order
	planned awsapi.StreamInput
	grant   *awsapi.Grant
	refuse  error // by the plan
	keyErr  error
	denied  map[string]error // by resource
	events  []awsapi.Event
}

func (s *streamer) note(what string) { s.done = append(s.done, what) }

func (s *streamer) Credential(context.Context, string, string) (string, *awsapi.Caller, error) {
	if s.keyErr != nil {
		return "", nil, s.keyErr
	}
	return secret, &awsapi.Caller{AccountID: "000000000000", AccessKeyID: keyID, Expires: now.Add(time.Hour)}, nil
}

func (s *streamer) Authorize(ctx context.Context, c *awsapi.Caller, action, resource string, keys map[string][]string) error {
	if c == nil || awsapi.FromContext(ctx).Caller != c || len(keys["aws:SourceIp"]) != 1 || len(keys["aws:CurrentTime"]) != 1 {
		s.t.Errorf("asked without caller or request: %v %v", c, keys)
	}
	s.note(action + " " + resource)
	return s.denied[resource]
}

func (s *streamer) Intend(ctx context.Context, _ func() awsapi.Event) context.Context { return ctx }

func (s *streamer) Record(_ context.Context, e awsapi.Event) {
	s.note("recorded")
	s.events = append(s.events, e)
}

func (s *streamer) plan(_ context.Context, in awsapi.StreamInput) (*awsapi.StreamPlan, error) {
	s.note("planned")
	s.planned = in
	return &awsapi.StreamPlan{Resources: []string{"arn:a", "arn:b"}, Params: "asked", Open: s.open}, s.refuse
}

func (s *streamer) open(_ context.Context, g *awsapi.Grant) (http.HandlerFunc, error) {
	s.note("opened")
	s.grant = g
	return func(w http.ResponseWriter, _ *http.Request) {
		s.note("served")
		_, _ = io.WriteString(w, "stream")
	}, nil
}

// get sends a request, signed unless told otherwise.
func (s *streamer) get(method, path, body string, signed bool) *httptest.ResponseRecorder {
	s.t.Helper()
	h, err := awsapi.NewHandler(awsapi.Config{Credentials: s, Authorizer: s, Audit: s, Region: "us-east-1", Now: func() time.Time { return now },
		Services: []awsapi.Service{{Name: "cognito-sync", Errors: awsapi.ErrorTable{{Is: errNotThere, Status: 404, Code: "ResourceNotFoundException", Message: "not there"}},
			Streams: []awsapi.Stream{{Name: "Watch", Action: "ListRecords", Path: "/identitypools/{Pool}/watch", Plan: s.plan}}}}})
	if err != nil {
		s.t.Fatal(err)
	}
	s.done, s.events = nil, nil
	q := request{method: method, url: path, body: body}
	if signed {
		q.service = "cognito-sync"
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, q.build(s.t))
	return w
}

func TestStream(t *testing.T) {
	s := &streamer{t: t}
	w := s.get("GET", "/identitypools/us-east-1%3Aab%2Fc/watch?name=%C3%BC&name=b", "", true)
	if w.Code != 200 || w.Body.String() != "stream" || w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("X-Amzn-Requestid") == "" ||
		w.Header().Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	if want := []string{"planned", "cognito-sync:ListRecords arn:a", "cognito-sync:ListRecords arn:b", "opened", "recorded", "served"}; !slices.Equal(s.done, want) {
		t.Errorf("%q", s.done)
	}
	if in := s.planned; in.Labels["Pool"] != "us-east-1:ab/c" || len(in.Query) != 2 || in.Query[0].Value != "ü" || in.Query[1].Value != "b" {
		t.Errorf("planned from %+v", in)
	}
	if e := s.events[0]; e.Call.Operation != "Watch" || !e.ReadOnly || e.Status != 200 || e.Params != "asked" || len(e.Resources) != 2 || e.ErrorCode != "" {
		t.Errorf("recorded %+v", e)
	}
}

func TestStreamIsRefused(t *testing.T) {
	refused := &awsapi.Error{Status: 403, Code: "AccessDenied", Message: "no"}
	for name, c := range map[string]struct {
		method, path, body string
		signed             bool
		s                  streamer
		status             int
		code               string
		done               []string
	}{
		"not signed":      {method: "GET", path: "/identitypools/p/watch", status: 403, code: "MissingAuthenticationTokenException"},
		"a body":          {method: "GET", path: "/identitypools/p/watch", body: "x", signed: true, status: 413, code: "RequestEntityTooLargeException"},
		"another method":  {method: "POST", path: "/identitypools/p/watch", signed: true, status: 404, code: "UnknownOperationException"},
		"no label":        {method: "GET", path: "/identitypools//watch", signed: true, status: 404, code: "UnknownOperationException"},
		"a bad label":     {method: "GET", path: "/identitypools/%ff/watch", signed: true, status: 400, code: "SerializationException"},
		"a bad query":     {method: "GET", path: "/identitypools/p/watch?a=%ff", signed: true, status: 400, code: "SerializationException"},
		"by the plan":     {method: "GET", path: "/identitypools/p/watch", signed: true, s: streamer{refuse: errNotThere}, status: 404, code: "ResourceNotFoundException", done: []string{"planned"}},
		"an error inside": {method: "GET", path: "/identitypools/p/watch", signed: true, s: streamer{refuse: errOops}, status: 500, code: "InternalErrorException", done: []string{"planned"}},
		"by a policy": {method: "GET", path: "/identitypools/p/watch", signed: true, s: streamer{denied: map[string]error{"arn:b": refused}}, status: 403, code: "NotAuthorizedException",
			done: []string{"planned", "cognito-sync:ListRecords arn:a", "cognito-sync:ListRecords arn:b"}},
	} {
		c.s.t = t
		w := c.s.get(c.method, c.path, c.body, c.signed)
		if code := w.Header().Get("x-amzn-ErrorType"); w.Code != c.status || code != c.code {
			t.Errorf("%s: %d %s, want %d %s", name, w.Code, code, c.status, c.code)
		}
		if strings.Contains(w.Body.String(), "secret things") {
			t.Errorf("%s: %s", name, w.Body)
		}
		if done := slices.DeleteFunc(c.s.done, func(what string) bool { return what == "recorded" }); !slices.Equal(done, c.done) {
			t.Errorf("%s: %q", name, done)
		}
	}
}

// A grant asks for everything again, as it is by then.
func TestGrant(t *testing.T) {
	s := &streamer{t: t}
	s.get("GET", "/identitypools/p/watch", "", true)
	if !s.grant.Expires.Equal(now.Add(time.Hour)) {
		t.Errorf("expires %v", s.grant.Expires)
	}
	refused := &awsapi.Error{Status: 403, Code: "AccessDenied", Message: "no"}
	for name, c := range map[string]struct {
		keyErr error
		denied map[string]error
		holds  bool
		err    error
	}{
		"still":             {holds: true},
		"the key is gone":   {keyErr: refused},
		"the policy is new": {denied: map[string]error{"arn:b": refused}},
		"who knows":         {keyErr: errOops, err: errOops},
		"who knows that":    {denied: map[string]error{"arn:a": errOops}, err: errOops},
	} {
		s.keyErr, s.denied = c.keyErr, c.denied
		if holds, err := s.grant.Holds(t.Context()); holds != c.holds || !errors.Is(err, c.err) {
			t.Errorf("%s: %t, %v", name, holds, err)
		}
	}
}
