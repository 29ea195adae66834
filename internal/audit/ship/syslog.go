package ship

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// A Syslog is a sink that sends RFC 5424 messages: over TCP and TLS with their
// length before each (RFC 6587 section 3.4.1, RFC 5425), over UDP a datagram each
// (RFC 5426). The protocol acknowledges nothing: what a collector had received
// but not kept when it broke is lost, and datagrams are lost without notice.
type Syslog struct {
	network, address string
	tls              *tls.Config // nil without TLS
	host             string
	conn             net.Conn
}

// NewSyslog makes a sink of udp://HOST:PORT, tcp:// or tls://. ca is who has to
// vouch for the collector, nil for the system's authorities.
func NewSyslog(address string, ca *x509.CertPool) (*Syslog, error) {
	u, err := url.Parse(address)
	if err != nil || u.Port() == "" || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.User != nil {
		return nil, fmt.Errorf("%q: want udp, tcp or tls://HOST:PORT", address)
	}
	s := &Syslog{network: u.Scheme, address: u.Host, host: "-"}
	switch u.Scheme {
	case "udp", "tcp":
	case "tls":
		s.network, s.tls = "tcp", &tls.Config{ServerName: u.Hostname(), RootCAs: ca, MinVersion: tls.VersionTLS12}
	default:
		return nil, fmt.Errorf("%q: want udp, tcp or tls://HOST:PORT", address)
	}
	if name, err := os.Hostname(); err == nil && name != "" && len(name) <= 255 {
		s.host = name
	}
	return s, nil
}

// Bounds of what is sent.
const (
	syslogTime  = 30 * time.Second
	maxDatagram = 60_000 // bytes; one of UDP holds 65,507
	goneTime    = time.Millisecond
)

// priority is facility 13, log audit, of severity 6, informational (RFC 5424 section 6.2.1).
const priority = 13*8 + 6

// Write implements Sink.
func (s *Syslog) Write(ctx context.Context, lines []Line) error {
	if err := s.connect(ctx); err != nil {
		return err
	}
	if err := s.send(lines); err != nil {
		return errors.Join(err, s.Close())
	}
	return nil
}

func (s *Syslog) connect(ctx context.Context) error {
	if s.conn != nil {
		return nil
	}
	var err error
	dialer := &net.Dialer{Timeout: syslogTime}
	if s.tls != nil {
		s.conn, err = (&tls.Dialer{NetDialer: dialer, Config: s.tls}).DialContext(ctx, s.network, s.address)
	} else {
		s.conn, err = dialer.DialContext(ctx, s.network, s.address)
	}
	if err != nil {
		s.conn = nil
	}
	return err
}

func (s *Syslog) send(lines []Line) error {
	if err := s.conn.SetDeadline(time.Now().Add(syslogTime)); err != nil {
		return err
	}
	if s.network == "udp" {
		for _, l := range lines {
			if _, err := s.conn.Write(s.message(l)); err != nil {
				return err
			}
		}
		return nil
	}
	var text bytes.Buffer
	for _, l := range lines {
		m := s.message(l)
		text.WriteString(strconv.Itoa(len(m)))
		text.WriteByte(' ')
		text.Write(m)
	}
	if err := s.gone(); err != nil { // before, or the first batch would go to nobody
		return err
	}
	if _, err := s.conn.Write(text.Bytes()); err != nil {
		return err
	}
	return s.gone()
}

// gone looks whether the collector has closed the connection. It never sends
// anything.
func (s *Syslog) gone() error {
	if err := s.conn.SetReadDeadline(time.Now().Add(goneTime)); err != nil {
		return err
	}
	_, err := s.conn.Read(make([]byte, 1))
	var late net.Error
	if errors.As(err, &late) && late.Timeout() {
		return nil
	}
	if err == nil {
		return errors.New("the syslog collector talks back")
	}
	return err
}

// message writes a line as RFC 5424 has it (section 6).
func (s *Syslog) message(l Line) []byte {
	text := l.JSON
	if s.network == "udp" && len(text) > maxDatagram {
		text = []byte(`{"omitted":"the record is too large for a datagram"}`)
	}
	return fmt.Appendf(nil, "<%d>1 %s %s poolhouse %d %s - %s", priority, l.Time.UTC().Format("2006-01-02T15:04:05.000000Z07:00"),
		s.host, os.Getpid(), messageID(l.Name), text)
}

// messageID is the name of the event as far as it can be a MSGID: 32 printable
// characters of ASCII.
func messageID(name string) string {
	name = strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return -1
		}
		return r
	}, name)
	if name == "" {
		return "-"
	}
	return name[:min(len(name), 32)]
}

// Close implements Sink.
func (s *Syslog) Close() error {
	if s.conn == nil {
		return nil
	}
	err := s.conn.Close()
	s.conn = nil
	return err
}
