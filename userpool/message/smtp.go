package message

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"net/netip"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/poolhouse/poolhouse/userpool"
)

// smtpTimeout bounds the dialogue up to the message, and again the message.
const smtpTimeout = 15 * time.Second

// SMTP delivers mails to a server that sends them on.
type SMTP struct {
	Host     string
	Port     int
	Implicit bool // TLS from the first byte (RFC 8314), not by STARTTLS
	Plain    bool // no TLS at all: only for a server on this machine
	User     string
	Password string
	From     netmail.Address
	Now      func() time.Time
	Roots    *x509.CertPool // of the server's certificate; the system's where nil
}

// ParseSMTP reads the URL of a mail server, smtp://[USER@]HOST[:PORT] or
// smtps://…, without a password. Its STARTTLS is required, but on loopback
// addresses there is no network to hide from and TLS is not used. Errors show
// nothing of the URL: a password may stand in it by mistake.
func ParseSMTP(raw string) (*SMTP, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "smtp" && u.Scheme != "smtps" || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" ||
		u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("want smtp://[USER@]HOST[:PORT] or smtps://[USER@]HOST[:PORT]")
	}
	if _, set := u.User.Password(); set {
		return nil, errors.New("a password must not stand in it; set POOLHOUSE_SMTP_PASSWORD")
	}
	s := &SMTP{Host: u.Hostname(), Port: mail.DefaultPortTLS, User: u.User.Username(), Implicit: u.Scheme == "smtps"}
	if s.Implicit {
		s.Port = mail.DefaultPortSSL
	}
	if p := u.Port(); p != "" {
		if s.Port, err = strconv.Atoi(p); err != nil || s.Port < 1 || s.Port > 65535 {
			return nil, errors.New("port: want 1 to 65535")
		}
	}
	s.Plain = !s.Implicit && isLoopback(s.Host)
	return s, nil
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// Deliver implements Transport.
func (s *SMTP) Deliver(ctx context.Context, id string, m userpool.Mail) error {
	msg, err := s.compose(id, m)
	if err != nil {
		return err
	}
	line := &line{dial: s.dial(), address: net.JoinHostPort(s.Host, strconv.Itoa(s.Port))}
	client, err := mail.NewClient(s.Host, s.options(line)...)
	if err != nil {
		return err
	}
	defer line.close()
	err = client.DialAndSendWithContext(ctx, msg)
	if msg.IsDelivered() {
		return nil // what failed is only the farewell
	}
	return safely(err)
}

// Probe goes the way of a mail up to the login, and sends none.
func (s *SMTP) Probe(ctx context.Context) error {
	line := &line{dial: s.dial(), address: net.JoinHostPort(s.Host, strconv.Itoa(s.Port))}
	client, err := mail.NewClient(s.Host, s.options(line)...)
	if err != nil {
		return err
	}
	defer line.close()
	if err := client.DialWithContext(ctx); err != nil {
		return safely(err)
	}
	return safely(client.Close())
}

func (s *SMTP) options(line *line) []mail.Option {
	options := []mail.Option{mail.WithPort(s.Port), mail.WithTimeout(smtpTimeout), mail.WithDialContextFunc(line.open),
		mail.WithTLSConfig(s.tls()), mail.WithTLSPolicy(mail.TLSMandatory)}
	switch {
	case s.Implicit:
		options = append(options, mail.WithSSL())
	case s.Plain:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	}
	if s.User != "" {
		options = append(options, mail.WithUsername(s.User), mail.WithPassword(s.Password),
			mail.WithOpportunisticSMTPAuth(mail.SMTPAuthSCRAMSHA256, mail.SMTPAuthPlain, mail.SMTPAuthLogin))
	}
	return options
}

func (s *SMTP) tls() *tls.Config {
	return &tls.Config{ServerName: s.Host, MinVersion: tls.VersionTLS12, RootCAs: s.Roots}
}

func (s *SMTP) dial() mail.DialContextFunc {
	if s.Implicit {
		return (&tls.Dialer{Config: s.tls()}).DialContext
	}
	return new(net.Dialer).DialContext
}

// A line is the connection of one delivery. The library leaves it open when a
// dialogue fails early, forgets the context once it is made, and writes IPv6
// addresses without their brackets.
type line struct {
	dial    mail.DialContextFunc
	address string
	conn    net.Conn
}

func (l *line) open(ctx context.Context, network, _ string) (net.Conn, error) {
	var err error
	l.conn, err = l.dial(ctx, network, l.address)
	return l.conn, err
}

// close hangs up. After a proper farewell there is nothing left to close.
func (l *line) close() {
	if l.conn != nil {
		_ = l.conn.Close()
	}
}

// safely returns an error without what the server said, because servers repeat
// addresses and texts, but with its code. The codes of RFC 5321 section 4.2.1
// that start with 5 will not change when the same mail comes again; yet when they
// answer the login, that is mended here and not by the user.
func safely(err error) error {
	var sent *mail.SendError
	var reply *textproto.Error
	switch {
	case errors.As(err, &sent):
		code := sent.ErrorCode()
		if code == 0 {
			return fmt.Errorf("smtp: %s: connection broke", sent.Reason)
		}
		refused := fmt.Errorf("smtp: %s: %d %s", sent.Reason, code, sent.EnhancedStatusCode())
		if code >= 500 && sent.Reason != mail.ErrSMTPMailFrom {
			refused = fmt.Errorf("%w: %w", ErrPermanent, refused)
		}
		return refused
	case errors.As(err, &reply):
		return fmt.Errorf("smtp: refused before the mail: %d", reply.Code)
	case err != nil:
		return fmt.Errorf("smtp: %w", err)
	}
	return nil
}
