package chain

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/userpool"
)

const (
	tellTime = 8 * time.Second // for all that are told without the browser, together
	atOnce   = 8               // so many calls
)

// tell tells of a sign-out, all at once, those who can be told without the browser, and
// returns what came of each stop: Waiting of those that take one. alone says that there
// is no browser to come. It goes on where whoever asked has gone.
func (h *Handler) tell(ctx context.Context, pool userpool.PoolID, stops []Stop, alone bool) []Outcome {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tellTime)
	defer cancel()
	all := make([]Outcome, len(stops))
	slots := make(chan struct{}, atOnce)
	var wg sync.WaitGroup
	for i, s := range stops {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			all[i] = h.tellOne(ctx, pool, s, alone)
		})
	}
	wg.Wait()
	return all
}

func (h *Handler) tellOne(ctx context.Context, pool userpool.PoolID, s Stop, alone bool) Outcome {
	guide, err := h.guide(s.Kind)
	var confirmed bool
	if err == nil {
		confirmed, err = guide.Tell(ctx, pool, s, alone)
	}
	switch {
	case errors.Is(err, sp.ErrBrowser):
		return Waiting
	case err != nil:
		h.Log.WarnContext(ctx, "telling of a sign-out without a browser", "pool", pool, "kind", s.Kind, "app", s.ID, "error", err)
		return Refused
	case !confirmed:
		return Refused
	}
	return Confirmed
}

// tellFirst tells those of a plan that can be told without the browser, before it sets out.
func (h *Handler) tellFirst(ctx context.Context, pool userpool.PoolID, p *plan) error {
	stops := make([]Stop, len(p.Stops))
	for i, s := range p.Stops {
		stops[i] = s.Stop
	}
	for i, o := range h.tell(ctx, pool, stops, false) {
		if o == Waiting {
			continue
		}
		if err := h.note(ctx, p, i, o); err != nil {
			return err
		}
	}
	return nil
}

// TellAlone tells of sessions that have ended where no browser is at hand: the apps that
// took part in them, and the providers that they came from, which may be nil. It reports
// whether somebody did not confirm, or could not be told.
func (h *Handler) TellAlone(ctx context.Context, pool userpool.PoolID, told []*idp.Participant, from []*idp.Upstream) (partial bool, err error) {
	stops, mute, err := h.Apps.Stops(ctx, pool, told)
	if err != nil {
		return false, err
	}
	for _, up := range from {
		if up == nil {
			continue
		}
		more, err := h.upstreamStop(ctx, pool, up)
		if err != nil {
			return false, err
		}
		stops = append(stops, more...)
	}
	partial = len(mute) > 0
	for _, o := range h.tell(ctx, pool, stops, true) {
		partial = partial || o != Confirmed
	}
	return partial, nil
}
