package authz

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Which decisions a Journal writes down, in the file of rules.
const (
	auditDenied = "denied" // refusals of those who came with a credential: the default
	auditAll    = "all"
	auditNone   = "none"
)

// maxKinds bounds how many kinds of refusals are told apart within a minute: anybody
// can be refused as often as they like.
const maxKinds = 200

// A Journal chooses the decisions that an audit log gets. A refusal that comes again
// within the minute (the same client, identity, rule and answer) is counted, and its
// count written when the minute is over and the next decision comes.
type Journal struct {
	Mode  string // of the Rules
	Now   func() time.Time
	Write func(ctx context.Context, d *Decision)

	mu     sync.Mutex
	minute int64
	kinds  map[kind]*Decision // the first of each in this minute
	left   atomic.Int64
}

type kind struct {
	client, who, rule string
	status            int
}

// Unrecorded returns how many refusals found no room in the journal.
func (j *Journal) Unrecorded() int64 { return j.left.Load() }

// Decided takes note of a decision.
func (j *Journal) Decided(ctx context.Context, d *Decision) {
	for _, due := range j.due() {
		j.Write(ctx, due)
	}
	if j.first(d) {
		j.Write(ctx, d)
	}
}

// due returns what is to be said of the minute before.
func (j *Journal) due() (list []*Decision) {
	minute := j.Now().Unix() / 60
	j.mu.Lock()
	defer j.mu.Unlock()
	if minute == j.minute {
		return nil
	}
	for _, first := range j.kinds {
		if first.Repeated > 0 {
			list = append(list, first)
		}
	}
	j.minute, j.kinds = minute, map[kind]*Decision{}
	return list
}

// first reports whether a decision is to be written by itself.
func (j *Journal) first(d *Decision) bool {
	switch {
	case j.Mode == auditNone, j.Mode == auditDenied && (d.Allowed() || !d.Presented && d.Status == http.StatusUnauthorized):
		return false
	case d.Allowed():
		return true
	}
	k := kind{d.ClientIP, d.who(), d.Rule, d.Status}
	j.mu.Lock()
	defer j.mu.Unlock()
	if before := j.kinds[k]; before != nil {
		before.Repeated++
		return false
	}
	if len(j.kinds) >= maxKinds {
		j.left.Add(1)
		return false
	}
	kept := *d
	j.kinds[k] = &kept
	return true
}
