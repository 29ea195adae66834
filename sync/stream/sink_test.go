package stream

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/redis/go-redis/v9"

	"github.com/poolhouse/poolhouse/internal/outbound"
	"github.com/poolhouse/poolhouse/internal/webhook"
	"github.com/poolhouse/poolhouse/store/redisstore/redisstoretest"
)

var secret = []byte("0123456789abcdef0123456789abcdef")

// open returns the sink of an address.
func open(t *testing.T, address string) Sink {
	t.Helper()
	targets, err := ParseTargets([]string{"s=" + address})
	if err != nil {
		t.Fatal(err)
	}
	sinks, err := Open(targets, Options{Client: outbound.New(true), Secret: secret, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := Close(sinks); err != nil {
			t.Error(err)
		}
	})
	return sinks["s"]
}

var sent = Record{ID: "id-1", Partition: "us-east-1:2", Body: []byte(`{"dataSetName":"notes"}`)}

func TestParseTargets(t *testing.T) {
	for _, good := range []string{"redis://h/key", "redis://u:p@h:6379/3/a:key", "rediss://h/key", "nats://h/subject.of.mine", "tls://u:p@h:4222/s", "https://h/path?x=1"} {
		if all, err := ParseTargets([]string{"my-Stream_1=" + good}); err != nil || len(all) != 1 {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"", "x", "=redis://h/k", "a b=redis://h/k", "x=redis://token@h", "x=redis://token@h/", "x=redis://token@h/a/b", "x=redis:///k",
		"x=nats://token@h", "x=nats://token@h/a/b", "x=nats://token@h/a.*", "x=nats://token@h/%3E", "x=nats://token@h/a..b", "x=kinesis://token/s", "x=https://token@h/p",
		"x=redis://token@h/k?nonsense=1", "x=https://", "x=:token"} {
		if all, err := ParseTargets([]string{bad}); err == nil || strings.Contains(err.Error(), "token") {
			t.Errorf("%q: %v, %v", bad, all, err)
		}
	}
	if _, err := ParseTargets([]string{"x=redis://h/a", "x=redis://h/b"}); err == nil {
		t.Error("a name twice")
	}
}

func TestRedisSink(t *testing.T) {
	u, err := url.Parse(redisstoretest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	u.RawQuery = ""
	key := fmt.Sprintf("test-stream-%d", time.Now().UnixNano())
	opt, err := redis.ParseURL(u.String())
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(opt)
	t.Cleanup(func() { client.Close() })
	t.Cleanup(func() { client.Del(context.Background(), key) })
	u.Path = strings.TrimSuffix(u.Path, "/") + "/" + key
	for i := range 1000 { // Redis trims whole nodes of its tree
		if err := client.XAdd(t.Context(), &redis.XAddArgs{Stream: key, ID: fmt.Sprintf("1-%d", i+1), Values: []any{"id", "old"}}).Err(); err != nil {
			t.Fatal(err)
		}
	}
	if err := open(t, u.String()).Put(t.Context(), sent); err != nil {
		t.Fatal(err)
	}
	all, err := client.XRange(t.Context(), key, "-", "+").Result()
	if err != nil || len(all) == 0 {
		t.Fatal(all, err)
	}
	got := all[len(all)-1].Values
	if got["id"] != "id-1" || got["partition"] != "us-east-1:2" || got["data"] != string(sent.Body) {
		t.Errorf("%v", got)
	}
	if all[0].ID == "1-1" {
		t.Error("what is older than a day is still there")
	}
	if err := open(t, "redis://secret:secret@127.0.0.1:1/k").Put(t.Context(), sent); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("nobody there: %v", err)
	}
}

func TestWebhookSink(t *testing.T) {
	status := 200
	var got *http.Request
	var body []byte
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		w.WriteHeader(status)
	}))
	t.Cleanup(srv.Close)
	sink := open(t, srv.URL+"/hook?token=secret")
	if err := sink.Put(t.Context(), sent); err != nil {
		t.Fatal(err)
	}
	var at int64
	if _, err := fmt.Sscan(got.Header.Get("Webhook-Timestamp"), &at); err != nil {
		t.Fatal(err)
	}
	want := webhook.Header(secret, sent.ID, time.Unix(at, 0), sent.Body)
	if string(body) != string(sent.Body) || got.Header.Get("Webhook-Signature") != want.Get("Webhook-Signature") || got.Header.Get("Poolhouse-Partition") != sent.Partition {
		t.Errorf("%v %s", got.Header, body)
	}
	status = http.StatusRequestEntityTooLarge
	if err := sink.Put(t.Context(), sent); err != ErrTooLarge {
		t.Errorf("too large: %v", err)
	}
	status = http.StatusBadRequest
	if err := sink.Put(t.Context(), sent); err == nil {
		t.Error("a refusal was taken for an acceptance")
	}
	srv.Close()
	if err := sink.Put(t.Context(), sent); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("nobody there: %v", err)
	}
}

// startNATS starts a server with JetStream that takes records of 64 kB, and returns
// its address.
func startNATS(t *testing.T) string {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: t.TempDir(), MaxPayload: 64 << 10, NoLog: true, NoSigs: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("NATS does not start")
	}
	return s.ClientURL()
}

func TestNATSSink(t *testing.T) {
	address := startNATS(t)
	conn, err := nats.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	sink := open(t, address+"/sync.changes")
	if err := sink.Put(t.Context(), sent); err == nil {
		t.Error("a subject that no stream has took a record")
	}
	kept, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "SYNC", Subjects: []string{"sync.>"}})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the same record again, as after an answer that was lost
		if err := sink.Put(t.Context(), sent); err != nil {
			t.Fatal(err)
		}
	}
	info, err := kept.Info(t.Context())
	if err != nil || info.State.Msgs != 1 {
		t.Fatalf("%+v, %v", info, err)
	}
	m, err := kept.GetMsg(t.Context(), info.State.LastSeq)
	if err != nil || m.Subject != "sync.changes" || string(m.Data) != string(sent.Body) || m.Header.Get("Poolhouse-Partition") != sent.Partition {
		t.Errorf("%+v, %v", m, err)
	}
	large, err := json.Marshal(strings.Repeat("x", 100_000))
	if err != nil {
		t.Fatal(err)
	}
	if err := sink.Put(t.Context(), Record{ID: "id-2", Body: large}); err != ErrTooLarge {
		t.Errorf("too large: %v", err)
	}
}
