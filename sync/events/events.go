// Package events runs the functions of identity pools that see what devices store
// (Amazon Cognito Events): it writes the event, and reads the function's answer,
// which may change records and nothing else.
package events

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"github.com/poolhouse/poolhouse/sync/dataset"
	"github.com/poolhouse/poolhouse/sync/settings"
	"github.com/poolhouse/poolhouse/userpool"
)

const (
	version = 2
	// limit is how long a function may take.
	limit = 5 * time.Second
)

// A Trigger runs the functions of SyncTrigger.
type Trigger struct {
	Settings *settings.Service
	Invoker  userpool.Invoker
	Region   string
	Log      *slog.Logger
	Limit    time.Duration // of a call; 5 s where zero
}

var _ dataset.Trigger = (*Trigger)(nil)

// Watches implements dataset.Trigger.
func (t *Trigger) Watches(ctx context.Context, pool dataset.PoolID) (bool, error) {
	function, err := t.function(ctx, pool)
	return function != "", err
}

// function returns the ARN of the pool's function, empty where it has none.
func (t *Trigger) function(ctx context.Context, pool dataset.PoolID) (string, error) {
	s, err := t.Settings.Current(ctx, pool)
	if errors.Is(err, dataset.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return s.Events[settings.SyncTrigger], nil
}

// Sync implements dataset.Trigger. A function that was taken away since the call
// began changes nothing.
func (t *Trigger) Sync(ctx context.Context, owner dataset.Owner, name string, records []dataset.TriggerRecord) ([]dataset.TriggerRecord, error) {
	function, err := t.function(ctx, owner.Pool)
	if err != nil || function == "" {
		return records, err
	}
	e := newEvent(t.Region, owner, name, records)
	body, err := json.Marshal(e)
	if err != nil {
		return nil, err
	}
	call := userpool.Invocation{Pool: userpool.PoolID(owner.Pool), Trigger: settings.SyncTrigger, Function: function, Event: body}
	limited, cancel := context.WithTimeout(ctx, cmp.Or(t.Limit, limit))
	defer cancel()
	answer, err := t.Invoker.Invoke(limited, call)
	if err != nil {
		return nil, t.failed(ctx, call, err)
	}
	out, err := e.read(answer)
	if err != nil {
		t.Log.WarnContext(ctx, "sync trigger answered nonsense", "pool", owner.Pool, "function", function, "error", err)
		return nil, err
	}
	return out, nil
}

// failed gives the failure of a function its kind. What it threw is its own text
// for the client; anything else names what went wrong, and no more.
func (t *Trigger) failed(ctx context.Context, call userpool.Invocation, err error) error {
	if ctx.Err() != nil {
		return ctx.Err() // the client went away
	}
	t.Log.WarnContext(ctx, "sync trigger failed", "pool", call.Pool, "function", call.Function, "error", err)
	var thrown *userpool.FunctionError
	var unrun *userpool.InvokeError
	switch {
	case errors.As(err, &thrown):
		return dataset.Fail(dataset.ErrTriggerOutput, "%s failed with error %s.", settings.SyncTrigger, cut(thrown.Message))
	case errors.Is(err, context.DeadlineExceeded):
		return unran(userpool.ReasonTimeout)
	case !errors.As(err, &unrun):
		return err
	case unrun.Reason == "TooManyRequestsException":
		return dataset.ErrTriggerThrottled
	}
	return unran(unrun.Reason)
}

func unran(reason string) error {
	return dataset.Fail(dataset.ErrTriggerOutput, "%s invocation failed due to error %s.", settings.SyncTrigger, reason)
}

// maxThrown bounds what a client is shown of a function's own text, in bytes.
const maxThrown = 1024

func cut(s string) string {
	if len(s) > maxThrown {
		return s[:maxThrown]
	}
	return s
}
