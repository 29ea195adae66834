package events_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/sts/identity"
	"github.com/poolhouse/poolhouse/sync/dataset"
	"github.com/poolhouse/poolhouse/sync/events"
	"github.com/poolhouse/poolhouse/sync/settings"
	"github.com/poolhouse/poolhouse/userpool"
)

const (
	pool = "us-east-1:11aa"
	arn  = "arn:aws:lambda:us-east-1:000000000000:function:check"
)

var owner = dataset.Owner{Pool: pool, Identity: "us-east-1:22bb"}

// invoked is a function in Go.
type invoked func(ctx context.Context, call userpool.Invocation) ([]byte, error)

func (f invoked) Invoke(ctx context.Context, call userpool.Invocation) ([]byte, error) {
	return f(ctx, call)
}

// newTrigger returns a trigger of a pool with a function.
func newTrigger(t *testing.T, f invoked) *events.Trigger {
	db := sqlstoretest.SQLite(t, time.Now)
	if err := db.Identity().CreatePool(t.Context(), &identity.Pool{ID: pool}); err != nil {
		t.Fatal(err)
	}
	s := &settings.Service{Store: db.SyncSettings(), Now: time.Now}
	if err := s.SetEvents(t.Context(), pool, map[string]string{"SyncTrigger": arn}); err != nil {
		t.Fatal(err)
	}
	return &events.Trigger{Settings: s, Invoker: f, Region: "us-east-1", Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
}

func p(s string) *string { return &s }

// shown is what the function is given: one record that stays, one of each change.
var shown = []dataset.TriggerRecord{
	{Key: "kept", Old: p("1"), New: p("1")},
	{Key: "new", New: p("ü"), Op: dataset.OpReplace},
	{Key: "old", Old: p("1"), Op: dataset.OpRemove},
}

const event = `{"version":2,"eventType":"SyncTrigger","region":"us-east-1","identityPoolId":"us-east-1:11aa","identityId":"us-east-1:22bb","datasetName":"notes",` +
	`"datasetRecords":{"kept":{"oldValue":"1","newValue":"1"},"new":{"oldValue":null,"newValue":"ü","op":"replace"},"old":{"oldValue":"1","newValue":null,"op":"remove"}}}`

// TestEvent: the function is given the whole event, and an event that comes back
// as it was changes nothing.
func TestEvent(t *testing.T) {
	var got userpool.Invocation
	tr := newTrigger(t, func(_ context.Context, call userpool.Invocation) ([]byte, error) { got = call; return call.Event, nil })
	out, err := tr.Sync(t.Context(), owner, "notes", shown)
	if err != nil || string(got.Event) != event || got.Function != arn || got.Trigger != "SyncTrigger" || got.Async {
		t.Fatalf("%s\n%+v, %v", got.Event, got, err)
	}
	if text(out) != `kept:"1">"1" , new:null>"ü" replace, old:"1">null remove` {
		t.Error(text(out))
	}
}

// text renders records by key.
func text(records []dataset.TriggerRecord) string {
	var all []string
	for _, r := range records {
		before, _ := json.Marshal(r.Old)
		after, _ := json.Marshal(r.New)
		all = append(all, r.Key+":"+string(before)+">"+string(after)+" "+string(r.Op))
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// TestAnswers: what a function may return, and what it may not.
func TestAnswers(t *testing.T) {
	records := func(s string) string { return `{"datasetRecords":{` + s + `}}` }
	for answer, want := range map[string]string{
		records(``): "",
		records(`"kept":{"newValue":"2","op":"replace"}`):                    `kept:"1">"2" replace`,
		records(`"kept":{"oldValue":"\u0031","newValue":"1","op":"remove"}`): `kept:"1">"1" remove`,
		records(`"added":{"oldValue":null,"newValue":"","op":""}`):           `added:null>"" `,
		records(`"added":{"newValue":"x","op":null,"note":1}`):               `added:null>"x" `,
		records(`"old":{}`): `old:"1">null `,
		`{"version":2.0,"region":"us-east\u002d1","datasetRecords":{},"more":1}`: "",

		``:                               "error",
		`null`:                           "error",
		`[]`:                             "error",
		`"x"`:                            "error",
		`{}`:                             "error",
		`{"datasetRecords":null}`:        "error",
		`{"datasetRecords":[]}`:          "error",
		records(`"kept":null`):           "error",
		records(`"kept":"x"`):            "error",
		records(`"kept":{"newValue":1}`): "error",
		records(`"kept":{"newValue":"1","op":"delete"}`):   "error",
		records(`"kept":{"newValue":"1","op":1}`):          "error",
		records(`"kept":{"oldValue":"2"}`):                 "error",
		records(`"kept":{"oldValue":null}`):                "error",
		records(`"new":{"oldValue":"1"}`):                  "error",
		records(`"added":{"oldValue":"1"}`):                "error",
		records(`"kept":{"oldValue":1}`):                   "error",
		`{"version":3,"datasetRecords":{}}`:                "error",
		`{"version":"2","datasetRecords":{}}`:              "error",
		`{"version":null,"datasetRecords":{}}`:             "error",
		`{"eventType":"x","datasetRecords":{}}`:            "error",
		`{"region":"eu-west-1","datasetRecords":{}}`:       "error",
		`{"identityPoolId":"x","datasetRecords":{}}`:       "error",
		`{"identityId":"us-east-1:1","datasetRecords":{}}`: "error",
		`{"datasetName":"other","datasetRecords":{}}`:      "error",
	} {
		tr := newTrigger(t, func(context.Context, userpool.Invocation) ([]byte, error) { return []byte(answer), nil })
		out, err := tr.Sync(t.Context(), owner, "notes", shown)
		switch {
		case want == "error" && !errors.Is(err, dataset.ErrTriggerOutput):
			t.Errorf("%s: %v, %v", answer, out, err)
		case want != "error" && (err != nil || text(out) != want):
			t.Errorf("%s: %s, %v", answer, text(out), err)
		}
	}
}

// FuzzAnswer: whatever a function returns, it is refused or read.
func FuzzAnswer(f *testing.F) {
	f.Add(event)
	f.Add(`{"datasetRecords":{"a":{"newValue":"1"},"a":null}}`)
	f.Fuzz(func(t *testing.T, answer string) {
		out, err := events.Read(answer)
		if (err == nil) != (out != nil) || err != nil && !errors.Is(err, dataset.ErrTriggerOutput) {
			t.Errorf("%v, %v", out, err)
		}
	})
}

// TestFailures: what went wrong with a function, in the words that a client gets.
func TestFailures(t *testing.T) {
	for name, tt := range map[string]struct {
		err  error
		kind error
		text string
	}{
		"thrown":    {&userpool.FunctionError{Message: "score is too high"}, dataset.ErrTriggerOutput, "SyncTrigger failed with error score is too high."},
		"long":      {&userpool.FunctionError{Message: strings.Repeat("x", 5000)}, dataset.ErrTriggerOutput, "SyncTrigger failed with error " + strings.Repeat("x", 1024) + "."},
		"missing":   {&userpool.InvokeError{Reason: "ResourceNotFoundException", Err: errors.New("secret")}, dataset.ErrTriggerOutput, "SyncTrigger invocation failed due to error ResourceNotFoundException."},
		"throttled": {&userpool.InvokeError{Reason: "TooManyRequestsException"}, dataset.ErrTriggerThrottled, ""},
	} {
		tr := newTrigger(t, func(context.Context, userpool.Invocation) ([]byte, error) { return nil, tt.err })
		_, err := tr.Sync(t.Context(), owner, "notes", shown)
		var f *dataset.Fault
		if !errors.Is(err, tt.kind) || tt.text != "" && (!errors.As(err, &f) || f.Text != tt.text) {
			t.Errorf("%s: %v", name, err)
		}
	}
	boom := errors.New("boom")
	tr := newTrigger(t, func(context.Context, userpool.Invocation) ([]byte, error) { return nil, boom })
	if _, err := tr.Sync(t.Context(), owner, "notes", shown); !errors.Is(err, boom) || errors.Is(err, dataset.ErrTriggerOutput) {
		t.Errorf("an internal error: %v", err)
	}
}

// TestTimeLimit: the function has its time, and not the caller's.
func TestTimeLimit(t *testing.T) {
	tr := newTrigger(t, func(ctx context.Context, _ userpool.Invocation) ([]byte, error) { <-ctx.Done(); return nil, ctx.Err() })
	tr.Limit = time.Millisecond
	_, err := tr.Sync(t.Context(), owner, "notes", shown)
	var f *dataset.Fault
	if !errors.As(err, &f) || !errors.Is(err, dataset.ErrTriggerOutput) || !strings.Contains(f.Text, userpool.ReasonTimeout) {
		t.Errorf("%v", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	tr = newTrigger(t, func(ctx context.Context, _ userpool.Invocation) ([]byte, error) {
		cancel()
		<-ctx.Done()
		return nil, ctx.Err()
	})
	if _, err := tr.Sync(gone, owner, "notes", shown); !errors.Is(err, context.Canceled) || errors.Is(err, dataset.ErrTriggerOutput) {
		t.Errorf("a client that went away: %v", err)
	}
}

// TestWatches: pools without a function, and pools that are not there.
func TestWatches(t *testing.T) {
	tr := newTrigger(t, func(context.Context, userpool.Invocation) ([]byte, error) { t.Error("ran"); return nil, nil })
	for id, want := range map[dataset.PoolID]bool{pool: true, "us-east-1:0": false} {
		if got, err := tr.Watches(t.Context(), id); err != nil || got != want {
			t.Errorf("%s: %t, %v", id, got, err)
		}
	}
	if err := tr.Settings.SetEvents(t.Context(), pool, map[string]string{"SyncTrigger": ""}); err != nil {
		t.Fatal(err)
	}
	if got, err := tr.Watches(t.Context(), pool); err != nil || got {
		t.Errorf("taken away: %t, %v", got, err)
	}
	if out, err := tr.Sync(t.Context(), owner, "notes", shown); err != nil || text(out) != text(shown) {
		t.Errorf("taken away in between: %v, %v", out, err)
	}
}
