package server

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
	"github.com/poolhouse/poolhouse/userpool/message"
)

// A transport delivers by a function.
type transport func()

func (f transport) Deliver(context.Context, string, userpool.Mail) error {
	f()
	return nil
}

// openWithMail opens a server whose mails go to a transport. One mail is due.
func openWithMail(t *testing.T, to func(s *Server)) *Server {
	t.Helper()
	cfg := Config{Addr: "127.0.0.1:0", Data: t.TempDir(), Region: "us-east-1", Account: "000000000000",
		SMTPURL: "smtp://127.0.0.1:1", MailFrom: "no-reply@example.com"}
	s, err := Open(t.Context(), cfg, slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	s.outbox.Transports = map[string]message.Transport{"EMAIL": transport(func() { to(s) })}
	queue(t, s)
	return s
}

func queue(t *testing.T, s *Server) {
	t.Helper()
	if err := s.outbox.Send(t.Context(), userpool.Mail{Medium: "EMAIL", To: "bob@example.com"}); err != nil {
		t.Error(err)
	}
}

// A server whose listener fails finishes the delivery under way: what is handed
// over and not noted would be handed over again.
func TestFailedServerFinishesItsDelivery(t *testing.T) {
	delivered := make(chan struct{})
	s := openWithMail(t, func(s *Server) {
		_ = s.listener.Close()
		<-time.After(300 * time.Millisecond) // for Serve to return in, if it does not wait
		close(delivered)
	})
	if err := s.Serve(t.Context()); err == nil {
		t.Error("no error of a listener that failed")
	}
	select {
	case <-delivered:
	default:
		t.Error("Serve returned before the delivery ended")
	}
}

// A mail server that hangs does not hold up a stop beyond its time, also where
// the mail became due after the stop was asked for.
func TestStopEndsInTime(t *testing.T) {
	first, hang := make(chan struct{}, 1), make(chan struct{})
	first <- struct{}{}
	started, release := make(chan struct{}), make(chan struct{})
	s := openWithMail(t, func(s *Server) {
		select {
		case <-first:
			queue(t, s)
			close(started)
			<-release
		default:
			<-hang
		}
	})
	defer close(hang)
	finish := s.deliver(t.Context())
	<-started
	time.AfterFunc(100*time.Millisecond, func() { close(release) }) // the worker was told to stop by then
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	finished := make(chan struct{})
	go func() {
		finish(ctx)
		close(finished)
	}()
	select {
	case <-finished:
	case <-time.After(5 * time.Second):
		t.Error("the stop waits for a mail server that hangs")
	}
}
