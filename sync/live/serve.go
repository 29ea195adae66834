package live

import (
	"net/http"
	"strings"
)

// A client is the other end of a subscription.
type client interface {
	// send sends events, or a sign of life where there are none.
	send(events []Event) error
	close()
}

// Serve answers a request with the events of s, which it closes. Where it can it
// takes the connection over and returns at once: then a client that waits costs
// two small goroutines, and neither net/http's buffers nor the request.
func Serve(w http.ResponseWriter, r *http.Request, s *Subscription) {
	switch {
	case isWebSocket(r):
		serveWebSocket(w, r, s)
	case r.ProtoMajor == 1 && takeOver(w, s):
	default:
		serveStream(w, r, s)
	}
}

// run sends what there is to be sent until the client is gone or was told goodbye.
func (s *Subscription) run(c client, gone <-chan struct{}) {
	defer s.Close()
	defer c.close()
	for {
		select {
		case <-gone:
			return
		case <-s.Wake():
		}
		events := s.Take()
		if c.send(events) != nil || len(events) > 0 && events[len(events)-1].Kind == Bye {
			return
		}
	}
}

func isWebSocket(r *http.Request) bool {
	for _, v := range r.Header["Upgrade"] {
		if strings.EqualFold(strings.TrimSpace(v), "websocket") {
			return true
		}
	}
	return false
}
