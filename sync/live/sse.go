package live

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"time"
)

// eventStream sets the headers of an event stream. A proxy must neither buffer nor
// change it.
func eventStream(h http.Header) {
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store, no-transform")
	h.Set("X-Accel-Buffering", "no")
}

// preface tells the client how long to wait before it comes back, in milliseconds;
// each another time, so that not all come at once when a node stops.
func preface() []byte {
	return append(strconv.AppendInt([]byte("retry: "), 1000+rand.Int64N(4000), 10), "\n\n"...)
}

// appendSSE writes events in the form of the HTML standard, 9.2.5. A block without
// data only sets the ID, and a comment does nothing.
func appendSSE(b []byte, events []Event) []byte {
	if len(events) == 0 {
		return append(b, ":\n\n"...)
	}
	for i := range events {
		e := &events[i]
		if e.ID != "" {
			b = append(append(append(b, "id: "...), e.ID...), '\n')
		}
		if e.Kind != Position {
			b = fmt.Appendf(b, "event: %s\ndata: %s\n", e.Kind, e.data())
		}
		b = append(b, '\n')
	}
	return b
}

// A rawClient is a connection of HTTP/1.1 that was taken over. The end of the
// answer is the end of the connection.
type rawClient struct {
	conn     net.Conn
	first    []byte // sent before all else
	patience time.Duration
}

// takeOver serves an event stream on the connection itself. It reports whether it
// could have it.
func takeOver(w http.ResponseWriter, s *Subscription) bool {
	eventStream(w.Header())
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return false
	}
	c := &rawClient{conn: conn, patience: s.hub.opt.Patience, first: append(responseHead(w.Header()), preface()...)}
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		// The client has nothing more to say: this ends when it leaves.
		_, _ = conn.Read(make([]byte, 1))
	}()
	go s.run(c, gone)
	return true
}

func responseHead(h http.Header) []byte {
	b := []byte("HTTP/1.1 200 OK\r\nConnection: close\r\n")
	h.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	for name, values := range h {
		for _, v := range values {
			b = fmt.Appendf(b, "%s: %s\r\n", name, v)
		}
	}
	return append(b, "\r\n"...)
}

func (c *rawClient) send(events []Event) error {
	b := appendSSE(c.first, events)
	c.first = nil
	if err := c.conn.SetWriteDeadline(time.Now().Add(c.patience)); err != nil {
		return err
	}
	_, err := c.conn.Write(b)
	return err
}

func (c *rawClient) close() { _ = c.conn.Close() }

// A streamClient is a stream of HTTP/2, or any other writer that can flush.
type streamClient struct {
	w        http.ResponseWriter
	ctl      *http.ResponseController
	first    []byte
	patience time.Duration
}

func serveStream(w http.ResponseWriter, r *http.Request, s *Subscription) {
	eventStream(w.Header())
	w.WriteHeader(http.StatusOK)
	s.run(&streamClient{w, http.NewResponseController(w), preface(), s.hub.opt.Patience}, r.Context().Done())
}

// send sets a deadline of its own: the server's is one for the whole answer.
func (c *streamClient) send(events []Event) error {
	b := appendSSE(c.first, events)
	c.first = nil
	if err := c.ctl.SetWriteDeadline(time.Now().Add(c.patience)); err != nil {
		return err
	}
	if _, err := c.w.Write(b); err != nil {
		return err
	}
	if err := c.ctl.Flush(); err != nil {
		return err
	}
	return c.ctl.SetWriteDeadline(time.Time{})
}

func (c *streamClient) close() {}
