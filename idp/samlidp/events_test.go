package samlidp_test

import (
	"context"
	"sync"
	"testing"

	"github.com/poolhouse/poolhouse/idp"
)

// A ledger keeps events.
type ledger struct {
	mu     sync.Mutex
	events []idp.Event
}

func (l *ledger) Record(_ context.Context, e idp.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, e)
}

// What an app is told of a user is an event, once.
func TestEventOfAnAnswer(t *testing.T) {
	r, l := newRig(t, nil), &ledger{}
	r.h.Events = l
	r.ask(t, nil)
	if len(l.events) != 1 || l.events[0].Name != idp.EventSAML || l.events[0].Sub == "" || l.events[0].Client == "" || l.events[0].Error != "" {
		t.Errorf("events %+v", l.events)
	}
}
