package audit_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/audit"
	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/store/sqlstore"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/userpool"
)

// backends are the databases that an administrator's write goes to.
var backends = map[string]func(*testing.T) *sqlstore.DB{
	"sqlite":   func(t *testing.T) *sqlstore.DB { return sqlstoretest.SQLite(t, time.Now) },
	"postgres": func(t *testing.T) *sqlstore.DB { return sqlstoretest.Postgres(t, time.Now) },
}

func call(user string) awsapi.Event {
	return awsapi.Event{Call: awsapi.Call{Service: "cognito-idp", Operation: "SetRateLimit", Time: at,
		Caller: &awsapi.Caller{ARN: "arn:aws:iam::1:user/" + user}}, Params: map[string]any{"n": 1}}
}

// write is a write of a domain.
func write(ctx context.Context, db *sqlstore.DB) error {
	return db.Userpool(ring).SetLimit(ctx, userpool.CategoryToken, 7)
}

func TestAnIntentIsThereUntilTheOutcomeIs(t *testing.T) {
	for name, open := range backends {
		t.Run(name, func(t *testing.T) {
			db := open(t)
			l := openLog(t, db.Audit())
			under := l.Intend(ctx, func() awsapi.Event { return call("ann") })
			if err := write(under, db); err != nil {
				t.Fatal(err)
			}
			intents, err := db.Audit().Intents(ctx, at.Add(time.Hour), 10)
			if err != nil || len(intents) != 1 || !strings.Contains(string(intents[0].Record), `"outcome":"unknown"`) {
				t.Fatalf("intents %v, %v", intents, err)
			}
			l.Record(under, call("ann"))
			got := all(t, l)
			if len(got) != 1 || got[0]["eventID"] != intents[0].ID || got[0]["additionalEventData"] != nil {
				t.Errorf("events %v", got)
			}
			if left, err := db.Audit().Intents(ctx, at.Add(time.Hour), 10); err != nil || len(left) != 0 {
				t.Errorf("left %v, %v", left, err)
			}
		})
	}
}

// Without a record there is no write.
func TestAWriteFailsWithItsIntent(t *testing.T) {
	for name, open := range backends {
		t.Run(name, func(t *testing.T) {
			db := open(t)
			l := openLog(t, db.Audit())
			under := l.Intend(ctx, func() awsapi.Event {
				e := call("ann")
				e.Params = make(chan int) // nothing that can be stored
				return e
			})
			if err := write(under, db); err == nil || !strings.Contains(err.Error(), "audit record") {
				t.Errorf("got %v", err)
			}
			limits, err := db.Userpool(ring).Limits(ctx)
			if err != nil || len(limits) != 0 {
				t.Errorf("written all the same: %v, %v", limits, err)
			}
			if err := write(ctx, db); err != nil {
				t.Errorf("what needs no record: %v", err)
			}
		})
	}
}

// What died between a write and its event is recorded by whoever lives.
func TestRecover(t *testing.T) {
	db := sqlstoretest.SQLite(t, time.Now)
	dead := openLog(t, db.Audit())
	if err := write(dead.Intend(ctx, func() awsapi.Event { return call("ann") }), db); err != nil {
		t.Fatal(err)
	}
	clock := at
	l := audit.Open(audit.Config{Store: db.Audit(), Key: key, Signer: signer(), Account: "1", Now: func() time.Time { return clock }, Errors: dead.Errors})
	t.Cleanup(func() { l.Close(ctx) })
	if n, err := l.Recover(ctx, 10); n != 0 || err != nil {
		t.Errorf("a call that may go on: %d, %v", n, err)
	}
	clock = at.Add(time.Hour)
	if n, err := l.Recover(ctx, 10); n != 1 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	found, _, err := l.Find(ctx, audit.Query{User: "ann", Limit: 10})
	if err != nil || len(found) != 1 || found[0].Name != "SetRateLimit" {
		t.Fatalf("found %v, %v", found, err)
	}
	var record struct{ AdditionalEventData map[string]any }
	if err := json.Unmarshal(found[0].Record, &record); err != nil || record.AdditionalEventData["outcome"] != "unknown" {
		t.Errorf("record %s", found[0].Record)
	}
	if n, err := l.Recover(ctx, 10); n != 0 || err != nil {
		t.Errorf("twice: %d, %v", n, err)
	}
}
