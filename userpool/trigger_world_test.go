package userpool_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/poolhouse/poolhouse/userpool"
)

// A lambda is a house of functions, one for each trigger, that keeps the events
// that they received.
type lambda struct {
	mu        sync.Mutex
	functions map[string]func(event map[string]any) (any, error)
	events    []userpool.Invocation
}

// triggers returns Triggers that run the functions of l.
func (l *lambda) triggers() *userpool.Triggers {
	return &userpool.Triggers{Invoker: l, Region: "us-east-1", Log: slog.New(slog.DiscardHandler)}
}

// on sets the function of a trigger: what it returns becomes the event's response.
func (l *lambda) on(trigger string, f func(event map[string]any) (any, error)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.functions == nil {
		l.functions = map[string]func(map[string]any) (any, error){}
	}
	l.functions[trigger] = f
}

// answers sets a function that always answers the same response, given as JSON.
func (l *lambda) answers(trigger, response string) {
	l.on(trigger, func(map[string]any) (any, error) { return json.RawMessage(response), nil })
}

// throws sets a function that fails.
func (l *lambda) throws(trigger, text string) {
	l.on(trigger, func(map[string]any) (any, error) { return nil, &userpool.FunctionError{Message: text} })
}

// Invoke implements userpool.Invoker.
func (l *lambda) Invoke(_ context.Context, call userpool.Invocation) ([]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, call)
	f := l.functions[call.Trigger]
	if f == nil {
		return nil, errors.New("no function")
	}
	var event map[string]any
	if err := json.Unmarshal(call.Event, &event); err != nil {
		return nil, err
	}
	response, err := f(event)
	if err != nil {
		return nil, err
	}
	if whole, ok := response.([]byte); ok {
		return whole, nil
	}
	if response != nil {
		event["response"] = response
	}
	return json.Marshal(event)
}

// sources lists the sources of the events so far and forgets them.
func (l *lambda) sources() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var list []string
	for _, e := range l.events {
		var event struct {
			Source string `json:"triggerSource"`
		}
		_ = json.Unmarshal(e.Event, &event)
		list = append(list, event.Source)
	}
	l.events = nil
	return strings.Join(list, " ")
}

// last returns the latest event of a trigger as JSON.
func (l *lambda) last(t testing.TB, trigger string) string {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := len(l.events) - 1; i >= 0; i-- {
		if l.events[i].Trigger == trigger {
			return string(l.events[i].Event)
		}
	}
	t.Fatalf("no event of %s", trigger)
	return ""
}

// withTriggers names a function for each trigger.
func withTriggers(names ...string) func(*userpool.Pool) {
	return func(p *userpool.Pool) {
		p.Triggers = map[string]userpool.Function{}
		for _, n := range names {
			p.Triggers[n] = userpool.Function{ARN: "arn:aws:lambda:us-east-1:000000000000:function:" + n}
		}
	}
}

// sameJSON wants two texts to be the same JSON value.
func sameJSON(t testing.TB, got, want string) {
	t.Helper()
	var a, b any
	if err := json.Unmarshal([]byte(got), &a); err != nil {
		t.Fatalf("%v in %s", err, got)
	}
	if err := json.Unmarshal([]byte(want), &b); err != nil {
		t.Fatalf("%v in %s", err, want)
	}
	left, _ := json.Marshal(a)
	right, _ := json.Marshal(b)
	if string(left) != string(right) {
		t.Fatalf("got  %s\nwant %s", left, right)
	}
}
