package ship_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/audit/ship"
)

var line = ship.Line{Time: time.Date(2026, 11, 2, 3, 4, 5, 678901000, time.UTC), Name: "Assume Rôle", JSON: []byte(`{"a":"ü"}`)}

// form is a message of RFC 5424.
var form = regexp.MustCompile(`^<110>1 2026-11-02T03:04:05\.678901Z \S+ poolhouse \d+ AssumeRle - \{"a":"ü"\}$`)

// frame reads a message behind its length (RFC 6587 section 3.4.1).
func frame(t *testing.T, r *bufio.Reader) string {
	t.Helper()
	var n int
	if _, err := fmt.Fscanf(r, "%d ", &n); err != nil {
		t.Fatal(err)
	}
	text := make([]byte, n)
	if _, err := io.ReadFull(r, text); err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func collector(t *testing.T, l net.Listener) (accept func() net.Conn) {
	t.Helper()
	t.Cleanup(func() { l.Close() })
	conns := make(chan net.Conn)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if t, ok := c.(*tls.Conn); ok {
				_ = t.Handshake() // a client that refuses us is its test's business
			}
			conns <- c
		}
	}()
	return func() net.Conn { return <-conns }
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func syslog(t *testing.T, address string, ca *x509.CertPool) *ship.Syslog {
	t.Helper()
	s, err := ship.NewSyslog(address, ca)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestSyslogOverTCP(t *testing.T) {
	l := listen(t)
	accept, s := collector(t, l), syslog(t, "tcp://"+l.Addr().String(), nil)
	write := func() error { return s.Write(t.Context(), []ship.Line{line, line}) }
	if err := write(); err != nil {
		t.Fatal(err)
	}
	conn := accept()
	r := bufio.NewReader(conn)
	for range 2 {
		if m := frame(t, r); !form.MatchString(m) {
			t.Errorf("message %q", m)
		}
	}
	conn.Close() // the collector starts again
	if err := write(); err == nil {
		t.Error("written to nobody")
	}
	if err := write(); err != nil {
		t.Fatal(err)
	}
	if m := frame(t, bufio.NewReader(accept())); !form.MatchString(m) {
		t.Errorf("message %q", m)
	}
}

func TestSyslogOverTLS(t *testing.T) {
	server := httptest.NewTLSServer(nil)
	server.Close()
	l := tls.NewListener(listen(t), &tls.Config{Certificates: server.TLS.Certificates})
	accept, ca := collector(t, l), x509.NewCertPool()
	ca.AddCert(server.Certificate())
	if err := syslog(t, "tls://"+l.Addr().String(), nil).Write(t.Context(), []ship.Line{line}); err == nil {
		t.Error("an unknown authority was trusted")
	}
	accept().Close()
	if err := syslog(t, "tls://"+l.Addr().String(), ca).Write(t.Context(), []ship.Line{line}); err != nil {
		t.Fatal(err)
	}
	if m := frame(t, bufio.NewReader(accept())); !form.MatchString(m) {
		t.Errorf("message %q", m)
	}
}

func TestSyslogOverUDP(t *testing.T) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	s := syslog(t, "udp://"+conn.LocalAddr().String(), nil)
	large := ship.Line{Time: line.Time, Name: "x", JSON: []byte(`{"a":"` + strings.Repeat("x", 64<<10) + `"}`)}
	if err := s.Write(t.Context(), []ship.Line{line, large}); err != nil {
		t.Fatal(err)
	}
	text := make([]byte, 1<<16)
	for i, ok := range []func(string) bool{form.MatchString, func(m string) bool { return strings.HasSuffix(m, "too large for a datagram\"}") }} {
		n, _, err := conn.ReadFrom(text)
		if err != nil || !ok(string(text[:n])) {
			t.Errorf("message %d: %q, %v", i, text[:n], err)
		}
	}
}

func TestSyslogAddresses(t *testing.T) {
	for _, bad := range []string{"", "logs:514", "tcp://logs", "http://logs:514", "tcp://u@logs:514", "tcp://logs:514/x", "tcp://:514", "tcp://logs:514?x=1"} {
		if _, err := ship.NewSyslog(bad, nil); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
