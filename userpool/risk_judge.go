package userpool

import (
	"context"
	"errors"
	"net/netip"
	"time"
)

// The levels of risk; empty for none.
const (
	riskLow    = "Low"
	riskMedium = "Medium"
	riskHigh   = "High"
)

// What each sign is worth. The sum is the level: 1 Low, 2 Medium, more High.
const (
	pointsDevice   = 1
	pointsFailures = 1
	pointsCountry  = 2
	pointsTravel   = 2
)

// manyFailures in failuresKept are a sign of guessing.
const (
	manyFailures = 5
	failuresKept = time.Hour
)

// nsRiskFailures counts the failures of a user, wherever they come from.
const nsRiskFailures = "risk-failures"

// A judgement is what is thought of one sign-in. A nil one is of a pool that does
// not ask: it does nothing.
type judgement struct {
	sub      string
	enforced bool
	config   *RiskConfiguration
	refused  bool // the network is one that is always refused
	skipped  bool // the network is one that is not judged
	level    string
	trace    trace
}

type judgementKey struct{}

// keep returns a context in which the same sign-in is not judged again.
func (j *judgement) keep(ctx context.Context) context.Context {
	return context.WithValue(ctx, judgementKey{}, j)
}

// judge judges a sign-in by where it comes from; custom says that a function decided
// about its first factor.
func (r *Risk) judge(ctx context.Context, p *Pool, c *Client, u *User, custom bool) (*judgement, error) {
	if !r.watches(p) {
		return nil, nil
	}
	if j, ok := ctx.Value(judgementKey{}).(*judgement); ok && j.sub == u.Sub {
		return j, nil
	}
	config, err := r.configuration(ctx, p, idOf(c))
	if err != nil {
		return nil, err
	}
	j := &judgement{sub: u.Sub, enforced: p.threatMode(custom) == ThreatsEnforced, config: config, trace: r.traceOf(originOf(ctx))}
	ip := originOf(ctx).address()
	if e := config.Exceptions; e != nil {
		j.refused = inRanges(e.Blocked, ip)
		j.skipped = !j.refused && inRanges(e.Skipped, ip)
	}
	if j.skipped {
		return j, nil
	}
	j.level, err = r.level(ctx, u, j.trace)
	return j, err
}

// configuration returns what is done about risks in sign-ins through a client. It is
// never nil.
func (r *Risk) configuration(ctx context.Context, p *Pool, client ClientID) (*RiskConfiguration, error) {
	if client != "" {
		own, err := r.Store.RiskConfiguration(ctx, p.ID, client)
		if !errors.Is(err, ErrNotFound) {
			return own, err
		}
	}
	c, err := r.Store.RiskConfiguration(ctx, p.ID, "")
	if errors.Is(err, ErrNotFound) {
		return new(RiskConfiguration), nil
	}
	return c, err
}

// level adds up the signs of a risk.
func (r *Risk) level(ctx context.Context, u *User, t trace) (string, error) {
	h, err := r.Store.Habits(ctx, u.Pool, u.Sub)
	if err != nil {
		return "", err
	}
	points := 0
	if strange(h.Devices, t.device) {
		points += pointsDevice
	}
	if t.place != nil && strange(h.Countries, t.place.Country) {
		points += pointsCountry
	}
	if h.impossible(t.place, r.Now()) {
		points += pointsTravel
	}
	// From a network of the user's own, failures of others do not count: a stranger
	// must not make an owner look like one.
	if t.network == "" || !hasSeen(h.Networks, t.network) {
		n, err := r.Ephemeral.Count(ctx, nsRiskFailures, riskKey(u), 0, failuresKept)
		if err != nil {
			return "", err
		}
		if n >= manyFailures {
			points += pointsFailures
		}
	}
	return [...]string{"", riskLow, riskMedium, riskHigh}[min(points, 3)], nil
}

func riskKey(u *User) string { return string(u.Pool) + "\x00" + u.Sub }

// traceOf is what an origin shows.
func (r *Risk) traceOf(o Origin) trace {
	ip := o.address()
	t := trace{device: deviceName(o.UserAgent)}
	if ip.IsValid() {
		t.network = nearby(ip)
	}
	t.place = r.locate(ip)
	return t
}

// locate finds the place of an address. It is nil where places are not known at all,
// and empty for an address that has none: that is no country of the user's.
func (r *Risk) locate(ip netip.Addr) *Place {
	if r == nil || r.Places == nil {
		return nil
	}
	if !ip.IsValid() {
		return new(Place)
	}
	p := r.Places.Locate(ip)
	return &p
}

// action is what the configuration says about the level; nil for nothing.
func (j *judgement) action() *RiskAction {
	if j.config.Takeover == nil {
		return nil
	}
	switch t := j.config.Takeover; j.level {
	case riskLow:
		return t.Low
	case riskMedium:
		return t.Medium
	case riskHigh:
		return t.High
	}
	return nil
}

// does is the action's name.
func (j *judgement) does() string {
	if a := j.action(); a != nil {
		return a.Action
	}
	return RiskNoAction
}

// blocks reports whether the sign-in is refused. able says that the user has a
// second factor, or has proved both already.
func (j *judgement) blocks(able bool) bool {
	return j != nil && j.enforced && (j.refused || j.does() == RiskBlock || j.does() == RiskMFARequired && !able)
}

// asks reports whether the sign-in takes a second factor of a user who has one.
func (j *judgement) asks() bool {
	return j != nil && j.enforced && (j.does() == RiskMFARequired || j.does() == RiskMFAIfConfigured)
}

// verdict is what an event says of the sign-in.
func (j *judgement) verdict(compromised bool) *EventRisk {
	if j == nil {
		return nil
	}
	v := &EventRisk{Decision: "NoRisk", Level: j.level, Compromised: compromised}
	switch {
	case j.refused || j.does() == RiskBlock:
		v.Decision = decisionBlock
	case j.level != "":
		v.Decision = "AccountTakeover"
	}
	return v
}

const decisionBlock = "Block"
