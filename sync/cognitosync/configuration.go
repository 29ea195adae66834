package cognitosync

import (
	"context"
	"errors"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/sync/dataset"
	"github.com/poolhouse/poolhouse/sync/settings"
)

// enabled and disabled are the values of StreamingStatus.
const (
	enabled  = "ENABLED"
	disabled = "DISABLED"
)

// GetCognitoEvents lists the events of a pool and their functions.
func (a *API) GetCognitoEvents(ctx context.Context, in *GetCognitoEventsInput) (*GetCognitoEventsOutput, error) {
	s, err := a.settings(ctx, in.IdentityPoolId)
	if err != nil {
		return nil, err
	}
	out := &GetCognitoEventsOutput{Events: s.Events}
	if out.Events == nil {
		out.Events = map[string]string{}
	}
	return out, nil
}

// SetCognitoEvents gives an event of a pool a function, or takes it away.
func (a *API) SetCognitoEvents(ctx context.Context, in *SetCognitoEventsInput) (*SetCognitoEventsOutput, error) {
	if err := a.Settings.SetEvents(ctx, dataset.PoolID(*in.IdentityPoolId), in.Events); err != nil {
		return nil, noPool(in.IdentityPoolId, err)
	}
	return &SetCognitoEventsOutput{}, nil
}

// GetIdentityPoolConfiguration tells how a pool pushes and where it streams to.
func (a *API) GetIdentityPoolConfiguration(ctx context.Context, in *GetIdentityPoolConfigurationInput) (*GetIdentityPoolConfigurationOutput, error) {
	s, err := a.settings(ctx, in.IdentityPoolId)
	if err != nil {
		return nil, err
	}
	return &GetIdentityPoolConfigurationOutput{IdentityPoolId: in.IdentityPoolId, PushSync: wirePush(s.Push), CognitoStreams: wireStreams(s.Streams)}, nil
}

// SetIdentityPoolConfiguration replaces the part that is given, whole; the other
// one stays.
func (a *API) SetIdentityPoolConfiguration(ctx context.Context, in *SetIdentityPoolConfigurationInput) (*SetIdentityPoolConfigurationOutput, error) {
	var push *settings.Push
	if p := in.PushSync; p != nil {
		push = &settings.Push{Applications: p.ApplicationArns, Role: awsapi.Value(p.RoleArn)}
	}
	streams, err := domainStreams(in.CognitoStreams)
	if err != nil {
		return nil, err
	}
	s, err := a.Settings.Configure(ctx, dataset.PoolID(*in.IdentityPoolId), push, streams)
	if err != nil {
		return nil, noPool(in.IdentityPoolId, err)
	}
	return &SetIdentityPoolConfigurationOutput{IdentityPoolId: in.IdentityPoolId, PushSync: wirePush(s.Push), CognitoStreams: wireStreams(s.Streams)}, nil
}

func domainStreams(c *CognitoStreams) (*settings.Streams, error) {
	if c == nil {
		return nil, nil
	}
	status := awsapi.Value(c.StreamingStatus)
	if status != enabled && status != disabled {
		return nil, dataset.Fail(dataset.ErrInvalidParameter, "StreamingStatus must be %s or %s.", enabled, disabled)
	}
	return &settings.Streams{Name: awsapi.Value(c.StreamName), Role: awsapi.Value(c.RoleArn), Enabled: status == enabled}, nil
}

func wireStreams(s *settings.Streams) *CognitoStreams {
	if s == nil {
		return nil
	}
	status := disabled
	if s.Enabled {
		status = enabled
	}
	return &CognitoStreams{StreamName: text(s.Name), RoleArn: text(s.Role), StreamingStatus: &status}
}

func wirePush(p *settings.Push) *PushSync {
	if p == nil {
		return nil
	}
	return &PushSync{ApplicationArns: p.Applications, RoleArn: text(p.Role)}
}

// BulkPublish begins to publish all data of a pool to its stream.
func (a *API) BulkPublish(ctx context.Context, in *BulkPublishInput) (*BulkPublishOutput, error) {
	if err := a.Settings.StartBulk(ctx, dataset.PoolID(*in.IdentityPoolId)); err != nil {
		return nil, noPool(in.IdentityPoolId, err)
	}
	return &BulkPublishOutput{IdentityPoolId: in.IdentityPoolId}, nil
}

// GetBulkPublishDetails tells how far the last bulk publish of a pool has got.
func (a *API) GetBulkPublishDetails(ctx context.Context, in *GetBulkPublishDetailsInput) (*GetBulkPublishDetailsOutput, error) {
	s, err := a.settings(ctx, in.IdentityPoolId)
	if err != nil {
		return nil, err
	}
	status := string(s.Bulk.Status)
	if s.Bulk.Status == settings.BulkNotStarted {
		status = "NOT_STARTED"
	}
	return &GetBulkPublishDetailsOutput{IdentityPoolId: in.IdentityPoolId, BulkPublishStatus: &status,
		BulkPublishStartTime: date(s.Bulk.Started), BulkPublishCompleteTime: date(s.Bulk.Completed), FailureMessage: text(s.Bulk.Failure)}, nil
}

func (a *API) settings(ctx context.Context, pool *string) (*settings.Settings, error) {
	s, err := a.Settings.Settings(ctx, dataset.PoolID(*pool))
	return s, noPool(pool, err)
}

// noPool gives the error for a pool that does not exist its text.
func noPool(pool *string, err error) error {
	if errors.Is(err, dataset.ErrNotFound) {
		return dataset.Fail(dataset.ErrNotFound, "IdentityPool '%s' not found.", *pool)
	}
	return err
}
