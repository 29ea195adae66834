package live

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

// serving returns a server that follows alice's datasets, with deadlines so short
// that a stream which kept to them would break.
func serving(t *testing.T, h *Hub, h2 bool) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sub, err := h.Subscribe(r.Context(), Request{Owner: alice, After: dataset.LogID(r.Header.Get("Last-Event-ID"))})
		if err != nil {
			t.Error(err)
			return
		}
		Serve(w, r, sub)
	}))
	s.Config.ReadTimeout, s.Config.WriteTimeout, s.Config.IdleTimeout = 100*time.Millisecond, 100*time.Millisecond, 100*time.Millisecond
	if s.EnableHTTP2 = h2; h2 {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return s
}

// lines reads a stream line by line.
func lines(t *testing.T, body io.Reader) func(...string) {
	in := bufio.NewReader(body)
	return func(want ...string) {
		t.Helper()
		for _, w := range want {
			line, err := in.ReadString('\n')
			if got := strings.TrimSuffix(line, "\n"); got != w && !(w == "retry" && strings.HasPrefix(got, "retry: ")) {
				t.Fatalf("got %q, %v, want %q", got, err, w)
			}
		}
	}
}

func TestEventStream(t *testing.T) {
	for name, h2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2.0": true} {
		t.Run(name, func(t *testing.T) {
			l := newLog()
			h := newHub(t, l, Options{})
			s := serving(t, h, h2)
			resp, err := s.Client().Get(s.URL)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if resp.Proto != name || resp.Header.Get("Content-Type") != "text/event-stream" || resp.Header.Get("Date") == "" ||
				resp.Header.Get("Cache-Control") != "no-store, no-transform" || resp.Header.Get("X-Accel-Buffering") != "no" {
				t.Errorf("%s %v", resp.Proto, resp.Header)
			}
			next := lines(t, resp.Body)
			next("retry", "", "id: 0", "")
			l.add(alice, "a\n<b>")
			next("id: 1", "event: change", `data: {"datasetName":"a\n\u003cb\u003e","syncCount":1,"lastModifiedBy":"","deleted":false}`, "")
			<-time.After(4 * s.Config.WriteTimeout) // the server's own deadlines pass
			for tick := range beatEvery {
				h.tick(tick)
			}
			next(":", "")
			l.lose(alice, "b")
			next("id: 2", "event: reset", "data: {}", "")
			go h.Stop(context.Background())
			next("event: bye", `data: {"reason":"server stops"}`, "")
			if rest, err := io.ReadAll(resp.Body); err != nil || len(rest) > 0 {
				t.Errorf("then %q, %v", rest, err)
			}
		})
	}
}

func TestWebSocket(t *testing.T) {
	l := newLog()
	h := newHub(t, l, Options{})
	s := serving(t, h, false)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	pinged := make(chan bool, 1)
	c, _, err := websocket.Dial(ctx, s.URL, &websocket.DialOptions{OnPingReceived: func(context.Context, []byte) bool {
		pinged <- true
		return true
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	want := func(text string) {
		t.Helper()
		kind, got, err := c.Read(ctx)
		if err != nil || kind != websocket.MessageText || string(got) != text {
			t.Fatalf("%v %s %v, want %s", kind, got, err, text)
		}
	}
	want(`{"type":"position","id":"0"}`)
	for tick := range beatEvery {
		h.tick(tick)
	}
	change := make(chan string, 1)
	go func() { // whoever reads answers the ping
		_, text, err := c.Read(ctx)
		change <- fmt.Sprint(string(text), " ", err)
	}()
	select {
	case <-pinged:
	case <-ctx.Done():
		t.Fatal("no ping came where nothing changed")
	}
	l.add(alice, "a")
	if got := <-change; got != `{"type":"change","id":"1","datasetName":"a","syncCount":1,"lastModifiedBy":"","deleted":false} <nil>` {
		t.Fatal(got)
	}
	l.lose(alice, "b")
	want(`{"type":"reset","id":"2"}`)
	go h.Stop(context.Background())
	want(`{"type":"bye","reason":"server stops"}`)
	if _, _, err := c.Read(ctx); websocket.CloseStatus(err) != websocket.StatusGoingAway {
		t.Error(err)
	}
}

// A subscription ends when its client leaves, and when it says something.
func TestClientLeaves(t *testing.T) {
	h := newHub(t, newLog(), Options{})
	s := serving(t, h, false)
	for name, leave := range map[string]func(net.Conn){
		"closes": func(c net.Conn) { c.Close() },
		"speaks": func(c net.Conn) { io.WriteString(c, "GET / HTTP/1.1\r\n\r\n") },
	} {
		c, err := net.Dial("tcp", s.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		if line, err := bufio.NewReader(c).ReadString('\n'); line != "HTTP/1.1 200 OK\r\n" {
			t.Errorf("%s: %q %v", name, line, err)
		}
		leave(c)
		until(t, func() bool { return h.Open() == 0 })
	}
}

func until(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not happen")
		}
	}
}

// A client that does not read is cut off after a while, and holds up nobody.
func TestClientDoesNotRead(t *testing.T) {
	l := newLog()
	h := newHub(t, l, Options{Patience: 50 * time.Millisecond})
	pipes := make(pipeListener, 1)
	server := &http.Server{Handler: serving(t, h, false).Config.Handler}
	go server.Serve(pipes)
	defer server.Close()
	near, far := net.Pipe() // which buffers nothing
	pipes <- far
	io.WriteString(near, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	quick := listen(t, h, Request{})
	until(t, func() bool { return h.Open() == 2 })
	quick.want("position @0")
	start := time.Now()
	l.add(alice, "a")
	quick.want("change a 1 @1")
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("somebody else waited %v", d)
	}
	until(t, func() bool { return h.Open() == 1 })
	if _, err := io.ReadAll(near); err != nil && !errors.Is(err, io.EOF) {
		t.Errorf("the connection was not closed: %v", err)
	}
}

type pipeListener chan net.Conn

func (p pipeListener) Accept() (net.Conn, error) {
	c, ok := <-p
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}

func (p pipeListener) Close() error { close(p); return nil }

func (p pipeListener) Addr() net.Addr { return &net.TCPAddr{} }
