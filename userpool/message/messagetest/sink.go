package messagetest

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"io"
	"net"
	"net/textproto"
	"slices"
	"strings"
	"sync"
	"testing"
)

// A Sink is a mail server that keeps what it is given.
type Sink struct {
	Addr string
	// TLS is offered by STARTTLS, where set; User and Password are asked for then.
	TLS            *tls.Config
	User, Password string

	listener net.Listener
	mu       sync.Mutex
	got      []Received
	refuse   map[string]string // answer to a command that begins so
	sessions sync.WaitGroup
}

// Received is a mail that a Sink took.
type Received struct {
	From, To, Data string
	Encrypted      bool
}

// NewSink returns a Sink that listens on a port of loopback until the test ends.
// edit, which may be nil, changes it before the first connection.
func NewSink(t testing.TB, edit func(*Sink)) *Sink {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Sink{Addr: l.Addr().String(), listener: l, refuse: map[string]string{}}
	if edit != nil {
		edit(s)
	}
	s.sessions.Go(s.accept)
	t.Cleanup(func() { l.Close(); s.sessions.Wait() })
	return s
}

// Refuse makes the server answer a command that begins with prefix, upper case,
// so. An empty answer lets it through again.
func (s *Sink) Refuse(prefix, answer string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse[prefix] = answer
}

// Mails returns what has arrived.
func (s *Sink) Mails() []Received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got)
}

func (s *Sink) accept() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.sessions.Go(func() {
			c := &session{sink: s, conn: conn}
			c.serve()
			_ = c.conn.Close()
		})
	}
}

func (s *Sink) refusal(line string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for prefix, answer := range s.refuse {
		if answer != "" && strings.HasPrefix(strings.ToUpper(line), prefix) {
			return answer
		}
	}
	return ""
}

// A session is one client's dialogue (RFC 5321).
type session struct {
	sink   *Sink
	conn   net.Conn
	in     *textproto.Reader
	mail   Received
	signed bool
}

func (c *session) say(line string) { io.WriteString(c.conn, line+"\r\n") }

func (c *session) serve() {
	c.in = textproto.NewReader(bufio.NewReader(c.conn))
	c.say("220 sink")
	for {
		line, err := c.in.ReadLine()
		if err != nil {
			return
		}
		if answer := c.sink.refusal(line); answer != "" {
			c.say(answer)
			continue
		}
		if c.command(line) {
			return
		}
	}
}

// command answers a line and reports whether it was the last.
func (c *session) command(line string) (last bool) {
	verb, rest, _ := strings.Cut(line, " ")
	switch strings.ToUpper(verb) {
	case "EHLO", "HELO":
		c.hello()
	case "STARTTLS":
		c.say("220 go")
		c.conn = tls.Server(c.conn, c.sink.TLS)
		c.in, c.mail.Encrypted = textproto.NewReader(bufio.NewReader(c.conn)), true
	case "AUTH":
		c.auth(rest)
	case "MAIL":
		c.mail.From = rest
		c.say(c.may())
	case "RCPT":
		c.mail.To = rest
		c.say("250 ok")
	case "DATA":
		c.say("354 go")
		data, err := c.in.ReadDotBytes()
		if err != nil {
			return true
		}
		c.keep(string(data))
	case "QUIT":
		c.say("221 bye")
		return true
	default: // NOOP, RSET
		c.say("250 ok")
	}
	return false
}

func (c *session) hello() {
	c.say("250-sink")
	if c.sink.TLS != nil && !c.mail.Encrypted {
		c.say("250-STARTTLS")
	}
	if c.sink.User != "" {
		c.say("250-AUTH PLAIN")
	}
	c.say("250 ENHANCEDSTATUSCODES")
}

func (c *session) auth(rest string) {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(rest, "PLAIN "))
	if c.signed = err == nil && string(raw) == "\x00"+c.sink.User+"\x00"+c.sink.Password; c.signed {
		c.say("235 2.7.0 ok")
		return
	}
	c.say("535 5.7.8 no")
}

func (c *session) may() string {
	if c.sink.User != "" && !c.signed {
		return "530 5.7.0 sign in first"
	}
	return "250 ok"
}

func (c *session) keep(data string) {
	c.mail.Data = data
	c.sink.mu.Lock()
	c.sink.got = append(c.sink.got, c.mail)
	c.sink.mu.Unlock()
	c.say("250 2.0.0 taken")
}
