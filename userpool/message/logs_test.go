package message_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/ephemeral/ephemeraltest"
	"github.com/poolhouse/poolhouse/internal/keyring/keyringtest"
	"github.com/poolhouse/poolhouse/internal/outbound"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/userpool"
	"github.com/poolhouse/poolhouse/userpool/message"
)

func group(name string) userpool.LogConfiguration {
	return userpool.LogConfiguration{Service: "logs", ARN: "arn:aws:logs:us-east-1:000000000000:log-group:" + name}
}

func TestLogFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "logs")
	now := noon
	files := message.LogFiles{Dir: dir, Now: func() time.Time { return now }}
	long := strings.Repeat("x", 500)
	for _, to := range []userpool.LogConfiguration{group("/aws/pool"), group("../../etc/passwd"), group(".."), group(long + "a"), group(long + "b"),
		{Service: "s3", ARN: "arn:aws:s3:::bucket/.."}, group("/aws/pool")} {
		if err := files.Deliver(t.Context(), to, []byte(`{"a":1}`)); err != nil {
			t.Fatal(to.ARN, err)
		}
	}
	now = now.AddDate(0, 0, 1)
	if err := files.Deliver(t.Context(), group("/aws/pool"), []byte(`{"a":2}`)); err != nil {
		t.Fatal(err)
	}
	var names []string
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Error(e.Name(), info.Mode(), err)
		}
		names = append(names, e.Name())
	}
	for _, want := range []string{"logs-%2Faws%2Fpool.2026-01-02.jsonl", "logs-%2Faws%2Fpool.2026-01-03.jsonl", "logs-...2026-01-02.jsonl",
		"logs-..%2F..%2Fetc%2Fpasswd.2026-01-02.jsonl", "s3-bucket%2F...2026-01-02.jsonl"} {
		if !slices.Contains(names, want) {
			t.Errorf("no %s among %v", want, names)
		}
	}
	if len(names) != 7 { // the two long ones differ
		t.Error(names)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "logs-%2Faws%2Fpool.2026-01-02.jsonl")); err != nil || string(text) != "{\"a\":1}\n{\"a\":1}\n" {
		t.Errorf("%q %v", text, err)
	}
}

// TestLogsWaitInTheOutbox: an event outlives a receiver that is down, arrives as it
// was written, signed, and is in no pool's log of deliveries.
func TestLogsWaitInTheOutbox(t *testing.T) {
	status := http.StatusInternalServerError
	var body []byte
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ = io.ReadAll(r.Body)
		if r.Header.Get("Webhook-Signature") == "" {
			t.Error("not signed")
		}
		w.WriteHeader(status)
	}))
	defer srv.Close()
	clock := ephemeraltest.NewClock()
	store := sqlstoretest.SQLite(t, clock.Now).Outbox()
	hook := &message.LogWebhook{URL: srv.URL, Secret: bytes.Repeat([]byte{7}, 32), Client: outbound.New(true), Now: clock.Now}
	box := message.NewOutbox(store, keyringtest.New(t), map[string]message.Transport{message.MediumLog: hook}, clock.Now, slog.New(slog.DiscardHandler))
	box.GivenUp = func(context.Context, userpool.PoolID, string, string, string, string) {
		t.Error("a log tells of a log")
	}
	if err := (message.Logs{Outbox: box}).Deliver(t.Context(), group("/aws/pool"), []byte(`{"eventSource":"USER_AUTH_EVENTS"}`)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := box.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		status = http.StatusOK
		clock.Advance(time.Minute)
	}
	var got struct {
		Type string
		Data struct {
			Destination string
			Event       map[string]string
		}
	}
	if err := json.Unmarshal(body, &got); err != nil || got.Type != "log.event" || got.Data.Destination != group("/aws/pool").ARN || got.Data.Event["eventSource"] != "USER_AUTH_EVENTS" {
		t.Errorf("%s %v", body, err)
	}
	if items, _, err := store.Log(t.Context(), "us-east-1_A", "", "", 10); err != nil || len(items) != 0 {
		t.Error(items, err)
	}
	status = http.StatusBadRequest // given up at once
	if err := (message.Logs{Outbox: box}).Deliver(t.Context(), group("/aws/pool"), []byte(`{}`)); err != nil {
		t.Fatal(err)
	}
	if err := box.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestOutboxTellsOfWhatItGaveUp(t *testing.T) {
	p := newPost(t)
	var told []string
	p.GivenUp = func(_ context.Context, pool userpool.PoolID, medium, kind, destination, reason string) {
		told = append(told, string(pool)+" "+medium+" "+kind+" "+destination+" "+reason)
	}
	p.sink.Refuse("RCPT", "550 5.1.1 no such user")
	p.send("bob@example.com")
	p.drain()
	if len(told) != 1 || !strings.HasPrefix(told[0], "us-east-1_A EMAIL ") || !strings.Contains(told[0], "b***@e***") || strings.Contains(told[0], "bob@") {
		t.Error(told)
	}
}
