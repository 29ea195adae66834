package live

import (
	"context"
	"time"
)

// What is done every so many ticks, for each subscription at another one, so that
// the work is spread.
const (
	beatEvery  = 20 // a sign of life, which keeps proxies from closing the connection
	checkEvery = 30 // permission is asked for again
	sweepEvery = 60 // the log is read even if no bell rang: a Cluster may lose a message
)

// turn is the one clock of all subscriptions.
func (h *Hub) turn(ctx context.Context) {
	ticker := time.NewTicker(h.opt.Tick)
	defer ticker.Stop()
	for tick := 0; ; tick++ {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			h.tick(tick)
		}
	}
}

func (h *Hub) tick(tick int) {
	now := h.opt.Now()
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.subs {
		age := tick + s.slot
		if !s.req.Expires.IsZero() && !now.Before(s.req.Expires) {
			s.end(Expired)
		}
		if age%beatEvery == 0 {
			s.beat()
		}
		if age%checkEvery == 0 && s.req.Holds != nil {
			h.check.add(s)
		}
		if age%sweepEvery == 0 || s.feed.behind.Load() {
			h.due.add(s.feed)
		}
	}
}
