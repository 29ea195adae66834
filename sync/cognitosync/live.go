package cognitosync

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/sync/dataset"
	"github.com/poolhouse/poolhouse/sync/live"
)

// maxFollowed is how many datasets one request may name; more than an identity has.
const maxFollowed = 100

// streams lists the endpoints beside the operations: the changes of datasets, as
// they happen. Whoever may list the records of a dataset may follow it.
func (a *API) streams() []awsapi.Stream {
	if a.Live == nil {
		return nil
	}
	return []awsapi.Stream{{Name: "FollowDatasets", Action: "ListRecords",
		Path: "/identitypools/{IdentityPoolId}/identities/{IdentityId}/live", Plan: a.follow}}
}

// follow reads a request to follow datasets.
func (a *API) follow(ctx context.Context, in awsapi.StreamInput) (*awsapi.StreamPlan, error) {
	pool, identity := strings.Clone(in.Labels["IdentityPoolId"]), strings.Clone(in.Labels["IdentityId"])
	o, err := a.existingOwner(ctx, &pool, &identity)
	if err != nil {
		return nil, err
	}
	req := live.Request{Owner: o, After: dataset.LogID(in.Header.Get("Last-Event-Id"))}
	for _, p := range in.Query {
		switch {
		case p.Name == "dataset" && !slices.Contains(req.Datasets, p.Value):
			req.Datasets = append(req.Datasets, strings.Clone(p.Value))
		case p.Name == "lastEventId" && req.After == "":
			req.After = dataset.LogID(p.Value)
		}
	}
	if len(req.Datasets) > maxFollowed {
		return nil, dataset.Fail(dataset.ErrInvalidParameter, "At most %d datasets can be named.", maxFollowed)
	}
	if err := dataset.CheckNames(req.Datasets); err != nil {
		return nil, err
	}
	return &awsapi.StreamPlan{
		Resources: a.followed(&req),
		Params:    map[string]any{"identityPoolId": pool, "identityId": identity, "datasetNames": slices.Clone(req.Datasets)},
		Open:      func(ctx context.Context, g *awsapi.Grant) (http.HandlerFunc, error) { return a.open(ctx, g, req) },
	}, nil
}

// followed returns the ARNs that a policy must allow: of each dataset, or of any.
func (a *API) followed(req *live.Request) []string {
	pool, identity := string(req.Owner.Pool), string(req.Owner.Identity)
	if len(req.Datasets) == 0 {
		return []string{a.arn(&pool, &identity, awsapi.Ptr("*"))}
	}
	var arns []string
	for i := range req.Datasets {
		arns = append(arns, a.arn(&pool, &identity, &req.Datasets[i]))
	}
	return arns
}

// open subscribes. What allowed it must go on to hold: the credentials, the policies,
// and the identity itself.
func (a *API) open(ctx context.Context, g *awsapi.Grant, req live.Request) (http.HandlerFunc, error) {
	o, developer := req.Owner, !isIdentity(awsapi.FromContext(ctx).Caller)
	req.Expires = g.Expires
	req.Holds = func(ctx context.Context) (bool, error) {
		if ok, err := g.Holds(ctx); !ok || err != nil || a.Identities == nil {
			return ok, err
		}
		standing, err := a.Identities.Standing(ctx, string(o.Pool), string(o.Identity))
		return standing == Active || standing == Disabled && developer, err
	}
	s, err := a.Live.Subscribe(ctx, req)
	switch {
	case errors.Is(err, live.ErrTooMany):
		return nil, &awsapi.Error{Status: http.StatusTooManyRequests, Code: "TooManyRequestsException", RetryAfter: time.Minute,
			Message: "The identity has too many live connections. Close one of them first."}
	case errors.Is(err, live.ErrFull):
		return nil, unavailable("The server has as many live connections as it may have.", time.Minute)
	case errors.Is(err, live.ErrStopped):
		return nil, unavailable("The server is about to stop.", 5*time.Second)
	case err != nil:
		return nil, err
	}
	return func(w http.ResponseWriter, r *http.Request) { live.Serve(w, r, s) }, nil
}

func unavailable(text string, wait time.Duration) error {
	return &awsapi.Error{Status: http.StatusServiceUnavailable, Code: "ServiceUnavailable", Message: text, RetryAfter: wait}
}
