package message_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/ephemeral/ephemeraltest"
	"github.com/poolhouse/poolhouse/internal/keyring/keyringtest"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/userpool"
	"github.com/poolhouse/poolhouse/userpool/message"
	"github.com/poolhouse/poolhouse/userpool/message/messagetest"
)

// A post is an outbox on a real store that delivers into a sink.
type post struct {
	*message.Outbox
	t     *testing.T
	clock *ephemeraltest.Clock
	sink  *messagetest.Sink
	store message.Store
	log   bytes.Buffer
}

func newPost(t *testing.T) *post {
	t.Helper()
	p := &post{t: t, clock: ephemeraltest.NewClock(), sink: messagetest.NewSink(t, nil)}
	p.store = sqlstoretest.SQLite(t, p.clock.Now).Outbox()
	p.Outbox = message.NewOutbox(p.store, keyringtest.New(t), map[string]message.Transport{"EMAIL": sender(t, p.sink)}, p.clock.Now,
		slog.New(slog.NewTextHandler(&p.log, nil)))
	return p
}

func (p *post) send(to string) {
	p.t.Helper()
	if err := p.Send(p.t.Context(), code(to)); err != nil {
		p.t.Fatal(err)
	}
}

// drain delivers what is due and returns how many mails have arrived in all.
func (p *post) drain() int {
	p.t.Helper()
	if err := p.Drain(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
	return len(p.sink.Mails())
}

func (p *post) failed() []*message.Item {
	p.t.Helper()
	items, _, err := p.store.Log(p.t.Context(), "us-east-1_A", message.Failed, "", 50)
	if err != nil {
		p.t.Fatal(err)
	}
	return items
}

func TestOutboxDelivers(t *testing.T) {
	p := newPost(t)
	for range 20 { // more than a batch
		p.send("bob@example.com")
	}
	if n := p.drain(); n != 20 {
		t.Errorf("%d mails arrived", n)
	}
	if n := p.drain(); n != 20 {
		t.Errorf("%d mails after a second look", n)
	}
}

func TestOutboxWithoutTransport(t *testing.T) {
	p := newPost(t)
	m := code("+15551234567")
	m.Medium = "SMS"
	if err := p.Send(t.Context(), m); !errors.Is(err, message.ErrNotConfigured) {
		t.Errorf("Send: %v", err)
	}
	if err := p.Pretend(t.Context(), m); !errors.Is(err, message.ErrNotConfigured) {
		t.Errorf("Pretend: %v", err)
	}
}

// The code must not stand in the database, nor in the log, and one row's text
// must not open as another's.
func TestOutboxSealsTexts(t *testing.T) {
	p := newPost(t)
	p.send("bob@example.com")
	items, err := p.store.Claim(t.Context(), p.clock.Now(), 1)
	if err != nil || len(items) != 1 {
		t.Fatal(items, err)
	}
	if s := string(items[0].Sealed); strings.Contains(s, "123456") || strings.Contains(s, "bob") {
		t.Errorf("readable: %q", s)
	}
	items[0].ID = "moved"
	if err := p.store.Put(t.Context(), items[0]); err != nil {
		t.Fatal(err)
	}
	if n := p.drain(); n != 1 { // the first one only
		t.Errorf("%d mails", n)
	}
	if f := p.failed(); len(f) != 1 || f[0].ID != "moved" {
		t.Errorf("failed %+v", f)
	}
}

func TestOutboxRetries(t *testing.T) {
	p := newPost(t)
	p.sink.Refuse("RCPT", "451 4.3.0 later")
	p.send("bob@example.com")
	p.drain()
	for _, wait := range []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 8 * time.Minute} {
		p.clock.Advance(wait - time.Microsecond)
		before := strings.Count(p.log.String(), "not delivered yet")
		p.drain()
		if n := strings.Count(p.log.String(), "not delivered yet"); n != before {
			t.Errorf("tried before %v were over", wait)
		}
		p.clock.Advance(time.Microsecond)
		p.drain()
		if n := strings.Count(p.log.String(), "not delivered yet"); n != before+1 {
			t.Errorf("not tried after %v", wait)
		}
	}
	p.sink.Refuse("RCPT", "")
	p.clock.Advance(30 * time.Minute)
	if n := p.drain(); n != 1 || len(p.failed()) != 0 {
		t.Errorf("after recovery %d mails, failed %+v", n, p.failed())
	}
}

func TestOutboxGivesUp(t *testing.T) {
	p := newPost(t)
	p.sink.Refuse("RCPT", "451 4.3.0 later, bob@example.com")
	p.send("bob@example.com")
	for range 10 {
		p.drain()
		p.clock.Advance(31 * time.Minute)
	}
	f := p.failed()
	if len(f) != 1 || f[0].Tries != 6 || !strings.Contains(f[0].Reason, "451") || len(f[0].Sealed) != 0 {
		t.Fatalf("failed %+v", f)
	}
	if log := p.log.String(); strings.Contains(log+f[0].Reason, "bob") || strings.Contains(log, "123456") {
		t.Errorf("secrets in the log:\n%s", log)
	}
}

func TestOutboxWrongRecipient(t *testing.T) {
	p := newPost(t)
	p.sink.Refuse("RCPT TO:<NOBODY", "550 5.1.1 no such user")
	p.send("nobody@example.com")
	p.send("bob@example.com")
	p.send("not an address")
	if n := p.drain(); n != 1 {
		t.Errorf("%d mails", n)
	}
	if f := p.failed(); len(f) != 2 || f[0].Tries != 1 || f[1].Tries != 1 {
		t.Errorf("failed %+v", f)
	}
}

// Two nodes on one database deliver each message once.
func TestOutboxTwoWorkers(t *testing.T) {
	p := newPost(t)
	for range 60 {
		p.send("bob@example.com")
	}
	other := message.NewOutbox(p.store, p.Sealer, p.Transports, p.Now, p.Log)
	var wg sync.WaitGroup
	for _, o := range []*message.Outbox{p.Outbox, other} {
		wg.Go(func() {
			for range 20 {
				if err := o.Drain(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := len(p.sink.Mails()); n != 60 {
		t.Errorf("%d mails of 60", n)
	}
}

// What Pretend leaves is bounded, and is never sent.
func TestOutboxPretends(t *testing.T) {
	p := newPost(t)
	for range 100 {
		if err := p.Pretend(t.Context(), code("a@example.com")); err != nil {
			t.Fatal(err)
		}
	}
	if n := p.drain(); n != 0 {
		t.Errorf("%d mails", n)
	}
	decoys, _, err := p.store.Log(t.Context(), "", "", "", 50)
	if n := len(decoys); err != nil || n == 0 || n > 16 {
		t.Errorf("%d rows, %v", n, err)
	}
	if shown := p.failed(); len(shown) != 0 {
		t.Errorf("the pool's log has what was never sent: %+v", shown)
	}
}

// hanging is a transport that reports each call and waits to be let go.
type hanging struct{ called, release chan struct{} }

func (h hanging) Deliver(ctx context.Context, _ string, _ userpool.Mail) error {
	h.called <- struct{}{}
	select {
	case <-h.release:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Send wakes the worker; a stop lets the delivery under way finish.
func TestOutboxRun(t *testing.T) {
	p := newPost(t)
	h := hanging{make(chan struct{}), make(chan struct{})}
	p.Transports["EMAIL"] = h
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); p.Run(ctx) }()
	p.send("bob@example.com")
	<-h.called
	stop()
	close(h.release)
	<-done
	p.clock.Advance(time.Hour)
	if items, err := p.store.Claim(t.Context(), p.clock.Now(), 5); err != nil || len(items) != 0 {
		t.Errorf("left behind: %+v, %v", items, err)
	}
}

// A broken transport stands for a defect in a way out.
type broken struct{}

func (broken) Deliver(_ context.Context, _ string, m userpool.Mail) error { panic(m.Body) }

// A message that a transport panics over ends no process, neither now nor at its
// next start, and its text does not reach the log.
func TestOutboxSurvivesAPanic(t *testing.T) {
	p := newPost(t)
	p.Transports["EMAIL"] = broken{}
	p.send("bob@example.com")
	p.drain()
	if got := p.failed(); len(got) != 1 || len(got[0].Sealed) != 0 {
		t.Errorf("%+v", got)
	}
	if log := p.log.String(); strings.Contains(log, "123456") || !strings.Contains(log, "broken.Deliver") {
		t.Errorf("log: %s", log)
	}
}
