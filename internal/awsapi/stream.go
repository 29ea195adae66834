package awsapi

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsapi/models"
	"github.com/poolhouse/poolhouse/internal/awsapi/sigv4"
)

// A Stream is an endpoint of ours beside the operations of a REST-JSON service: a
// GET whose answer lasts as long as the client stays. It is signed, authorised and
// recorded like an operation; its record is written when it opens.
type Stream struct {
	Name   string // in the audit log
	Action string // operation of the service that the caller needs permission for
	Path   string // template, as the paths of a model

	// Plan reads what is asked for. It sees the Call in its context.
	Plan func(ctx context.Context, in StreamInput) (*StreamPlan, error)
}

// A StreamInput is a request for a stream. Its texts may be parts of the request as
// it came: what a stream keeps of them for long it copies.
type StreamInput struct {
	Labels map[string]string // of the path, decoded
	Query  []sigv4.Param     // with the parameters of a presigned request
	Header http.Header
}

// A StreamPlan is what a request for a stream came to.
type StreamPlan struct {
	Resources []string // ARNs that the caller needs permission for
	Params    any      // for the audit log

	// Open takes what the stream needs, once permission was given, and returns
	// what answers the request. That may hijack the connection and return.
	Open func(ctx context.Context, g *Grant) (http.HandlerFunc, error)
}

// addStreams makes operations of the streams of a service.
func (s *service) addStreams() {
	for i := range s.spec.Streams {
		st := &s.spec.Streams[i]
		s.streams = append(s.streams, &operation{name: st.Name, svc: s, stream: st, reads: true, path: segments(st.Path),
			model: &models.Operation{Name: st.Name, Method: http.MethodGet, URI: st.Path}, fn: &Op{Name: st.Name, Auth: SigV4}})
	}
}

// open serves a stream whose signature holds.
func (x *exchange) open() error {
	st, ctx := x.op.stream, WithCall(x.r.Context(), x.call)
	in, err := x.streamInput()
	if err != nil {
		return err
	}
	plan, err := st.Plan(ctx, in)
	if err != nil {
		return x.domainError(err)
	}
	x.event.Params, x.event.Resources = plan.Params, plan.Resources
	g := x.grant(plan.Resources)
	if err := g.authorize(ctx, x.call); err != nil {
		return x.refused(err)
	}
	if err := x.limit(ctx, nil); err != nil {
		return err
	}
	serve, err := plan.Open(ctx, g)
	if err != nil {
		return x.domainError(err)
	}
	x.w.Header().Set("X-Amzn-Requestid", x.call.RequestID)
	x.w.Header().Set("Cache-Control", "no-store")
	x.w.Header().Set("X-Content-Type-Options", "nosniff")
	x.done, x.event.Status = true, http.StatusOK
	x.record()
	x.event.Status = 0 // it is recorded
	serve(x.w, x.r)
	return nil
}

func (x *exchange) streamInput() (in StreamInput, err error) {
	in = StreamInput{Labels: map[string]string{}, Header: x.r.Header}
	for i, want := range x.op.path {
		if !isLabel(want) {
			continue
		}
		text, err := url.PathUnescape(x.path[i])
		if err != nil || !isText(text) {
			return in, serialization("The path is malformed.")
		}
		in.Labels[want[1:len(want)-1]] = text
	}
	if in.Query, err = sigv4.SplitQuery(x.r.URL.RawQuery); err != nil {
		return in, serialization("The query string is malformed.")
	}
	for _, p := range in.Query {
		if !isText(p.Value) {
			return in, serialization("The query string is malformed.")
		}
	}
	return in, nil
}

// A Grant is the permission that a stream was opened with. It can be asked for
// again, since roles, policies and sessions change while a stream lasts.
type Grant struct {
	Expires time.Time // when the credentials end, zero for a long-term key

	h         *Handler
	call      Call // without its caller
	accessKey string
	token     string
	action    string
	referer   string
	resources []string
}

func (x *exchange) grant(resources []string) *Grant {
	g := &Grant{Expires: x.call.Caller.Expires, h: x.h, call: *x.call, accessKey: strings.Clone(x.call.Caller.AccessKeyID), token: strings.Clone(x.token),
		action: x.svc.model.SigningName + ":" + x.op.stream.Action, referer: x.r.Referer(), resources: resources}
	g.call.Caller, g.call.Notes = nil, Notes{}
	for _, text := range []*string{&g.call.Region, &g.call.SourceIP, &g.call.UserAgent, &g.call.SDKAgent, &g.referer} {
		*text = strings.Clone(*text)
	}
	return g
}

// Holds reports whether the credentials are still good and still allow what they
// did. An error says that nobody knows.
func (g *Grant) Holds(ctx context.Context) (bool, error) {
	_, caller, err := g.h.cfg.Credentials.Credential(ctx, g.accessKey, g.token)
	if err == nil {
		c := g.call
		c.Caller, c.Time = caller, g.h.cfg.Now().UTC()
		err = g.authorize(WithCall(ctx, &c), &c)
	}
	var refused *Error
	if errors.As(err, &refused) {
		return false, nil
	}
	return err == nil, err
}

// authorize asks for permission for every resource.
func (g *Grant) authorize(ctx context.Context, c *Call) error {
	for _, resource := range g.resources {
		if err := g.h.cfg.Authorizer.Authorize(ctx, c.Caller, g.action, resource, conditionKeys(c, g.referer)); err != nil {
			return err
		}
	}
	return nil
}
