package userpool

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/netip"
	"time"

	"github.com/poolhouse/poolhouse/internal/ephemeral"
)

// The modes of a pool's threat protection.
const (
	ThreatsOff      = "OFF"
	ThreatsAudit    = "AUDIT"    // sign-ins are judged and written down
	ThreatsEnforced = "ENFORCED" // and what the risk configuration says is done
)

// What an EventChallenge is called.
const (
	eventPassword = "Password"
	eventMFA      = "Mfa"
)

// Risk watches sign-ins to pools that have threat protection on. A nil *Risk
// watches nothing.
type Risk struct {
	Store     Store
	Ephemeral ephemeral.Store
	Places    Locator  // nil where places are not known
	Breaches  Breaches // nil where no compromised passwords are known
	Logs      *Logbook
	Now       func() time.Time
	Log       *slog.Logger
}

// A Locator knows where addresses are.
type Locator interface {
	// Locate returns what is known of an address: nothing, if need be.
	Locate(ip netip.Addr) Place
}

// A Place is where an address is, as far as that is known.
type Place struct {
	Country     string  `json:",omitempty"` // ISO 3166-1 code
	CountryName string  `json:",omitempty"` // in English
	City        string  `json:",omitempty"` // in English
	Timezone    string  `json:",omitempty"` // IANA name
	Located     bool    `json:",omitempty"` // the next two are known
	Latitude    float64 `json:",omitempty"` // degrees
	Longitude   float64 `json:",omitempty"`
}

// Watched reports whether sign-ins to the pool are written down.
func (p *Pool) Watched() bool { return p.ThreatProtection != "" && p.ThreatProtection != ThreatsOff }

// threatMode is how sign-ins are protected; those that a function decides about may
// have a mode of their own.
func (p *Pool) threatMode(custom bool) string {
	if custom && p.CustomThreats != "" {
		return p.CustomThreats
	}
	return p.ThreatProtection
}

// checkThreats refuses protection that the pool's tier does not have, and that of
// custom sign-ins alone.
func (p *Pool) checkThreats() error {
	if p.CustomThreats != "" && !p.Watched() {
		return invalid("AdvancedSecurityAdditionalFlows needs AdvancedSecurityMode AUDIT or ENFORCED.")
	}
	if p.Watched() || p.log(LogSignIns) != nil {
		return p.requireTier(TierPlus, "Threat Protection")
	}
	return nil
}

func (r *Risk) watches(p *Pool) bool { return r != nil && p.Watched() }

// records reports whether sign-ins to the pool are told of: to those who ask, or to
// a log.
func (r *Risk) records(p *Pool) bool { return r.watches(p) || r != nil && p.log(LogSignIns) != nil }

// failed writes down that a sign-in failed at a challenge. u is nil for a user whom
// the pool does not know: there is nobody to write it down for.
func (r *Risk) failed(ctx context.Context, p *Pool, u *User, challenge string) {
	if u == nil || !r.records(p) {
		return
	}
	challenges := []EventChallenge{{challenge, false}}
	if challenge == eventMFA {
		challenges = []EventChallenge{{eventPassword, true}, {eventMFA, false}}
	}
	r.add(ctx, p, u, r.event(ctx, u, nil, challenges))
	if !r.watches(p) {
		return
	}
	if _, err := r.Ephemeral.Count(ctx, nsRiskFailures, riskKey(u), 1, failuresKept); err != nil {
		r.Log.ErrorContext(ctx, "failed sign-in was not counted", "pool", p.ID, "error", err)
	}
}

// event makes the event of a sign-in, which was judged or not.
func (r *Risk) event(ctx context.Context, u *User, j *judgement, challenges []EventChallenge) *Event {
	o := originOf(ctx)
	return &Event{Pool: u.Pool, Sub: u.Sub, ID: newEventID(), Type: "SignIn", Created: r.Now().UTC(),
		Challenges: challenges, IP: o.IP, Device: deviceName(o.UserAgent), Place: r.locate(o.address()), Risk: j.verdict(false)}
}

// add writes an event. That it could not be written is logged and does not change
// the outcome of the sign-in; it reports whether there is one.
func (r *Risk) add(ctx context.Context, p *Pool, u *User, e *Event) bool {
	r.Logs.signIn(ctx, p, u, e)
	if !r.watches(p) {
		return false
	}
	err := r.Store.AddEvent(ctx, e)
	if err != nil {
		r.Log.ErrorContext(ctx, "sign-in event was not written", "pool", e.Pool, "error", err)
	}
	return err == nil
}

// proved lists what a sign-in that got far enough to be judged has proved.
func proved(mfa bool) []EventChallenge {
	list := []EventChallenge{{eventPassword, true}}
	if mfa {
		list = append(list, EventChallenge{eventMFA, true})
	}
	return list
}

func newEventID() string {
	var id [16]byte
	rand.Read(id[:])
	return formatUUID(id)
}
