package message_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/http/httptest"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
	"github.com/poolhouse/poolhouse/userpool/message"
	"github.com/poolhouse/poolhouse/userpool/message/messagetest"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// sender returns an SMTP that delivers into a sink.
func sender(t *testing.T, sink *messagetest.Sink) *message.SMTP {
	t.Helper()
	s, err := message.ParseSMTP("smtp://" + sink.Addr)
	if err != nil {
		t.Fatal(err)
	}
	s.From = netmail.Address{Name: "Zoë's Pool", Address: "no-reply@example.com"}
	s.Now = func() time.Time { return noon }
	return s
}

func code(to string) userpool.Mail {
	return userpool.Mail{Pool: "us-east-1_A", To: to, Medium: "EMAIL", Subject: "Your code", Body: "It is 123456.", Kind: "signup"}
}

func TestSMTP(t *testing.T) {
	sink := messagetest.NewSink(t, nil)
	m := code("bob@example.com")
	m.Subject, m.Body = "Dein Code: schön", "Für dich:\n.\n123456 ü"
	if err := sender(t, sink).Deliver(t.Context(), "id1", m); err != nil {
		t.Fatal(err)
	}
	got := sink.Mails()
	if len(got) != 1 || got[0].From != "FROM:<no-reply@example.com>" || got[0].To != "TO:<bob@example.com>" {
		t.Fatalf("%+v", got)
	}
	read, err := netmail.ReadMessage(strings.NewReader(got[0].Data))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"Subject": m.Subject, "From": `Zoë's Pool <no-reply@example.com>`, "To": "<bob@example.com>",
		"Message-Id": "<id1@example.com>", "Auto-Submitted": "auto-generated", "Date": "Fri, 02 Jan 2026 12:00:00 +0000",
		"Content-Type": "text/plain; charset=UTF-8"} {
		got, err := new(mime.WordDecoder).DecodeHeader(read.Header.Get(name))
		if got = strings.ReplaceAll(got, `"`, ""); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", name, got, err, want)
		}
	}
	body, err := io.ReadAll(quotedprintable.NewReader(read.Body))
	if text := strings.TrimSpace(strings.ReplaceAll(string(body), "\r\n", "\n")); err != nil || text != m.Body {
		t.Errorf("body %q, %v", text, err)
	}
}

func TestSMTPHeadersCannotBeInjected(t *testing.T) {
	sink := messagetest.NewSink(t, nil)
	s := sender(t, sink)
	for _, subject := range []string{"a\r\nBcc: eve@example.com", "a\nBcc: eve@example.com", "a\rBcc: eve@example.com", "é\r\n\r\nBcc: eve@example.com", "\xff\r\nBcc: x"} {
		m := code("bob@example.com")
		m.Subject = subject
		if err := s.Deliver(t.Context(), "id", m); err != nil {
			t.Fatal(err)
		}
	}
	for _, got := range sink.Mails() {
		if read, err := netmail.ReadMessage(strings.NewReader(got.Data)); err != nil || read.Header.Get("Bcc") != "" || !strings.Contains(got.Data, "123456") {
			t.Errorf("%q, %v", got.Data, err)
		}
	}
	for _, to := range []string{"", "bob", "bob@example.com\r\nRCPT TO:<eve@example.com>", "bob@example.com, eve@example.com", "Eve <eve@example.com>",
		"<bob@example.com>", "bob@example.com\x00", "a\nb@example.com", "list:bob@example.com;"} {
		if err := s.Deliver(t.Context(), "id", code(to)); !errors.Is(err, message.ErrPermanent) {
			t.Errorf("to %q: %v", to, err)
		}
	}
	if n := len(sink.Mails()); n != 5 {
		t.Errorf("%d mails", n)
	}
}

func TestSMTPErrors(t *testing.T) {
	for _, tt := range []struct {
		command, answer string
		permanent       bool
	}{
		{"RCPT", "550 5.1.1 no bob@example.com here", true},
		{"RCPT", "451 4.3.0 bob@example.com later", false},
		{"DATA", "554 5.7.1 bob@example.com: spam", true},
		{"MAIL", "550 5.7.1 bob@example.com: sign in", false}, // the operator's mistake, not the user's
		{"EHLO", "421 bob@example.com: busy", false},
	} {
		sink := messagetest.NewSink(t, nil)
		s := sender(t, sink)
		sink.Refuse(tt.command, tt.answer)
		if tt.command == "EHLO" {
			sink.Refuse("HELO", tt.answer)
		}
		err := s.Deliver(t.Context(), "id", code("bob@example.com"))
		if err == nil || errors.Is(err, message.ErrPermanent) != tt.permanent || strings.Contains(err.Error(), "bob") || !strings.Contains(err.Error(), tt.answer[:3]) {
			t.Errorf("%s %s: %v", tt.command, tt.answer, err)
		}
		sink.Refuse(tt.command, "")
		sink.Refuse("HELO", "")
		if err := s.Deliver(t.Context(), "id", code("bob@example.com")); err != nil {
			t.Errorf("recovered: %v", err)
		}
	}
	sink := messagetest.NewSink(t, nil)
	sink.Refuse("RSET", "421 gone")
	if err := sender(t, sink).Deliver(t.Context(), "id", code("bob@example.com")); err != nil {
		t.Errorf("a mail that was taken is not sent again: %v", err)
	}
}

// certificate returns a server's side for 127.0.0.1 and who trusts it.
func certificate(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	srv := httptest.NewTLSServer(nil)
	t.Cleanup(srv.Close)
	roots := x509.NewCertPool()
	roots.AddCert(srv.Certificate())
	return &tls.Config{Certificates: srv.TLS.Certificates}, roots
}

func TestSMTPOverTLS(t *testing.T) {
	conf, roots := certificate(t)
	sink := messagetest.NewSink(t, func(s *messagetest.Sink) { s.TLS, s.User, s.Password = conf, "pool", "hunter2" })
	s := sender(t, sink)
	s.Plain, s.User, s.Password = false, "pool", "hunter2"
	if err := s.Deliver(t.Context(), "id", code("bob@example.com")); err == nil || errors.Is(err, message.ErrPermanent) {
		t.Errorf("a certificate of nobody's: %v", err)
	}
	s.Roots = roots
	if err := s.Deliver(t.Context(), "id", code("bob@example.com")); err != nil {
		t.Fatal(err)
	}
	if got := sink.Mails(); len(got) != 1 || !got[0].Encrypted {
		t.Errorf("%+v", got)
	}
	s.Password = "wrong-one"
	err := s.Deliver(t.Context(), "id", code("bob@example.com"))
	if err == nil || errors.Is(err, message.ErrPermanent) || strings.Contains(err.Error(), "wrong-one") || !strings.Contains(err.Error(), "535") {
		t.Errorf("wrong password: %v", err)
	}
	plain := sender(t, messagetest.NewSink(t, nil))
	plain.Plain = false
	if err := plain.Deliver(t.Context(), "id", code("bob@example.com")); err == nil || !strings.Contains(err.Error(), "STARTTLS") {
		t.Errorf("a server without TLS: %v", err)
	}
}

func TestParseSMTP(t *testing.T) {
	for _, tt := range []struct {
		url             string
		port            int
		user            string
		implicit, plain bool
	}{
		{"smtp://mail.example.com", 587, "", false, false},
		{"smtp://bob%40example.com@mail.example.com:25/", 25, "bob@example.com", false, false},
		{"smtps://mail.example.com", 465, "", true, false},
		{"smtp://localhost:1025", 1025, "", false, true},
		{"smtp://[::1]", 587, "", false, true},
		{"smtps://127.0.0.1", 465, "", true, false},
	} {
		s, err := message.ParseSMTP(tt.url)
		if err != nil || s.Port != tt.port || s.User != tt.user || s.Implicit != tt.implicit || s.Plain != tt.plain {
			t.Errorf("%s: %+v, %v", tt.url, s, err)
		}
	}
	for _, bad := range []string{"", "mail.example.com:25", "http://hunter2.example.com", "smtp://", "smtp://u:hunter2@h", "smtp://h:0", "smtp://h:99999", "smtp://h/x", "smtp://h?hunter2", "smtp://hunter2\x7f"} {
		if _, err := message.ParseSMTP(bad); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestParseFrom(t *testing.T) {
	if a, err := message.ParseFrom("Pool <a@example.com>"); err != nil || a.Name != "Pool" || a.Address != "a@example.com" {
		t.Errorf("%+v, %v", a, err)
	}
	for _, bad := range []string{"", "x", "a@example.com\r\nBcc: b@example.com", "a@b, c@d"} {
		if _, err := message.ParseFrom(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

// A mail server may be named by an IPv6 address.
func TestSMTPAtIPv6Address(t *testing.T) {
	s, err := message.ParseSMTP("smtp://[::1]:1")
	if err != nil {
		t.Fatal(err)
	}
	s.From.Address, s.Now = "pool@example.com", time.Now
	if err := s.Deliver(t.Context(), "id", code("bob@example.com")); err == nil || strings.Contains(err.Error(), "colons") {
		t.Errorf("nobody was called: %v", err)
	}
}
