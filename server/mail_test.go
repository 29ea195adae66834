package server_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsclient"
	"github.com/poolhouse/poolhouse/server"
	"github.com/poolhouse/poolhouse/server/servertest"
	"github.com/poolhouse/poolhouse/userpool"
	"github.com/poolhouse/poolhouse/userpool/message/messagetest"
)

// withMail makes a server send mails into a sink.
func withMail(sink *messagetest.Sink) servertest.Options {
	return servertest.Options{Edit: func(c *server.Config) {
		c.SMTPURL, c.MailFrom = "smtp://"+sink.Addr, "Pool <no-reply@example.com>"
	}}
}

// register makes a pool that verifies an attribute, with a client, and signs up.
func register(t *testing.T, s *server.Server, attribute, value string) (*userpool.Client, error) {
	t.Helper()
	p := userpool.NewPool("Company")
	p.AutoVerified = []string{attribute}
	p, err := s.Pools.CreatePool(t.Context(), p, nil)
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.Pools.CreateClient(t.Context(), userpool.NewClient(p.ID, "app"))
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = s.Pools.SignUp(t.Context(), c, userpool.SignUp{Username: "bob", Password: "Bobs-password-1", Attributes: map[string]string{attribute: value}})
	return c, err
}

var sixDigits = regexp.MustCompile(`\b[0-9]{6}\b`)

// The code of a sign-up arrives by mail and confirms the user. A stop delivers
// what was caused just before it.
func TestMailArrives(t *testing.T) {
	servertest.Each(t, func(t *testing.T, p servertest.Profile) {
		sink := messagetest.NewSink(t, nil)
		cfg := servertest.Config(t, p)
		s, stop := servertest.Open(t, cfg, withMail(sink))
		c, err := register(t, s, "email", "bob@example.com")
		if err != nil {
			t.Fatal(err)
		}
		stop()
		mails := sink.Mails()
		if len(mails) != 1 || mails[0].To != "TO:<bob@example.com>" {
			t.Fatalf("%+v", mails)
		}
		_, body, _ := strings.Cut(mails[0].Data, "\n\n")
		s, stop = servertest.Open(t, cfg, withMail(sink))
		defer stop()
		if err := s.Pools.ConfirmSignUp(t.Context(), c, "bob", sixDigits.FindString(body), false); err != nil {
			t.Error(err)
		}
	})
}

// A mail server that is down holds nobody up and loses nothing: another start
// delivers.
func TestMailSurvivesARestart(t *testing.T) {
	servertest.Each(t, func(t *testing.T, p servertest.Profile) {
		sink := messagetest.NewSink(t, nil)
		sink.Refuse("MAIL", "451 4.3.0 down")
		cfg := servertest.Config(t, p)
		s, stop := servertest.Open(t, cfg, withMail(sink))
		if _, err := register(t, s, "email", "bob@example.com"); err != nil {
			t.Fatal(err)
		}
		stop()
		if n := len(sink.Mails()); n != 0 {
			t.Fatalf("%d mails", n)
		}
		sink.Refuse("MAIL", "")
		later := withMail(sink)
		later.Now = func() time.Time { return time.Now().Add(10 * time.Minute) }
		_, stop = servertest.Open(t, cfg, later)
		stop() // delivers what is due before it returns
		if n := len(sink.Mails()); n != 1 {
			t.Errorf("%d mails after the restart", n)
		}
	})
}

func TestTextMessages(t *testing.T) {
	got := make(chan map[string]string, 1)
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var event struct{ Data map[string]string }
		body, _ := io.ReadAll(r.Body)
		if err := json.Unmarshal(body, &event); err != nil || !strings.HasPrefix(r.Header.Get("Webhook-Signature"), "v1,") {
			t.Errorf("%s %v: %v", body, r.Header, err)
		}
		got <- event.Data
	}))
	defer hook.Close()
	s := servertest.Start(t, servertest.Embedded, servertest.Options{Edit: func(c *server.Config) {
		c.SMSWebhook, c.SMSWebhookSecret = hook.URL, "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	}})
	if _, err := register(t, s, "phone_number", "+15551234567"); err != nil {
		t.Fatal(err)
	}
	if data := <-got; data["to"] != "+15551234567" || !sixDigits.MatchString(data["body"]) {
		t.Errorf("%v", data)
	}
	if _, err := register(t, s, "email", "bob@example.com"); err == nil {
		t.Error("a mail was taken without a mail server")
	}
}

// What a mail server refuses for good is in the pool's log, and says why.
func TestRefusedMailIsInTheLog(t *testing.T) {
	sink := messagetest.NewSink(t, nil)
	sink.Refuse("RCPT", "550 no such user")
	s := servertest.Start(t, servertest.Embedded, withMail(sink))
	c, err := register(t, s, "email", "bob@example.com")
	if err != nil {
		t.Fatal(err)
	}
	client := awsclient.New(s.URL(), "us-east-1")
	key := &awsclient.Key{AccessKeyID: servertest.RootAccessKeyID, SecretAccessKey: servertest.RootSecretAccessKey}
	var out struct {
		Deliveries []struct{ State, Kind, Destination, Reason string }
	}
	for deadline := time.Now().Add(20 * time.Second); len(out.Deliveries) == 0; runtime.Gosched() {
		err := client.JSON(t.Context(), "Poolhouse.ListMessageDeliveries", map[string]any{"UserPoolId": c.Pool, "State": "FAILED"}, &out, key)
		if err != nil || time.Now().After(deadline) {
			t.Fatal("not in the log: ", err)
		}
	}
	d := out.Deliveries[0]
	if d.State != "FAILED" || d.Kind != "signup" || d.Destination != "b***@e***" || !strings.Contains(d.Reason, "550") {
		t.Errorf("%+v", d)
	}
}

// Nothing of a password stands in what the server logs or says.
func TestMailPasswordInURLIsNotShown(t *testing.T) {
	cfg := servertest.Config(t, servertest.Embedded)
	cfg.SMTPURL, cfg.MailFrom = "smtp://bob:hunter2@mail.example.com", "a@example.com"
	if _, err := server.Open(context.Background(), cfg, slog.New(slog.DiscardHandler), time.Now); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("error %v", err)
	}
}
