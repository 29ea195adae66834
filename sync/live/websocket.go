package live

import (
	"context"
	"net/http"
	"time"

	"github.com/coder/websocket"
)

// A socketClient is a WebSocket. Events are text messages; a sign of life is a ping,
// which the client must answer.
type socketClient struct {
	conn     *websocket.Conn
	patience time.Duration
}

// serveWebSocket accepts a WebSocket from pages of any origin. An origin check is
// against pages that use a visitor's cookies; here each request is signed, and a page
// that can sign has the credentials itself.
func serveWebSocket(w http.ResponseWriter, r *http.Request, s *Subscription) {
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil { // which was answered
		s.Close()
		return
	}
	gone := conn.CloseRead(context.Background()).Done() // a client that sends anything is ended
	go s.run(&socketClient{conn, s.hub.opt.Patience}, gone)
}

func (c *socketClient) send(events []Event) error {
	ctx, cancel := context.WithTimeout(context.Background(), c.patience)
	defer cancel()
	if len(events) == 0 {
		return c.conn.Ping(ctx)
	}
	for i := range events {
		if err := c.conn.Write(ctx, websocket.MessageText, events[i].message()); err != nil {
			return err
		}
		if events[i].Kind == Bye {
			return c.conn.Close(status(events[i].Reason), string(events[i].Reason))
		}
	}
	return nil
}

// status returns the code of RFC 6455, 7.4.1, that a socket is closed with.
func status(why Reason) websocket.StatusCode {
	switch why {
	case Stopping:
		return websocket.StatusGoingAway
	case TooSlow:
		return websocket.StatusTryAgainLater
	}
	return websocket.StatusPolicyViolation
}

func (c *socketClient) close() { _ = c.conn.CloseNow() }
